"""Who only looks reads a journal on a disk that takes nothing, also one that a killed run left."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.history.reports import Reports
from target_chakra.journal.journal import Journal
from tests.support.old_journals import write_journal_of_030

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65_534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may enter."""
    path = Path(tempfile.mkdtemp(prefix="chakra-read-only-"))
    path.chmod(0o755)
    yield path
    for each in (path, *(each for each in path.rglob("*") if each.is_dir())):
        each.chmod(0o700)
    shutil.rmtree(path)


def as_nobody(act: Callable[[], Any]) -> Any:
    """What a function answers to a user who may write nowhere; root may always write."""
    if os.geteuid() != 0:
        return act()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            answer = act()
        except BaseException as error:  # noqa: BLE001 - told to the test
            answer = f"{type(error).__name__}: {error}"
        os.write(theirs, json.dumps(answer).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as told:
        answer = json.load(told)
    os.waitpid(child, 0)
    return answer


def look(path: Path) -> Any:
    with closing(Reports(f"sqlite:///{path}")) as reports:
        holders = [(run.id, run.holder, run.under_way) for run in reports.runs()]
        return json.loads(json.dumps([holders, len(reports.rejects()), reports.in_flight()]))


def change(path: Path) -> None:
    with closing(Reports(f"sqlite:///{path}")) as reports:
        reports.resolve([1], "written")


def seal(path: Path) -> None:
    path.chmod(0o755)
    for each in path.iterdir():
        each.chmod(0o444)
    path.chmod(0o555)


@pytest.mark.parametrize("left", ["closed", "killed", "killed, no index", "of an older version"])
def test_a_journal_is_read_where_nothing_can_be_written(folder: Path, left: str) -> None:
    made, kept = folder / "made", folder / "kept"
    made.mkdir()
    path = made / "j.db"
    if left == "of an older version":
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            write_journal_of_030(connection)
        engine.dispose()
        expected: Any = [[[1, "pid 1 on here", False]], 3, 4]
    else:
        expected = [[[1, "pid 7 on here", False]], 0, 0]
        journal = Journal(f"sqlite:///{path}")
        journal.hold()
        journal.begin_run("acme", "pid 7 on here", 1)
        if left != "closed":
            shutil.copytree(made, kept)
        journal.close()
    if not kept.exists():
        shutil.copytree(made, kept)
    if left == "killed, no index":
        (kept / "j.db-shm").unlink()
    before = {each.name: each.read_bytes() for each in kept.iterdir()}
    seal(kept)
    assert as_nobody(lambda: look(kept / "j.db")) == expected
    told = as_nobody(lambda: refusal(kept / "j.db"))
    assert "can't be written" in told
    assert {each.name: each.read_bytes() for each in kept.iterdir()} == before


def refusal(path: Path) -> str:
    with pytest.raises(JournalError) as told:
        change(path)
    return str(told.value)
