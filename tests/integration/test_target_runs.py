"""Runs as a whole: round trips, mirrors, bad input, locks, signals, lost answers."""

from __future__ import annotations

import gzip
import json
import re
import signal
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support import tap_process
from tests.support.target_process import (
    living,
    operate,
    record,
    schema,
    settings,
    start,
    state,
    told,
    wait_until,
    write,
    writes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", [["--rows", "400"]], indirect=True)


@pytest.fixture(autouse=True)
def quick_jobs(sandbox: Sandbox) -> None:
    sandbox.knobs(job_duration_ms=100)


def config_of(sandbox: Sandbox, mapping: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {"stream": "scores", "procedure": "lead", **(mapping or {})}
    return settings(sandbox, streams=[given], **more)


def scores(sandbox: Sandbox, count: int, value: int = 9000) -> list[dict[str, Any]]:
    keys = sorted(living(sandbox))[:count]
    rows = [record("scores", lead_id=key, score=value + n) for n, key in enumerate(keys)]
    return [schema("scores", ["lead_id", "score"]), *rows, state({"at": value})]


@pytest.mark.parametrize("flat", [False, True], ids=["nested", "flattened"])
@pytest.mark.parametrize("procedure", ["lead", "ticket", "order"])
def test_a_round_trip_sends_nothing(
    sandbox: Sandbox, tmp_path: Path, procedure: str, *, flat: bool
) -> None:
    flattening = {"flattening_enabled": True, "flattening_max_depth": 1} if flat else {}
    base = {"api_key": sandbox.api_key, "api_url": sandbox.url, **flattening}
    output = tap_process.run(tmp_path, {**base, "procedures": [procedure]})
    lines = [x for x in output.lines if x.get("stream") in (None, f"process_{procedure}")]
    count = len(output.records[f"process_{procedure}"])
    assert count >= 20
    sandbox.forget_requests()
    result = write(tmp_path, settings(sandbox), lines)
    assert result.outcomes == {"unchanged": count}, result.stderr
    assert result.code == 0
    assert writes(sandbox) == 0
    assert result.states[-1] == output.states[-1]


def test_state_passes_before_the_input_ends(sandbox: Sandbox, tmp_path: Path) -> None:
    running = start(tmp_path, config_of(sandbox))
    assert running.stdin
    assert running.stdout
    for line in scores(sandbox, 5):
        running.stdin.write(json.dumps(line) + "\n")
    running.stdin.flush()
    assert json.loads(running.stdout.readline()) == {"at": 9000}
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 0, stderr


def test_a_mirror_deletes_what_a_whole_run_no_longer_brings(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    foreign = min(living(sandbox))
    columns = schema("scores", ["lead_id", "score"])
    rows = [record("scores", lead_id=f"M-{n}", score=n) for n in range(6)]
    config = config_of(sandbox, {"mode": "mirror"}, max_deletes=3)
    assert write(tmp_path, config, [columns, *rows]).outcomes == {"created": 6}
    assert write(tmp_path, config, [columns, *rows[:4]]).outcomes == {"unchanged": 4}
    # The end of the input proves nothing.
    assert {"M-4", "M-5"} <= set(living(sandbox))
    few = operate(tmp_path, {**config, "max_deletes": 1}, "mirror-commit")
    assert few.code == ExitCode.REJECTS
    assert {"M-4", "M-5"} <= set(living(sandbox))
    # The refused commit was a run of its own, and no mirror: the last one still counts.
    done = operate(tmp_path, config, "mirror-commit")
    assert done.code == 0, done.stderr
    assert not {"M-4", "M-5"} & set(living(sandbox))
    assert {"M-0", foreign} <= set(living(sandbox))


def test_a_mirror_heeds_activate_version_after_the_rows_only(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    columns = schema("scores", ["lead_id", "score"])
    rows = [{**record("scores", lead_id=f"V-{n}", score=n), "version": 1} for n in range(4)]
    activate = {"type": "ACTIVATE_VERSION", "stream": "scores", "version": 1}
    config = config_of(sandbox, {"mode": "mirror"}, max_deletes=9)
    write(tmp_path, config, [columns, *rows, activate])
    before_rows = {**activate, "version": 2}
    newer = [{**row, "version": 2} for row in rows[:3]]
    early = write(tmp_path, config, [columns, before_rows, *newer])
    assert "V-3" in living(sandbox)
    assert early.code == 0
    assert f"target-chakra --config {tmp_path}/config.json mirror-commit does" in early.stderr
    late = write(tmp_path, config, [columns, *newer, before_rows])
    assert late.code == 0, late.stderr
    assert "V-3" not in living(sandbox)
    assert late.receipt["mirror_deletes"]["deleted"] == 1


def test_a_mirror_refuses_a_stream_that_was_read_incrementally(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    columns = schema("scores", ["lead_id", "score"])
    bookmark = state({"bookmarks": {"scores": {"replication_key_value": "2026-01-01"}}})
    config = config_of(sandbox, {"mode": "mirror"}, max_deletes=9)
    write(tmp_path, config, [columns, record("scores", lead_id="B-1", score=1), bookmark])
    refused = operate(tmp_path, config, "mirror-commit")
    assert refused.code == ExitCode.SETTINGS
    assert "incrementally" in refused.stderr


def test_a_second_run_on_one_journal_is_told_who_holds_it(sandbox: Sandbox, tmp_path: Path) -> None:
    running = start(tmp_path, config_of(sandbox))
    assert running.stdin
    running.stdin.write(json.dumps(schema("scores", ["lead_id"])) + "\n")
    running.stdin.flush()
    journal = tmp_path / ".target-chakra" / "journal.db"
    wait_until(lambda: _has_run(journal))
    second = write(tmp_path, config_of(sandbox), scores(sandbox, 2))
    assert second.code == ExitCode.JOURNAL
    assert f"pid {running.pid}" in second.stderr
    assert "under way" in operate(tmp_path, config_of(sandbox), "runs").stdout
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert write(tmp_path, config_of(sandbox), scores(sandbox, 2)).code == 0


def _has_run(journal: Path) -> bool:
    try:
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as connection:
            return bool(connection.execute("SELECT count(*) FROM runs").fetchone()[0])
    except sqlite3.OperationalError:
        return False


def test_the_journal_is_readable_by_its_owner_only_and_holds_no_key(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    write(tmp_path, config_of(sandbox), scores(sandbox, 3))
    files = list((tmp_path / ".target-chakra").iterdir())
    assert files
    for path in files:
        assert path.stat().st_mode & 0o077 == 0, path
        assert sandbox.api_key.encode() not in path.read_bytes()


def test_a_signal_ends_the_run_in_order_and_the_next_one_goes_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=3000)
    lines = scores(sandbox, 60)
    running = start(tmp_path, config_of(sandbox, batch_size=20))
    assert running.stdin
    for line in lines:
        running.stdin.write(json.dumps(line) + "\n")
    running.stdin.flush()
    wait_until(lambda: any(r["method"] == "PATCH" for r in sandbox.requests()))
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    stdout, stderr = running.communicate(timeout=60)
    assert time.monotonic() - began < 30
    ended = told(running.returncode, stdout, stderr)
    assert ended.code == ExitCode.STOPPED, stderr
    assert ended.states == []
    assert sum(ended.outcomes.values()) == ended.receipt["rows_in"]
    noticed = re.search(r"Stopped by signal 15: takes no more rows; waits for (\d+) job", stderr)
    assert noticed, stderr
    assert int(noticed[1]) > 0
    not_sent = ended.outcomes.get("not sent", 0)
    assert f"Stopped: {not_sent} rows were not sent" in stderr, stderr
    assert "run it again to go on" in stderr
    assert stderr.count("Stopped") == 2
    again = write(tmp_path, config_of(sandbox), lines)
    assert again.code == 0, again.stderr
    assert again.states == [{"at": 9000}]
    values = [row["data"].get("score") for _, row in sorted(living(sandbox).items())][:60]
    assert values == [9000 + n for n in range(60)]


@pytest.mark.parametrize("kind", ["reset_after", "502_after", "truncate"])
def test_a_lost_answer_is_read_back_and_never_sent_again(
    sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    match = "bulk-create|PATCH"
    sandbox.knobs(faults=[{"kind": kind, "every_nth": 2, "match": match}])
    lines = scores(sandbox, 40)
    lines[-1:-1] = [record("scores", lead_id=f"LOST-{n}", score=n) for n in range(40)]
    result = write(tmp_path, config_of(sandbox, batch_size=20), lines)
    assert result.code == 0, result.stderr
    assert result.outcomes == {"created": 40, "updated": 40}
    sent = [r for r in sandbox.requests() if r["method"] == "PATCH" or "bulk-create" in r["path"]]
    items = [
        json.dumps(item, sort_keys=True)
        for r in sent
        for item in (r["body"]["processes"] if isinstance(r["body"], dict) else r["body"])
    ]
    assert len(items) == len(set(items)) == 80
    living(sandbox)


@pytest.mark.parametrize("kind", ["reset_before", "502", "html"])
def test_a_submit_that_never_arrived_is_sent_again_past_the_horizon(
    sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    sandbox.knobs(faults=[{"kind": kind, "at": [1], "match": "PATCH"}])
    result = write(tmp_path, {**config_of(sandbox), "lost_answer_horizon": 2}, scores(sandbox, 5))
    assert result.code == 0, result.stderr
    assert result.outcomes == {"updated": 5}


@pytest.mark.parametrize("bulk", ["auto", "never"])
def test_a_server_that_takes_no_write_at_all_ends_the_run(
    sandbox: Sandbox, tmp_path: Path, bulk: str
) -> None:
    """Each batch is known not to have been taken, and is sent again: until job_timeout."""
    method = "PATCH" if bulk == "auto" else "PUT"
    sandbox.knobs(faults=[{"kind": "502", "every_nth": 1, "match": method}])
    config = {**config_of(sandbox), "bulk": bulk, "lost_answer_horizon": 1}
    result = write(tmp_path, {**config, "job_timeout": 4}, scores(sandbox, 3))
    assert result.code == ExitCode.UNREACHABLE, result.stderr
    assert "ChakraHQ has taken no write for 4 s (job_timeout)" in result.stderr
    assert result.outcomes.keys() <= {"not sent", "in flight"}
    assert (sum(result.outcomes.values()), result.states) == (3, [])
    sandbox.knobs(faults=[])
    again = write(tmp_path, config, scores(sandbox, 3))
    assert (again.code, again.outcomes) == (0, {"updated": 3})


def test_rows_without_a_key_stay_unknown_until_the_user_says(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(faults=[{"kind": "502", "at": [1], "match": "bulk-create"}])
    config = config_of(sandbox, {"mode": "insert"})
    lines = [schema("scores", ["name"]), record("scores", name="Ghost"), state({"at": 1})]
    before = len(sandbox.oracle())
    lost = write(tmp_path, config, lines)
    assert (lost.code, lost.outcomes, lost.states) == (ExitCode.UNKNOWN, {"unknown": 1}, [])
    again = write(tmp_path, config, lines)
    assert (again.code, again.outcomes) == (ExitCode.UNKNOWN, {"unknown": 1})
    assert len(sandbox.oracle()) == before
    assert "Ghost" not in operate(tmp_path, config, "unknown").stderr
    early = operate(tmp_path, config, "unknown", "--as", "not-written", "1")
    assert early.code == ExitCode.SETTINGS
    assert "may still write" in early.stderr
    assert operate(tmp_path, config, "unknown", "--as", "not-written", "--now", "1").code == 0
    done = write(tmp_path, config, lines)
    assert (done.code, done.outcomes) == (0, {"created": 1})
    assert len(sandbox.oracle()) == before + 1


BAD = {
    "broken JSON": (['{"type": "RECORD", "stre'], "Line 1"),
    "no Singer message": (["[1, 2]"], "Line 1"),
    "a row before its SCHEMA": ([record("scores", lead_id="X")], "SCHEMA"),
    "a stream without a mapping": ([schema("other", ["lead_id"])], "mapping"),
    "a record that is none": (
        [schema("scores", ["lead_id"]), {"type": "RECORD", "stream": "scores"}],
        "Line 2",
    ),
    "a SCHEMA without columns": (
        [{"type": "SCHEMA", "stream": "scores", "schema": {"type": "object"}}],
        "Line 1",
    ),
    "a SCHEMA of nothing": ([{"type": "SCHEMA", "stream": "scores", "schema": 5}], "Line 1"),
    "no key column": ([schema("scores", ["score"])], "key"),
}


@pytest.mark.parametrize(("lines", "word"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_named_with_the_next_step(
    sandbox: Sandbox, tmp_path: Path, lines: list[Any], word: str
) -> None:
    result = write(tmp_path, config_of(sandbox), lines)
    assert result.code == ExitCode.SETTINGS
    assert word.lower() in result.stderr.lower()
    assert "Traceback" not in result.stderr


MAPPINGS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown procedure": ({"procedure": "leed"}, "lead"),
    "unknown column": ({"fields": {"nope": "data.score"}}, "nope"),
    "unknown attribute": ({"fields": {"lead_id": "lead_id", "score": "data.nope"}}, "nope"),
    "derived attribute": (
        {"fields": {"lead_id": "lead_id", "score": "lead_priority"}},
        "lead_priority",
    ),
    "unknown mode": ({"mode": "replace"}, "replace"),
    "unknown option": ({"keys": "lead_id"}, "keys"),
}


@pytest.mark.parametrize(("mapping", "word"), MAPPINGS.values(), ids=MAPPINGS.keys())
def test_a_bad_mapping_is_named_with_the_next_step(
    sandbox: Sandbox, tmp_path: Path, mapping: dict[str, Any], word: str
) -> None:
    result = write(tmp_path, config_of(sandbox, mapping), scores(sandbox, 1))
    assert result.code == ExitCode.SETTINGS
    assert word in result.stderr
    assert "Traceback" not in result.stderr
    assert writes(sandbox) == 0


def test_a_key_that_may_not_write_stops_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    config = {**config_of(sandbox), "api_key": "sandbox-readonly-key"}
    result = write(tmp_path, config, scores(sandbox, 3))
    assert result.code == ExitCode.NO_ACCESS, result.stderr
    assert result.outcomes == {"not sent": 3}
    assert result.states == []


def test_rows_before_a_broken_line_are_written_and_recorded(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    lines = [*scores(sandbox, 3), '{"type": "REC']
    result = write(tmp_path, config_of(sandbox), lines)
    assert result.code == ExitCode.SETTINGS
    total = sum(result.outcomes.values())
    assert total == result.receipt["rows_in"] == 3
    done = result.outcomes.get("updated", 0)
    assert result.states == ([{"at": 9000}] if done == 3 else [])


def test_rows_of_a_batch_message_are_written(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    with gzip.open(path, "wt") as out:
        for n in range(5):
            out.write(json.dumps({"lead_id": f"F-{n}", "score": n}) + "\n")
    encoding = {"format": "jsonl", "compression": "gzip"}
    batch = {"type": "BATCH", "stream": "scores", "encoding": encoding}
    lines = [schema("scores", ["lead_id", "score"]), {**batch, "manifest": [f"file://{path}"]}]
    result = write(tmp_path, config_of(sandbox), [*lines, state({"at": 1})])
    assert (result.outcomes, result.states) == ({"created": 5}, [{"at": 1}])


def test_a_reader_of_state_that_has_ended_ends_the_run_in_order(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with start(tmp_path, config_of(sandbox)) as running:
        assert running.stdin
        assert running.stdout
        running.stdout.close()
        for line in scores(sandbox, 5):
            running.stdin.write(json.dumps(line) + "\n")
        running.stdin.close()
        assert running.stderr
        said = running.stderr.read()
        assert running.wait(timeout=60) == ExitCode.STOPPED, said
    assert "Traceback" not in said
    assert write(tmp_path, config_of(sandbox), scores(sandbox, 5)).outcomes == {"unchanged": 5}


def test_a_newer_journal_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    write(tmp_path, config_of(sandbox), scores(sandbox, 1))
    with sqlite3.connect(tmp_path / ".target-chakra" / "journal.db") as connection:
        connection.execute("UPDATE version SET number = 99")
    result = write(tmp_path, config_of(sandbox), scores(sandbox, 1))
    assert result.code == ExitCode.JOURNAL
    assert "newer" in result.stderr


def test_a_journal_of_another_account_means_nothing_here(sandbox: Sandbox, tmp_path: Path) -> None:
    write(tmp_path, config_of(sandbox), scores(sandbox, 3))
    with sqlite3.connect(tmp_path / ".target-chakra" / "journal.db") as connection:
        connection.execute("UPDATE confirmed SET account = 'another'")
        connection.execute("UPDATE findings SET account = 'another'")
        connection.execute("UPDATE batches SET account = 'another', state = 'sending'")
    result = write(tmp_path, config_of(sandbox), scores(sandbox, 3))
    assert result.outcomes == {"unchanged": 3}


@pytest.mark.parametrize("name", ["plan_path", "rejects_path"])
def test_a_run_whose_file_is_refused_never_began(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    """A file that is somebody's, in the place of a plan or of rejects: no line says "killed"."""
    (tmp_path / "mine.txt").write_text("what somebody wrote")
    (tmp_path / "mine.txt").chmod(0o644)
    streams = [{"stream": "scores", "procedure": "lead", "key": "lead_id"}]
    config = settings(sandbox, streams=streams, **{name: str(tmp_path / "mine.txt")})
    told = write(tmp_path, config, [schema("scores", ["lead_id", "score"])])
    assert told.code == 3, told.stderr
    listed = operate(tmp_path, config, "runs")
    assert "No runs yet." in listed.stderr, listed.stdout
    assert (tmp_path / "mine.txt").read_text() == "what somebody wrote"
