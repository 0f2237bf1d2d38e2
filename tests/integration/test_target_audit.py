"""`target-chakra audit`: what a run wrote beside what is held now, after others were at work.

The others are runs with a journal of their own, and the test knows which rows they touched.
"""

from __future__ import annotations

import csv
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.target_process import (
    living,
    operate,
    record,
    schema,
    settings,
    start,
    wait_until,
    write,
    writes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.support.target_process import Told

    Row = dict[str, Any]

COLUMNS = ("lead_id", "score", "name", "gone")
ONE = pytest.mark.parametrize("sandbox", [["--rows", "300"]], indirect=True)


def configured(sandbox: Sandbox, **more: Any) -> Row:
    mapped = {"procedure": "lead", "key": "lead_id", "delete_when": "gone"}
    streams = [{"stream": "scores", **mapped}, {"stream": "others", **mapped}]
    return settings(sandbox, streams=streams, max_deletes=100, **more)


def sent(folder: Path, sandbox: Sandbox, stream: str, rows: list[Row]) -> Told:
    folder.mkdir(exist_ok=True)
    lines = [schema(stream, COLUMNS), *(record(stream, **row) for row in rows)]
    done = write(folder, configured(sandbox), lines)
    assert done.code == ExitCode.DONE, done.stderr
    return done


def page(done: Told) -> Row:
    (line,) = done.stdout.splitlines()
    found: Row = json.loads(line)
    return found


def counts(done: Told) -> dict[str, int]:
    return {name: count for name, count in page(done)["counts"].items() if count}


def prints(folder: Path) -> dict[str, str]:
    """Hashes of the files of a journal."""
    files = folder.glob("**/journal.db*")
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


@ONE
def test_what_others_changed_and_deleted_is_named_and_nothing_else(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    keys = sorted(living(sandbox))
    fresh = [f"NEW-{number}" for number in range(20)]
    rows = [{"lead_id": key, "score": 1000 + n} for n, key in enumerate(keys[:150] + fresh)]
    rows += [{"lead_id": key, "gone": True} for key in keys[150:160]]
    run = tmp_path / "ours"
    sent(run, sandbox, "scores", rows)
    changed = dict.fromkeys((*keys[:5], fresh[0]), 7)
    removed = [keys[20], keys[21], fresh[1]]
    others: list[Row] = [{"lead_id": key, "score": score} for key, score in changed.items()]
    others += [{"lead_id": key, "gone": True} for key in removed]
    others += [{"lead_id": keys[30], "name": "Elsewhere"}]  # no field of ours
    sent(tmp_path / "others", sandbox, "others", others)
    sent(run, sandbox, "others", [{"lead_id": key, "score": 8} for key in keys[40:44]])
    before, sandbox_writes = prints(run), writes(sandbox)
    done = operate(run, configured(sandbox), "audit", "--run", "1", "--json", "--results", "r.csv")
    assert done.code == ExitCode.DIFFERS, done.stderr
    assert counts(done) == {
        "kept": 180 - 6 - 3 - 4,
        "changed by others": 6,
        "gone": 3,
        "changed by a later run": 4,
    }
    assert page(done)["fields_changed_by_others"] == {"data.score": 6}
    with (run / "r.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    by_others = [row for row in found if row["verdict"] == "changed by others"]
    assert {(row["key"], row["field"], row["held"]) for row in by_others} == {
        (f"lead_id={key}", "data.score", "7") for key in changed
    }
    assert {row["written"] for row in by_others} == {"1000", "1001", "1002", "1003", "1004", "1150"}
    gone = {row["key"] for row in found if row["verdict"] == "gone"}
    assert gone == {f"lead_id={key}" for key in removed}
    assert prints(run) == before, "looking changed the journal"
    assert writes(sandbox) == sandbox_writes
    shown = operate(run, configured(sandbox), "audit", "--run", "1")
    assert "run 1: 180 processes were written" in shown.stdout
    assert f"changed by others: lead lead_id={keys[0]}" in shown.stdout
    assert "  data.score: written 1000, held 7" in shown.stdout
    assert "ChakraHQ does not hold all that was written." in shown.stdout


@ONE
def test_what_chakra_made_of_a_value_is_kept_and_of_two_writes_the_last_counts(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.knobs(normalise=["trim"], delete_mode="soft_listed")
    keys = sorted(living(sandbox))
    rows: list[Row] = [{"lead_id": key, "score": "12", "name": " Asha "} for key in keys[:20]]
    rows += [{"lead_id": key, "gone": True} for key in keys[20:22]]
    rows += [{"lead_id": keys[0], "score": 13}, {"lead_id": "NEW", "score": 1}]
    run = tmp_path / "ours"
    sent(run, sandbox, "scores", rows)
    config = configured(sandbox)
    kept = operate(run, config, "audit", "--run", "1", "--json")
    assert (kept.code, counts(kept)) == (ExitCode.DONE, {"kept": 23}), kept.stdout
    of_stream = operate(run, config, "audit", "--stream", "scores", "--json")
    assert (of_stream.code, counts(of_stream)) == (ExitCode.DONE, {"kept": 23}), of_stream.stdout


@ONE
def test_it_looks_while_a_run_holds_the_journal_and_says_so(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    keys = sorted(living(sandbox))
    run = tmp_path / "ours"
    sent(run, sandbox, "scores", [{"lead_id": key, "score": 5} for key in keys[:10]])
    config = configured(sandbox)
    child = start(run, config)
    assert child.stdin is not None
    child.stdin.write(f"{json.dumps(schema('scores', COLUMNS))}\n")
    child.stdin.flush()
    try:
        wait_until(lambda: "under way" in operate(run, config, "runs").stdout)
        done = operate(run, config, "audit", "--run", "1", "--json")
    finally:
        child.communicate("")
    assert "Run 2 is under way" in done.stderr
    assert (done.code, counts(done)) == (ExitCode.DONE, {"kept": 10})


@ONE
def test_what_can_not_be_audited_is_said_in_words(tmp_path: Path, sandbox: Sandbox) -> None:
    run = tmp_path / "ours"
    sent(run, sandbox, "scores", [{"lead_id": "NEW", "score": 5}])
    config = configured(sandbox)
    write(run, {**config, "dry_run": True}, [schema("scores", COLUMNS)])
    cases = [
        (("--run", "9"), ExitCode.SETTINGS, "There is no run 9"),
        (("--run", "2"), ExitCode.SETTINGS, "Run 2 wrote nothing on purpose (dry)"),
        (("--stream", "socres"), ExitCode.SETTINGS, "confirms nothing of the stream 'socres'"),
        ((), ExitCode.USAGE, "Say either --run NUMBER or --stream NAME"),
        (("--run", "1", "--stream", "scores"), ExitCode.USAGE, "Say either"),
    ]
    for args, code, said in cases:
        done = operate(run, config, "audit", *args)
        assert (done.code, said in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.stderr


TASKS = {
    "stream": "visits",
    "kind": "task",
    "procedure": "lead",
    "process": "lead_id",
    "task": "lead_follow_up",
    "once_by": "score",
    "fields": {"name": "data.remarks"},
}
PEOPLE = {"stream": "people", "kind": "user", "user": "lead_id", "fields": {"name": "firstName"}}


@ONE
def test_what_is_no_process_is_told_as_not_compared(tmp_path: Path, sandbox: Sandbox) -> None:
    keys = sorted(living(sandbox))
    config = configured(sandbox)
    config["streams"] = [*config["streams"], TASKS, PEOPLE]
    lines = [schema(stream, COLUMNS) for stream in ("scores", "visits", "people")]
    lines += [record("scores", lead_id=keys[0], score=5)]
    lines += [record("visits", lead_id=keys[0], score=n, name="seen") for n in range(2)]
    lines += [record("people", lead_id="asha.k", name="Ash")]
    done = write(tmp_path, config, lines)
    assert done.code == ExitCode.DONE, done.stderr
    shown = operate(tmp_path, config, "audit", "--run", "1")
    assert shown.code == ExitCode.DONE, shown.stderr
    assert "run 1: 1 process was written" in shown.stdout
    assert "Not compared, as no processes: 2 of kind task, 1 of kind user." in shown.stdout
    assert "ChakraHQ holds what was written" not in shown.stdout
    assert "ChakraHQ holds the processes as written." in shown.stdout
    told = page(operate(tmp_path, config, "audit", "--run", "1", "--json"))
    assert (told["processes"], told["not_compared"]) == (1, {"task": 2, "user": 1})
    of_stream = operate(tmp_path, config, "audit", "--stream", "scores", "--json")
    assert page(of_stream)["not_compared"] == {}
    for stream, said in (
        ("visits", "it made 2 of kind task, which audit does not compare"),
        ("people", "its rows are of kind user, which audit does not compare"),
    ):
        refused = operate(tmp_path, config, "audit", "--stream", stream)
        assert (refused.code, said in refused.stderr) == (ExitCode.SETTINGS, True), refused.stderr
        assert "wrong name" not in refused.stderr


@ONE
def test_a_journal_in_postgresql_tells_the_same(
    tmp_path: Path, sandbox: Sandbox, postgres: str
) -> None:
    config = configured(sandbox, journal=postgres)
    rows = [record("scores", lead_id=key, score=3) for key in sorted(living(sandbox))[:20]]
    done = write(tmp_path, config, [schema("scores", COLUMNS), *rows])
    assert done.code == ExitCode.DONE, done.stderr
    for args in (("--run", "1"), ("--stream", "scores")):
        found = operate(tmp_path, config, "audit", *args, "--json")
        assert (found.code, counts(found)) == (ExitCode.DONE, {"kept": 20}), found.stderr
