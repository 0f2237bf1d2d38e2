"""A run that breaks off says what is so: what left is in flight, the rest was not sent.

Judged by the requests that the account took, and by the journal's tables.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.world import World
    from tests.support.in_process import Told

NEVER = 10**9
COLUMNS = {"lead_id": {}, "score": {}}
SCHEMA = {"type": "SCHEMA", "stream": "leads", "schema": {"properties": COLUMNS}}
OTHER = {"type": "SCHEMA", "stream": "other", "schema": {"properties": COLUMNS}}
ENDS: dict[str, Any] = {
    "a broken line": '{"type": "REC',
    "a stream without a mapping": OTHER,
    "an unknown type": {"type": "RECORDS"},
    "files of a BATCH that are not there": {
        "type": "BATCH",
        "stream": "leads",
        "encoding": {"format": "jsonl", "compression": "none"},
        "manifest": ["file:///nowhere/rows.jsonl"],
    },
}


def run(world: World, folder: Path, lines: list[Any], *words: str, **more: Any) -> Told:
    config = {
        "api_key": KEY,
        "journal": f"sqlite:///{folder}/journal.db",
        "streams": [{"stream": "leads", "procedure": "lead", "key": "lead_id"}],
        **more,
    }
    args = ["--config", written(folder, "config.json", config), *words]
    if not words:
        text = "".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines)
        args += ["--input", written(folder, "rows.singer", text)]
    return run_target(world, args, clock=FakeClock(chance=0.5))


def rows(count: int) -> list[Any]:
    made = [{"lead_id": f"N-{n}", "score": n} for n in range(count)]
    return [SCHEMA, *({"type": "RECORD", "stream": "leads", "record": row} for row in made)]


def receipt(told: Told) -> dict[str, Any]:
    lines = [line for line in told.stderr.splitlines() if line.startswith('{"run"')]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def outcomes(told: Told) -> dict[str, int]:
    return {name: count for name, count in receipt(told)["outcomes"].items() if count}


def alarms(told: Told) -> list[str]:
    """Lines of level WARNING or ERROR."""
    return [line for line in told.stderr.splitlines() if "WARNING" in line or "ERROR" in line]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_what_never_left_is_not_sent_and_what_left_is_in_flight(tmp_path: Path, end: Any) -> None:
    world = world_of(5, job_duration_ms=NEVER)
    told = run(world, tmp_path, [*rows(640), end])
    assert told.code == ExitCode.SETTINGS, told.stderr
    # The first batch of its kind has ten rows; no other may leave before it is proven.
    assert outcomes(told) == {"in flight": 10, "not sent": 630}
    assert receipt(told)["unknown"] == 0
    assert receipt(told)["in_flight"] == 10
    assert "10 rows are in flight; the next run with this journal follows them" in told.stderr
    assert "written or recorded" not in told.stderr
    listed = run(world, tmp_path, [], "unknown")
    assert listed.stdout == ""
    assert "10 in flight" in listed.stderr
    _, line = run(world, tmp_path, [], "runs").stdout.splitlines()
    assert re.split(r" {2,}", line.strip())[4] == "settings"
    assert line.endswith("  640  10 in flight, 630 not sent, 10 in flight now")


def test_the_next_run_follows_what_is_in_flight(tmp_path: Path) -> None:
    world = world_of(5, job_duration_ms=60_000)
    run(world, tmp_path, [*rows(640), ENDS["a broken line"]])
    done = run(world, tmp_path, rows(640))
    assert done.code == 0, done.stderr
    assert outcomes(done) == {"created": 630, "unchanged": 10}
    _, line, _ = run(world, tmp_path, [], "runs").stdout.splitlines()
    assert line.endswith("0 in flight now")


def test_nothing_is_in_flight_where_nothing_was_sent(tmp_path: Path) -> None:
    told = run(world_of(5), tmp_path, [SCHEMA, *rows(3)[1:], ENDS["a broken line"]])
    assert outcomes(told) == {"not sent": 3}
    (alarm,) = alarms(told)
    assert "Line 5 of the input is no Singer message" in alarm


def test_too_many_rejects_and_unknown_rows_are_one_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of(5)
    bad = [{"lead_id": f"B-{n}", "score": "many" if n % 3 else "none"} for n in range(30)]
    lines = [SCHEMA, *({"type": "RECORD", "stream": "leads", "record": row} for row in bad)]
    told = run(world, tmp_path, lines)
    assert told.code == ExitCode.REJECTS
    (alarm,) = alarms(told)
    assert "30 rows were rejected, and max_rejects allows 0" in alarm
    assert "(30 rows)" in alarm
    command = f"target-chakra --config {tmp_path}/config.json"
    assert f"{command} rejects --run 1." in alarm
    assert f"{command} retry." in alarm
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    (alarm,) = alarms(run(world, tmp_path, lines))
    assert "meltano invoke target-chakra:rejects --run 2." in alarm


def test_unknown_rows_are_one_line(tmp_path: Path) -> None:
    """Rows without a key whose answer is lost."""
    world = world_of(5, job_duration_ms=NEVER)
    told = run(world, tmp_path, rows(4), job_timeout=30)
    assert told.code == ExitCode.UNKNOWN, told.stderr
    alarm, *_ = [each for each in alarms(told) if "It is not known whether 4 rows" in each]
    assert "Most often: " in alarm
    assert "(4 rows)" in alarm
    assert f"target-chakra --config {tmp_path}/config.json unknown." in alarm


def test_a_run_without_an_end_is_told_from_one_under_way(tmp_path: Path) -> None:
    world = world_of(5, job_duration_ms=NEVER)
    run(world, tmp_path, [*rows(640), ENDS["a broken line"]])
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET receipt = NULL, exit_code = NULL, ended_ms = NULL")
        connection.execute(
            "INSERT INTO batches (run, account, procedure, kind, state, shape, size, intended_ms,"
            " actions, outcomes) SELECT 1, account, 'lead', 'update', 'settled', '', 3, 1,"
            ' CAST(\'[]\' AS BLOB), CAST(\'[[0,"updated","p",""],[1,"rejected","q","bad"],'
            '[2,"updated","r",""]]\' AS BLOB) FROM runs'
        )
        connection.execute(
            "INSERT INTO rejects (run, account, procedure, stream, line, reason, next_step, row)"
            " SELECT 1, account, 'lead', 'leads', 1, 'bad', '', CAST('{}' AS BLOB) FROM runs"
        )
    known = "2 updated, 1 rejected, 10 in flight now"
    _, line = run(world, tmp_path, [], "runs").stdout.splitlines()
    assert "  without a receipt  " in line
    assert line.endswith(f"  {known}")
    lock = sqlite3.connect(f"{path}.lock", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")  # as the run does
    _, line = run(world, tmp_path, [], "runs").stdout.splitlines()
    assert "  under way  " in line
    assert line.endswith(f"  {known}")
    (line,) = run(world, tmp_path, [], "runs", "--json").stdout.splitlines()
    said = json.loads(line)
    assert (said["under_way"], said["in_flight"]) == (True, 10)
    assert said["recorded"] == {"updated": 2, "rejected": 1}
    lock.close()
