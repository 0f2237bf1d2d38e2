"""A journal in SQLite has one run at a time, whatever became of its lock or its file."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import JournalError
from target_chakra.batches import Batch
from target_chakra.changes import Kind
from target_chakra.journal.journal import Journal
from target_chakra.journal.records import RunKind
from target_chakra.lifecycle import BatchState
from target_chakra.moments import Moment

if TYPE_CHECKING:
    from pathlib import Path

TAKEN = r"Another run has taken the journal meanwhile \(run 2\)"

LATE = Batch(1, "lead", Kind.CREATE, (), BatchState.SENDING, sent=Moment(5, 7))
HELD = "held by another run: run 1, pid 1 on here"


def begun(path: Path) -> Journal:
    journal = Journal(f"sqlite:///{path}")
    journal.hold()
    journal.begin_run("acme", "pid 1 on here", 1)
    return journal


def refused(journal: Journal, match: str) -> None:
    """Neither stores it anything, nor may a request of it leave, on whichever thread."""
    with pytest.raises(JournalError, match=match):
        journal.found("lead", "shape", "flat")
    with pytest.raises(JournalError, match=match):
        journal.look()
    told: list[Exception] = []

    def leave() -> None:
        for step in (journal.look, partial(journal.leaves_late, LATE)):
            try:
                step()
            except JournalError as error:
                told.append(error)

    thread = Thread(target=leave)
    thread.start()
    thread.join()
    assert len(told) == 2


def test_batches_that_leave_late_are_stored_by_many_threads(tmp_path: Path) -> None:
    """Beside the journal's own thread, which writes all the time."""
    journal = begun(tmp_path / "j.db")
    batches = [journal.intend(replace(LATE, sent=Moment(1, 1)), 1) for _ in range(12)]
    late = [replace(batch, sent=Moment(2, 1000 + batch.id)) for batch in batches]
    threads = [Thread(target=journal.leaves_late, args=(batch,)) for batch in late]
    for thread in threads:
        thread.start()
    for number in range(20):
        journal.found("lead", f"name {number}", "flat")
    for thread in threads:
        thread.join()
    journal.close()
    with closing(sqlite3.connect(tmp_path / "j.db")) as connection:
        stored = connection.execute("SELECT sent_ms, sent_server_ms FROM batches ORDER BY id")
        assert stored.fetchall() == [(2, 1000 + batch.id) for batch in batches]


def test_a_run_whose_lock_was_deleted_is_fenced_by_the_next(tmp_path: Path) -> None:
    first = begun(tmp_path / "j.db")
    first.look()
    (tmp_path / "j.db.lock").unlink()
    first.found("lead", "shape", "flat")  # nobody else has taken it
    second = begun(tmp_path / "j.db")
    refused(first, TAKEN)
    second.look()
    second.found("lead", "shape", "nested")
    with pytest.raises(JournalError, match=TAKEN):
        first.end_run({}, 0, 2)
    first.close()
    second.end_run({}, 0, 2)
    second.close()


def test_a_run_that_ended_leaves_one_file_and_its_lock(tmp_path: Path) -> None:
    """A log stood beside it, so that who copied the journal's file alone copied a part of it."""
    journal = begun(tmp_path / "j.db")
    thread = Thread(target=journal.look)
    thread.start()
    thread.join()
    journal.found("lead", "shape", "flat")
    journal.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["j.db", "j.db.lock"]


def test_one_journal_by_two_paths_has_one_lock(tmp_path: Path) -> None:
    folder, link = tmp_path / "kept", tmp_path / "link.db"
    first = begun(folder / "j.db")
    link.symlink_to(folder / "j.db")
    (tmp_path / "by").symlink_to(folder)
    for path in (link, tmp_path / "by" / "j.db"):
        with (
            closing(Journal(f"sqlite:///{path}")) as second,
            pytest.raises(JournalError, match=HELD),
        ):
            second.hold()
    first.look()
    first.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["by", "kept", "link.db"]


def test_a_journal_with_a_second_name_is_refused(tmp_path: Path) -> None:
    begun(tmp_path / "j.db").close()
    (tmp_path / "k.db").hardlink_to(tmp_path / "j.db")
    for name in ("j.db", "k.db"):
        with pytest.raises(JournalError, match="has a second name"):
            Journal(f"sqlite:///{tmp_path / name}")


def test_a_journal_that_is_removed_or_replaced_stores_and_sends_nothing_more(
    tmp_path: Path,
) -> None:
    folder, away = tmp_path / "kept", tmp_path / "away"
    journal = begun(folder / "j.db")
    folder.rename(away)
    refused(journal, "was removed while this run wrote to it")
    shutil.copytree(away, folder)
    refused(journal, "was replaced by another while")
    shutil.rmtree(folder)
    away.rename(folder)
    journal.look()  # it is back
    journal.end_run({}, 0, 2)
    journal.close()


def test_a_dry_run_ends_nobody_elses(tmp_path: Path) -> None:
    first = begun(tmp_path / "j.db")
    (tmp_path / "j.db.lock").unlink()
    dry = Journal(f"sqlite:///{tmp_path / 'j.db'}")
    dry.hold()
    dry.begin_run("acme", "pid 2 on here", 1, RunKind.DRY)
    dry.end_run({}, 0, 2)
    dry.close()
    first.look()
    first.close()
