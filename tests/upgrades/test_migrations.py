"""Looking at an old journal leaves it alone; a migration that fails leaves it as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.target_process import operate, write, writes
from tests.upgrades.cases import ONWARD, PLACES, SANDBOX
from tests.upgrades.journals import versions
from tests.upgrades.kept import PostgresJournal, SqliteJournal
from tests.upgrades.played import LISTS, config_of, folder_of, listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.upgrades.kept import Journal

JOURNAL_ERROR = 10
"""The documented exit code."""
OLDEST, *_, LAST = versions("sqlite")


@dataclass(frozen=True)
class Damage:
    """What makes a migration fail after some of it is done.

    Attributes:
        done: In SQL.
        mended: The same, taken back.
    """

    done: tuple[str, ...]
    mended: tuple[str, ...]


DAMAGES = {
    "a view where a table should be": Damage(
        (
            "ALTER TABLE rejects RENAME TO set_aside",
            "CREATE VIEW rejects AS SELECT * FROM set_aside",
        ),
        ("DROP VIEW rejects", "ALTER TABLE set_aside RENAME TO rejects"),
    ),
    "the name of a new table is taken": Damage(
        ("CREATE INDEX arrivals ON runs (began_ms)",), ("DROP INDEX arrivals",)
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(SANDBOX) as running:
        running.knobs(job_duration_ms=50)
        yield running


@pytest.fixture(params=PLACES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    """A new place for a journal."""
    if request.param == "sqlite":
        return SqliteJournal(tmp_path)
    return PostgresJournal(request.getfixturevalue("postgres"), "journal")


def restored(journal: Journal, version: str, case: str) -> None:
    kept = folder_of(version, journal.place, case)
    journal.restore((kept / "journal.sql").read_text())


def change(journal: Journal, *statements: str) -> None:
    with journal.open() as ask:
        for statement in statements:
            ask(statement)


def counted(journal: Journal) -> dict[str, int]:
    """How many lines there are to list."""
    asked = {
        "runs": "SELECT count(*) FROM runs",
        "rejects": "SELECT count(*) FROM rejects",
        "unknown": "SELECT count(*) FROM unknowns WHERE resolved IS NULL",
    }
    with journal.open() as ask:
        return {name: ask(sql)[0][0] for name, sql in asked.items()}


@pytest.mark.parametrize("version", versions("sqlite"))
def test_looking_at_an_older_journal_shows_all_and_leaves_it_as_it_was(
    sandbox: Sandbox, tmp_path: Path, journal: Journal, version: str
) -> None:
    restored(journal, version, "unknown")
    before, expected = journal.dump(), counted(journal)
    assert min(expected.values()) > 0
    config = config_of(sandbox, journal)
    found = {command[0]: len(listed(tmp_path, config, *command)) for command in LISTS}
    assert found == expected
    assert journal.dump() == before


@pytest.mark.parametrize("command", [(), ("runs",)], ids=["a run", "a list"])
def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_was(
    sandbox: Sandbox, tmp_path: Path, journal: Journal, command: tuple[str, ...]
) -> None:
    restored(journal, LAST, "settled")
    change(journal, "UPDATE version SET number = 99")
    before, config = journal.dump(), config_of(sandbox, journal)
    told = operate(tmp_path, config, *command) if command else write(tmp_path, config, ONWARD)
    assert told.code == JOURNAL_ERROR, told.stderr
    assert re.search(r"version 99, which is newer than this connector's \d+", told.stderr)
    assert "Update chakra-connectors. Do not use another journal: messages" in told.stderr
    assert "Traceback" not in told.stderr
    assert journal.dump() == before


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_migration_that_fails_half_way_leaves_the_journal_as_it_was(
    sandbox: Sandbox, tmp_path: Path, journal: Journal, damage: Damage
) -> None:
    restored(journal, OLDEST, "settled")
    change(journal, *damage.done)
    before, sent = journal.dump(), writes(sandbox)
    config: dict[str, Any] = config_of(sandbox, journal)
    told = write(tmp_path, config, ONWARD)
    assert told.code == JOURNAL_ERROR, told.stderr
    assert "The journal" in told.stderr
    assert "failed: " in told.stderr
    assert "Traceback" not in told.stderr
    assert journal.dump() == before
    assert writes(sandbox) == sent
    change(journal, *damage.mended)
    mended = write(tmp_path, config, ONWARD)
    assert mended.code == 0, mended.stderr
    assert mended.states == [{"at": 3}]
