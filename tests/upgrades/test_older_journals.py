"""Journals that are older than the last version, and those in PostgreSQL: some of the courses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.upgrades.journals import courses, goes_on, versions
from tests.upgrades.kept import PostgresJournal, SqliteJournal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.upgrades.cases import Course

*OLDER, LAST = versions("sqlite")
OF_OLDER = {
    "sending: arrived",
    "submitted: jobs ended",
    "unknown: the user says before any run",
    "unsaid: repeats",
    "settled: a mirror misses a row",
    "settled: rejects are sent again",
}
IN_POSTGRES = {
    "intended: jobs ran on",
    "lost: never arrived",
    "submitted: jobs ended",
    "unknown: the user says before any run",
    "passing: STATE never came",
}
OLDER_IN_POSTGRES = {
    "submitted: jobs ended",
    "unsaid: repeats",
}
_OLD = [each for version in OLDER for each in courses(version, "sqlite", OF_OLDER)]
_POSTGRES = [
    *courses(LAST, "postgresql", IN_POSTGRES),
    *(each for old in OLDER for each in courses(old, "postgresql", OLDER_IN_POSTGRES)),
]


@pytest.mark.parametrize(("kept", "course"), _OLD)
def test_a_journal_of_an_older_version(tmp_path: Path, kept: Path, course: Course) -> None:
    goes_on(SqliteJournal(tmp_path), kept, course, tmp_path)


@pytest.mark.parametrize(("kept", "course"), _POSTGRES)
def test_a_journal_in_postgresql(tmp_path: Path, postgres: str, kept: Path, course: Course) -> None:
    goes_on(PostgresJournal(postgres, "journal"), kept, course, tmp_path)
