"""The journal keeps what is settled of a load until that is complete, and counts rejects once."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from target_chakra.batches import Batch
from target_chakra.changes import Action, Change, Key, Kind, Mode, Reject
from target_chakra.history.reports import Reports
from target_chakra.journal.journal import Journal
from target_chakra.journal.records import Entry
from target_chakra.journal_tables.migrations import MIGRATIONS
from target_chakra.lifecycle import BatchState
from target_chakra.line_ranges import LineRanges
from target_chakra.planning.keyless import twin_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOAD = "push/1"
ROW = Change(1, 7, "s", "lead", None, Mode.INSERT, False, {"data.name": "n"}, {"name": "n"})  # noqa: FBT003 - a record
BAD = Reject(replace(ROW, key=Key("lead", "lead_id", "L-1"), origin="push/1/s.a"), "bad", "mend")


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'journal.db'}"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(url(tmp_path))
    made.hold()
    begin(made)
    yield made
    made.close()


def begin(journal: Journal, load: str = LOAD) -> int:
    run = journal.begin_run("acme", "pid 1 on here", 1000)
    journal.serve(load)
    return run


def test_settled_lines_are_known_to_the_next_run_until_the_load_is_complete(
    journal: Journal,
) -> None:
    journal.mark(LOAD, {"s.a": LineRanges([(1, 4)]), "s.b": LineRanges([(2, 2)])})
    journal.mark(LOAD, {"s.a": LineRanges([(1, 4), (6, 9)])})
    begin(journal)
    found = journal.settled_lines(LOAD)
    assert {file: ranges.pairs for file, ranges in found.items()} == {
        "s.a": ((1, 4), (6, 9)),
        "s.b": ((2, 2),),
    }
    assert journal.settled_lines("push/2") == {}
    journal.begin_run("another", "pid 1 on here", 1000)
    assert journal.settled_lines(LOAD) == {}
    begin(journal)
    journal.close_load(LOAD)
    assert journal.settled_lines(LOAD) == {}


def test_a_row_that_is_rejected_again_is_one_reject(journal: Journal, tmp_path: Path) -> None:
    journal.record(Entry(1, rejects=(BAD,)))
    begin(journal)
    other = replace(BAD, change=replace(BAD.change, line=8))
    journal.record(Entry(1, rejects=(BAD, other)))
    reports = Reports(url(tmp_path))
    assert [each.line for each in reports.rejects()] == [7, 8]
    reports.close()


def test_a_load_fails_for_a_reject_but_once(journal: Journal, tmp_path: Path) -> None:
    journal.record(Entry(1, rejects=(BAD,)))
    assert journal.untold_rejects(LOAD) == 0, "those of the run itself are counted by itself"
    begin(journal, "push/2")
    assert journal.untold_rejects(LOAD) == 1
    assert journal.untold_rejects("push/2") == 0
    reports = Reports(url(tmp_path))
    assert reports.untold_rejects(LOAD) == 1
    begin(journal)
    journal.end_run({}, 7, 2000)
    begin(journal)
    assert journal.untold_rejects(LOAD) == 0
    assert reports.untold_rejects(LOAD) == 0
    reports.close()


def test_equal_rows_of_a_file_are_different_rows_and_the_same_when_it_comes_again() -> None:
    first, second = replace(ROW, origin="push/1/s.a"), replace(ROW, origin="push/1/s.a", line=8)
    other = replace(ROW, origin="push/1/s.b")
    assert len({twin_of(each) for each in (ROW, first, second, other)}) == 4
    assert twin_of(replace(first, seq=99)) == twin_of(first)
    assert twin_of(replace(ROW, line=8)) == twin_of(ROW)


def test_twins_of_a_complete_load_are_forgotten(journal: Journal) -> None:
    action = Action(ROW, Kind.CREATE, None, ROW.fields, {}, "hash")
    journal.intend(Batch(0, "lead", Kind.CREATE, (action,), BatchState.INTENDED), 1)
    begin(journal)
    assert journal.twins("s", ["hash"])
    journal.close_load(LOAD)
    assert journal.twins("s", ["hash"]) == {}


def test_settled_lines_of_loads_that_nobody_ran_lately_are_cleared(journal: Journal) -> None:
    journal.mark("push/0", {"s.a": LineRanges([(1, 4)])})
    journal.mark(LOAD, {"s.a": LineRanges([(1, 4)])})
    journal.clear(1000)
    assert journal.settled_lines("push/0") == {}
    assert journal.settled_lines(LOAD)
    journal.clear(2000)
    assert journal.settled_lines(LOAD) == {}


def test_a_journal_of_the_first_version_is_read_and_brought_to_this_one(tmp_path: Path) -> None:
    made = Journal(url(tmp_path))
    made.begin_run("acme", "pid 1 on here", 1000)
    made.record(Entry(1, rejects=(replace(BAD, change=replace(BAD.change, origin="")),)))
    made.close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("ALTER TABLE runs DROP COLUMN load")
        connection.execute("ALTER TABLE rejects DROP COLUMN origin")
        connection.execute("DROP TABLE arrivals")
        connection.execute("UPDATE version SET number = 1")
    reports = Reports(url(tmp_path))
    assert [run.load for run in reports.runs()] == [""]
    assert len(reports.rejects()) == 1
    reports.close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        assert connection.execute("SELECT number FROM version").fetchall() == [(1,)]
    again = Journal(url(tmp_path))
    begin(again)
    again.mark(LOAD, {"s.a": LineRanges([(1, 1)])})
    again.record(Entry(1, rejects=(BAD,)))
    again.close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        assert connection.execute("SELECT number FROM version").fetchall() == [(len(MIGRATIONS),)]
