"""What lies where a run would write is not changed, followed or filled unless it is the run's."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import ChakraError, JournalError, SettingsError
from target_chakra.books.rejects_file import RejectsFile
from target_chakra.journal.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65_534


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    """Nothing is taken from the modes that we give."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_journal(path: Path) -> None:
    with closing(Journal(f"sqlite:///{path}")) as journal:
        journal.hold()


def test_what_is_made_is_of_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "a" / ".target-chakra" / "default"
    with closing(Journal(f"sqlite:///{place}/j.db")) as journal:
        journal.hold()
        journal.found("lead", "shape", "flat")
        RejectsFile(tmp_path / "b" / "c" / "rejects.jsonl").close()
        made = {path: mode(path) for path in tmp_path.rglob("*")}
    folders = {path for path in made if path.is_dir()}
    assert len(folders) == 5
    assert {made[path] for path in folders} == {0o700}
    assert {path.name for path in made} >= {"j.db", "j.db-wal", "j.db-shm", "j.db.lock"}
    assert {made[path] for path in made if path.is_file()} == {0o600}


def test_an_old_journal_and_its_lock_are_taken_from_others(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    open_journal(path)
    for each in (path, tmp_path / "j.db.lock"):
        each.chmod(0o644)
    open_journal(path)
    assert (mode(path), mode(tmp_path / "j.db.lock")) == (0o600, 0o600)


@pytest.mark.parametrize("beside", ["-wal", "-shm", "-journal", ".lock"])
def test_a_link_beside_a_journal_is_not_followed(tmp_path: Path, beside: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    victim.chmod(0o644)
    (tmp_path / f"j.db{beside}").symlink_to(victim)
    with pytest.raises(JournalError, match="is a symbolic link"):
        open_journal(tmp_path / "j.db")
    assert (victim.read_text(), mode(victim)) == ("kept", 0o644)


def test_a_journal_that_is_a_link_leaves_the_mode_of_what_it_names(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("of somebody else, long enough to be read as a header")
    victim.chmod(0o644)
    (tmp_path / "j.db").symlink_to(victim)
    with pytest.raises(JournalError, match="not a database"):
        open_journal(tmp_path / "j.db")
    with pytest.raises(JournalError, match="not a database"):
        open_journal(victim)
    assert mode(victim) == 0o644
    # One on a volume, linked on purpose, is used where it is.
    (tmp_path / "link.db").symlink_to(tmp_path / "volume" / "j.db")
    open_journal(tmp_path / "link.db")
    open_journal(tmp_path / "volume" / "j.db")
    (tmp_path / "volume" / "j.db").chmod(0o640)
    open_journal(tmp_path / "link.db")
    assert mode(tmp_path / "volume" / "j.db") == 0o640


def test_a_link_that_anybody_may_have_made_is_not_followed(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o1777)
    (shared / "j.db").symlink_to(tmp_path / "elsewhere")
    if os.geteuid() == 0:
        os.lchown(shared / "j.db", NOBODY, NOBODY)
        with pytest.raises(JournalError, match="a symbolic link of another user"):
            open_journal(shared / "j.db")
        assert not (tmp_path / "elsewhere").exists()
    else:
        open_journal(shared / "j.db")  # it is this user's own


def test_rejects_are_not_appended_to_what_others_see(tmp_path: Path) -> None:
    victim = tmp_path / "victim.jsonl"
    victim.write_text("kept")
    link, pipe = tmp_path / "link.jsonl", tmp_path / "pipe"
    link.symlink_to(victim)
    os.mkfifo(pipe, 0o600)
    cases = {
        link: "it is a symbolic link",
        victim: r"can be read or written by others \(mode 0666\).*chmod 600",
        pipe: "is no regular file",
        Path("/dev/null"): "is no regular file",
        tmp_path: "Is a directory",
    }
    for path, match in cases.items():
        with pytest.raises(SettingsError, match=match):
            RejectsFile(path)
    assert (victim.read_text(), mode(victim)) == ("kept", 0o666)
    victim.chmod(0o600)
    RejectsFile(victim).close()
    if os.geteuid() == 0:
        os.chown(victim, NOBODY, NOBODY)
        with pytest.raises(SettingsError, match="belongs to another user"):
            RejectsFile(victim)


def test_a_folder_in_the_journals_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(ChakraError, match="is no regular file"):
        open_journal(tmp_path)
