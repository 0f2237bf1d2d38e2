"""Runs of the dlt destination as a whole: limits, mirrors, locks, signals, lost answers."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.dlt_loads import (
    NOTES,
    SCORES,
    Plan,
    Table,
    begin,
    end,
    held,
    journal_of,
    load,
    new,
    scores,
    settings,
)
from tests.support.target_process import living, operate, schema, start, write, writes

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """The account of this module, with quick jobs and nothing asked of it yet."""
    shared_sandbox.knobs(job_duration_ms=100, latency_ms=0, faults=[])
    shared_sandbox.forget_requests()
    return shared_sandbox


def other_folder(folder: Path) -> Path:
    """A working folder beside, that shares the journal."""
    other = folder / "other"
    if not other.exists():
        other.mkdir()
        (other / ".target-chakra").symlink_to(folder / ".target-chakra")
    return other


def wait_for_run(folder: Path) -> None:
    """Wait until a run holds the journal."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with sqlite3.connect(folder / ".target-chakra" / "journal.db") as connection:
                if connection.execute("SELECT count(*) FROM runs").fetchone()[0]:
                    return
        except sqlite3.OperationalError:
            pass
        time.sleep(0.05)
    raise AssertionError("no run began")


def wait_for_submit(sandbox: Sandbox) -> None:
    """Wait until a job is under way, and all that is known of it is on disk."""
    until = time.monotonic() + 60
    while not any("background-job" in r["path"] for r in sandbox.requests()):
        assert time.monotonic() < until
        time.sleep(0.05)


# Limits


def test_rejects_over_the_limit_fail_the_load_and_the_next_run_finishes_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    bad = [{"lead_id": f"BAD-{n}", "score": "many"} for n in range(3)]
    rows = [*scores(sandbox, 10), *bad]
    given = settings(sandbox, SCORES, max_rejects=2)
    told = load(tmp_path, Plan((Table("scores", rows),), given))
    assert "3 rows were rejected, and max_rejects allows 2" in told.error
    assert "target-chakra rejects" in told.error
    assert told.pending
    assert told.outcomes == {"updated": 10, "rejected": 3}
    assert operate(tmp_path, journal_of(tmp_path), "rejects").stdout.count("BAD-") >= 3
    finished = load(tmp_path, Plan((), given))
    assert (finished.error, finished.pending) == ("", False)
    assert [receipt["run"] for receipt in finished.receipts] == [1]


