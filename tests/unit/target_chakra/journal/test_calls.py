"""What earlier runs left open of their calls is settled as a run begins."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from target_chakra.changes import Change, Key, Mode
from target_chakra.history.reports import Reports
from target_chakra.journal.journal import Journal
from target_chakra.lifecycle import CallState
from target_chakra.moments import Moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCOPE = "task lead/CALL"
FREE = Moment(9_000, 9_000)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    made.hold()
    made.begin_run("acme", "here", 1_000)
    yield made
    made.close()


def intended(journal: Journal, value: str, kind: str = "task") -> int:
    """A call of an earlier run that is stored and not answered; its number."""
    key = Key(SCOPE, "once", value)
    change = Change(1, 1, "calls", SCOPE, key, Mode.INSERT, deletes=False, fields={}, row={})
    return journal.calls.intend(change, kind, 2_000)


def test_what_left_is_unknown_and_what_never_left_or_repeats_is_forgotten(
    journal: Journal, tmp_path: Path
) -> None:
    intended(journal, "never left")
    left, repeatable = intended(journal, "left"), intended(journal, "repeatable", "upload")
    made = intended(journal, "made")
    for number in (left, repeatable, made):
        journal.calls.leaves(number, 2_001)
    journal.calls.made(made, "task-1")
    journal.calls.recover(frozenset({"upload"}), FREE)
    known = journal.calls.known(SCOPE, ["never left", "left", "repeatable", "made"])
    assert {value: call.state for value, call in known.items()} == {
        "left": CallState.UNKNOWN,
        "made": CallState.MADE,
    }
    with closing(Reports(f"sqlite:///{tmp_path / 'journal.db'}")) as reports:
        assert [unknown.key for unknown in reports.unknowns()] == ["once=left"]


def test_where_nothing_is_open_nothing_is_written(journal: Journal, tmp_path: Path) -> None:
    number = intended(journal, "made")
    journal.calls.made(number, "task-1")
    with closing(sqlite3.connect(tmp_path / "journal.db")) as another:
        another.execute("BEGIN IMMEDIATE")
        # Fails where it would write: another writer is at work, and does not end.
        journal.calls.recover(frozenset(), FREE)
        another.rollback()
