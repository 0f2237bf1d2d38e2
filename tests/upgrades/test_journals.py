"""A later target goes on with the journal that the last version left, in each state and course."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.upgrades.journals import courses, goes_on, versions
from tests.upgrades.kept import SqliteJournal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.upgrades.cases import Course


@pytest.mark.parametrize(("kept", "course"), courses(versions("sqlite")[-1], "sqlite"))
def test_a_journal_of_the_last_version(tmp_path: Path, kept: Path, course: Course) -> None:
    goes_on(SqliteJournal(tmp_path), kept, course, tmp_path)