def test_rejects_that_are_mended_are_sent_again_by_the_tables_hints(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [{"name": "n", "score": "many"}, {"name": "m", "score": 1}]
    given = settings(sandbox, NOTES, max_rejects=1)
    assert load(tmp_path, Plan((Table("notes", rows, "append"),), given)).outcomes == {
        "created": 1,
        "rejected": 1,
    }
    mended = {**NOTES, "fields": {"name": "data.name"}}
    told = load(tmp_path, Plan((), settings(sandbox, mended), after="retry_rejects"))
    assert told.called["outcomes"]["created"] == 1, told.error
    assert load(tmp_path, Plan((), given, after="retry_rejects")).called["rows_in"] == 0


def test_too_great_a_share_of_rejects_stops_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [{"lead_id": f"BAD-{n}", "score": "many"} for n in range(1200)]
    given = settings(sandbox, SCORES, max_rejects=9999)
    told = load(tmp_path, Plan((Table("scores", rows),), given))
    assert "stop_at_reject_percent" in told.error
    assert writes(sandbox) == 0
    # What is on record does not count again: the next run gets further, and to the end.
    assert load(tmp_path, Plan((), given)).pending is False


def test_a_mirror_deletes_what_a_complete_load_no_longer_brings(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    foreign = min(living(sandbox))
    rows = new(6)
    keys = [row["lead_id"] for row in rows]
    mirror = {**SCORES, "mode": "mirror"}
    given = settings(sandbox, mirror, max_deletes=3, max_rejects=1)
    load(tmp_path, Plan((Table("scores", rows, "replace"),), given))
    # A row that is rejected came all the same.
    fewer = [*rows[:3], {**rows[3], "score": "many"}]
    told = load(tmp_path, Plan((Table("scores", fewer, "replace"),), given))
    assert told.outcomes == {"unchanged": 3, "rejected": 1}
    # What is sent again says nothing of the rest.
    assert load(tmp_path, Plan((), given, after="retry_rejects")).called["rows_in"] == 1
    few = load(tmp_path, Plan((), {**given, "max_deletes": 1}, after="mirror_commit"))
    assert "max_deletes" in few.error
    assert set(keys) <= living(sandbox).keys()
    done = load(tmp_path, Plan((), given, after="mirror_commit"))
    assert done.called["mirror_deletes"]["deleted"] == 2, done.error
    assert {*keys, foreign} & living(sandbox).keys() == {*keys[:4], foreign}


def test_a_mirror_deletes_nothing_by_a_load_that_is_not_the_whole(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = new(4)
    given = settings(sandbox, {**SCORES, "mode": "mirror"}, max_deletes=9)
    load(tmp_path, Plan((Table("scores", rows, "replace"),), given))
    merged = Plan((Table("scores", rows[:1], "merge"),), given, after="mirror_commit")
    assert "only the changes" in load(tmp_path, merged).error
    bad = [*rows[:1], {"lead_id": "B", "score": "many"}]
    load(tmp_path, Plan((Table("scores", bad, "replace"),), given))
    assert (
        "says nothing about deletes" in load(tmp_path, Plan((), given, after="mirror_commit")).error
    )
    assert held(sandbox, rows) == [row["score"] for row in rows]


def test_a_load_of_which_dlt_gave_a_file_up_says_nothing_about_deletes(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = new(4)
    given = settings(sandbox, {**SCORES, "mode": "mirror"}, max_deletes=9)
    load(tmp_path, Plan((Table("scores", rows, "replace"),), given))
    tables = (Table("scores", rows[:2], "replace"), Table("unmapped", rows[2:]))
    patient = {"LOAD__RAISE_ON_FAILED_JOBS": "false"}
    told = load(tmp_path, Plan(tables, given, patient, after="mirror_commit"))
    assert "has failed jobs" in told.error, told.output
    assert not told.pending
    refused = operate(tmp_path, {**given, **journal_of(tmp_path)}, "mirror-commit")
    assert refused.code == ExitCode.SETTINGS
    assert held(sandbox, rows) == [row["score"] for row in rows]


def rows_in(journal: Path) -> dict[str, int]:
    """How many rows each table has that has some."""
    with contextlib.closing(sqlite3.connect(journal)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        counts = {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in names.fetchall()
        }
    return {name: count for name, count in counts.items() if count}


def test_a_dry_run_writes_nothing_and_leaves_the_load_pending(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    bad = {"lead_id": "B", "score": "many"}
    rows = [*scores(sandbox, 5), bad]
    plan = Plan((Table("scores", rows),), settings(sandbox, SCORES, dry_run=True))
    # dlt would take the load for loaded, and drop its rows: refused before the first of them.
    lenient = load(tmp_path, replace(plan, environment={"LOAD__RAISE_ON_FAILED_JOBS": "false"}))
    assert "dlt would let go of" in lenient.error
    assert lenient.pending
    told = load(tmp_path, replace(plan, tables=()))
    assert "5 update, 1 reject" in told.error
    assert "the next run writes these rows, and not others" in told.error
    assert "pipeline.abort_packages()" in told.error
    assert told.pending
    shown = told.output  # without any logging set up
    assert shown.count("update lead_id=") == 5
    assert len(re.findall(r"^  data\.score: .* → ", shown, re.MULTILINE)) == 5
    assert re.search(r"^reject lead_id=B \(line \d\): score ", shown, re.MULTILINE), shown
    assert "Dry run: 0 creates, 5 updates, 0 deletes, 1 reject" in shown
    assert writes(sandbox) == 0
    assert rows_in(tmp_path / ".target-chakra" / "journal.db") == {
        "runs": 1,
        "version": 1,
        "fence": 1,
    }
    done = load(
        tmp_path, Plan((Table("scores", new(3)),), settings(sandbox, SCORES, max_rejects=1))
    )
    assert done.outcomes == {"updated": 5, "rejected": 1}


# What is one run


@pytest.mark.parametrize("workers", ["20", "1"])
def test_all_files_of_all_tables_are_one_run(
    sandbox: Sandbox, tmp_path: Path, workers: str
) -> None:
    rows = [*scores(sandbox, 60), *new(60)]
    notes = [{"name": "note", "score": n % 3} for n in range(50)]
    tables = (Table("scores", rows), Table("notes", notes, "append"))
    split = {"DATA_WRITER__FILE_MAX_ITEMS": "10", "DATA_WRITER__BUFFER_MAX_ITEMS": "10"}
    split["LOAD__WORKERS"] = workers
    told = load(tmp_path, Plan(tables, settings(sandbox, SCORES, NOTES), split))
    assert told.error == "", told.output
    (receipt,) = told.receipts
    assert receipt["streams"]["scores"]["outcomes"]["updated"] == 60
    assert receipt["streams"]["scores"]["outcomes"]["created"] == 60
    assert receipt["streams"]["notes"]["outcomes"]["created"] == 50
    assert receipt["load_complete"] is True


# Locks and signals


def test_a_load_names_the_run_that_holds_the_journal_before_its_first_look_up(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    holds = "the run that holds the journal"  # it asks for this and that as it begins
    config = settings(sandbox, SCORES, user_agent=holds, **journal_of(tmp_path))
    with start(tmp_path, config) as running:
        assert running.stdin
        running.stdin.write(json.dumps(schema("scores", ["lead_id"])) + "\n")
        running.stdin.flush()
        wait_for_run(tmp_path)
        plan = Plan((Table("scores", scores(sandbox, 2)),), settings(sandbox, SCORES))
        told = load(tmp_path, plan)
        assert "Transient" in told.output
        assert f"pid {running.pid}" in told.error
        assert told.pending
        assert [each for each in sandbox.requests() if each["user_agent"] != holds] == []
        running.communicate(timeout=60)
    assert load(tmp_path, Plan((), settings(sandbox, SCORES))).outcomes == {"updated": 2}
    assert any(each["user_agent"] != holds for each in sandbox.requests())


def test_a_load_holds_the_journal_from_its_first_row_to_its_end(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=1500)
    given = settings(sandbox, SCORES)
    plan = Plan((Table("scores", scores(sandbox, 5)),), given)
    running = begin(tmp_path, plan)
    wait_for_submit(sandbox)
    os.kill(running.pid, signal.SIGSTOP)
    target = write(tmp_path, {**given, **journal_of(tmp_path)}, [schema("scores", ["lead_id"])])
    assert target.code == ExitCode.JOURNAL
    assert "dlt pipeline 'push'" in target.stderr
    other = load(other_folder(tmp_path), replace(plan, name="other"))
    assert "held by another run" in other.error
    os.kill(running.pid, signal.SIGCONT)
    running.join(60)
    assert end(tmp_path, running).error == ""
    assert load(other_folder(tmp_path), Plan((), given, name="other")).outcomes == {"unchanged": 5}


def test_a_signal_ends_the_run_in_order_and_the_next_one_goes_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=1500)
    given, rows = settings(sandbox, SCORES, batch_size=20), scores(sandbox, 60)
    running = begin(tmp_path, Plan((Table("scores", rows),), given))
    wait_for_submit(sandbox)
    os.kill(running.pid, signal.SIGTERM)
    running.join(60)
    told = end(tmp_path, running)
    assert told.pending
    assert told.receipts[-1]["stopped"] is True, told.output
    assert sum(told.outcomes.values()) == told.receipts[-1]["rows_in"]
    again = load(tmp_path, Plan((), given))
    assert (again.error, again.pending) == ("", False)
    assert held(sandbox, rows) == [row["score"] for row in rows]


@pytest.mark.parametrize("kind", ["reset_after", "502_after", "truncate"])
def test_a_lost_answer_is_read_back_and_never_sent_again(
    sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    sandbox.knobs(faults=[{"kind": kind, "every_nth": 2, "match": "bulk-create|PATCH"}])
    rows = [*scores(sandbox, 40), *new(40)]
    plan = Plan((Table("scores", rows),), settings(sandbox, SCORES, batch_size=20))
    told = load(tmp_path, plan)
    assert told.error == "", told.output
    assert told.outcomes == {"created": 40, "updated": 40}
    assert held(sandbox, rows) == [row["score"] for row in rows]


def test_a_row_that_nobody_knows_of_keeps_the_load_pending_until_the_user_says(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(faults=[{"kind": "502_after", "at": [1], "match": "bulk-create"}])
    given = settings(sandbox, NOTES, job_timeout=2, lost_answer_horizon=1)
    rows = [{"name": "secret", "score": 1}] * 2
    before = len(sandbox.oracle())
    told = load(tmp_path, Plan((Table("notes", rows, "append"),), given))
    assert "2 have an unknown outcome" in told.error
    assert "target-chakra unknown" in told.error
    assert load(tmp_path, Plan((), given)).pending
    resolved = operate(tmp_path, journal_of(tmp_path), "unknown", "--as", "written", "1", "2")
    assert resolved.code == 0, resolved.stderr
    done = load(tmp_path, Plan((), given))
    assert (done.error, done.pending, done.outcomes) == ("", False, {"unchanged": 2})
    assert len(sandbox.oracle()) == before + 2
