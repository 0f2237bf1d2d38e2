"""What rows are compared with, and what happens when look-ups lag, lie, or see too little."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.target_process import (
    environment,
    living,
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
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = schema("scores", ["lead_id", "score"])


@pytest.fixture(autouse=True)
def quick_jobs(sandbox: Sandbox) -> None:
    sandbox.knobs(job_duration_ms=50)


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A small account, or one of another size."""
    with start_sandbox(getattr(request, "param", ["--rows", "300"])) as running:
        yield running


def config_of(sandbox: Sandbox, mapping: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {"stream": "scores", "procedure": "lead", **(mapping or {})}
    return settings(sandbox, streams=[given], **more)


def rows(keys: list[str], value: int) -> list[dict[str, Any]]:
    return [record("scores", lead_id=key, score=value + n) for n, key in enumerate(keys)]


def listed(sandbox: Sandbox) -> int:
    return sum(request["path"].endswith("/list") for request in sandbox.requests())


def test_compare_journal_asks_chakrahq_only_for_keys_that_it_does_not_know(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    keys = sorted(living(sandbox))[:30]
    config = config_of(sandbox, compare="journal")
    first = write(tmp_path, config, [COLUMNS, *rows(keys, 8000), state({"at": 1})])
    assert first.outcomes == {"updated": 30}
    sandbox.forget_requests()
    again = write(tmp_path, config, [COLUMNS, *rows(keys, 8000)])
    assert again.outcomes == {"unchanged": 30}
    assert writes(sandbox) == 0
    proof = listed(sandbox)
    assert proof <= 4  # of the look-ups, and of the unit of the account's times
    more = write(tmp_path, config, [COLUMNS, *rows([*keys, "N-1"], 8001)])
    assert more.outcomes == {"updated": 30, "created": 1}
    assert living(sandbox)[keys[0]]["data"]["score"] == 8001


def test_compare_never_sends_every_row_without_a_look(sandbox: Sandbox, tmp_path: Path) -> None:
    keys = sorted(living(sandbox))[:15]
    config = config_of(sandbox, {"mode": "update"}, compare="never")
    lines = [COLUMNS, *rows([*keys, "MISSING"], 8100)]
    told_ = write(tmp_path, {**config, "max_rejects": 1}, lines)
    assert told_.code == 0, told_.stderr
    assert told_.outcomes == {"updated": 15, "rejected": 1}
    assert living(sandbox)[keys[3]]["data"]["score"] == 8103


@pytest.mark.parametrize("mode", ["insert", "update"])
def test_what_is_only_read_is_rejected_though_nobody_looks(
    sandbox: Sandbox, tmp_path: Path, mode: str
) -> None:
    key = min(living(sandbox, "order"))
    mapping = {"procedure": "order", "mode": mode}
    config = config_of(sandbox, mapping, compare="never", max_rejects=1)
    lines = [schema("scores", ["order_id", "slot"])]
    row = (
        {"order_id": key, "slot": {"at": "noon"}} if mode == "update" else {"slot": {"at": "noon"}}
    )
    result = write(tmp_path, config, [*lines, record("scores", **row)])
    assert result.outcomes == {"rejected": 1}, result.stderr
    assert writes(sandbox) == 0


def test_a_then_b_then_a_ends_with_a_though_lists_lag(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.knobs(index_lag_ms=2500)
    key = min(living(sandbox))
    running = start(tmp_path, config_of(sandbox))
    assert running.stdin
    assert running.stdout
    running.stdin.write(json.dumps(COLUMNS) + "\n")
    for value in (1, 2, 1):
        lines = [record("scores", lead_id=key, score=value), state({"at": value})]
        running.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
        running.stdin.flush()
        assert json.loads(running.stdout.readline()) == {"at": value}
    stdout, stderr = running.communicate(timeout=60)
    ended = told(running.returncode, stdout, stderr)
    assert ended.code == 0, stderr
    assert living(sandbox)[key]["data"]["score"] == 1


def test_look_ups_that_bring_what_was_not_asked_for_stop_the_procedure(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    running = start(tmp_path, config_of(sandbox))
    assert running.stdin
    keys = sorted(living(sandbox))
    first = [COLUMNS, *rows(keys[:5], 8200), state({"at": 1})]
    running.stdin.write("".join(json.dumps(line) + "\n" for line in first))
    running.stdin.flush()
    assert running.stdout
    assert json.loads(running.stdout.readline()) == {"at": 1}
    sandbox.knobs(array_filter="ignored")
    before = writes(sandbox)
    for line in [*rows(["NEW-1", *keys[6:9]], 8300), state({"at": 2})]:
        running.stdin.write(json.dumps(line) + "\n")
    stdout, stderr = running.communicate(timeout=60)
    ended = told(running.returncode, stdout, stderr)
    assert ended.code == ExitCode.UNREACHABLE, stderr
    assert ended.states == []
    assert "not asked for" in stderr
    assert writes(sandbox) == before
    assert "NEW-1" not in living(sandbox)


def test_a_key_that_sees_too_little_never_doubles_a_row(sandbox: Sandbox, tmp_path: Path) -> None:
    keys = sorted(living(sandbox))[:40]
    config = {**config_of(sandbox, max_rejects=40), "api_key": "sandbox-user-key"}
    result = write(tmp_path, config, [COLUMNS, *rows(keys, 8400)])
    assert result.outcomes["rejected"] + result.outcomes.get("updated", 0) == 40
    assert "created" not in result.outcomes
    living(sandbox)


def test_what_the_journal_confirmed_is_never_created_again(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox, max_rejects=1)
    assert write(tmp_path, config, [COLUMNS, *rows(["G-1"], 1)]).outcomes == {"created": 1}
    process_id = living(sandbox)["G-1"]["id"]
    remove(sandbox, process_id)
    gone = write(tmp_path, config, [COLUMNS, *rows(["G-1"], 2)])
    assert gone.outcomes == {"rejected": 1}
    assert "G-1" not in living(sandbox)
    revived = write(tmp_path, config_of(sandbox, {"revive": True}), [COLUMNS, *rows(["G-1"], 2)])
    assert revived.outcomes == {"created": 1}


def remove(sandbox: Sandbox, process_id: str, procedure: str = "lead") -> None:
    """Somebody deletes a process in ChakraHQ."""
    from chakra_api.clock import SystemClock  # noqa: PLC0415 - needed here alone
    from chakra_api.connection import Connection, connect  # noqa: PLC0415 - the same
    from chakra_api.redaction import ApiKey  # noqa: PLC0415 - the same

    client = connect(Connection(ApiKey(sandbox.api_key), sandbox.url), SystemClock(), 1)
    client.delete_process(procedure, process_id)
    client.close()


@pytest.mark.parametrize("sandbox", [["--rows", "1200"]], indirect=True)
def test_a_clean_batch_costs_four_requests_besides_its_look_ups(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=2000)
    keys = sorted(living(sandbox))[:1010]
    result = write(tmp_path, config_of(sandbox), [COLUMNS, *rows(keys, 8600)])
    assert result.outcomes == {"updated": 1010}
    log = sandbox.requests()
    second = [n for n, request in enumerate(log) if request["method"] == "PATCH"][1]
    # The log cuts long bodies: this one is that of a thousand rows.
    assert len(str(log[second]["body"])) > 60_000
    after = [request for request in log[second:] if not request["path"].endswith("/list")]
    assert len(after) <= 4


def _small_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, 250_000))


def test_a_full_disk_stops_the_run_and_the_next_one_finishes_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config_of(sandbox)))
    keys = [f"X-{n}" for n in range(2000)]
    lines = [COLUMNS, *rows(keys, 0), state({"at": 1})]
    done = subprocess.run(
        [sys.executable, "-m", "target_chakra", "--config", "config.json"],
        cwd=tmp_path,
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(),
        preexec_fn=_small_files,
    )
    assert done.returncode == ExitCode.JOURNAL, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    again = write(tmp_path, config_of(sandbox), lines)
    assert again.code == 0, again.stderr
    assert again.states == [{"at": 1}]
    found = living(sandbox)
    assert [found[key]["data"]["score"] for key in keys] == list(range(2000))


def test_a_signal_while_a_lost_answer_is_read_back_ends_the_run(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(faults=[{"kind": "reset_before", "at": [1], "match": "PATCH"}])
    config = {**config_of(sandbox), "lost_answer_horizon": 300}
    keys = sorted(living(sandbox))[:3]
    lines = [COLUMNS, *rows(keys, 8500), state({"at": 1})]
    path = tmp_path / "rows.singer"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with start(tmp_path, config, "--input", str(path)) as running:
        wait_until(lambda: any(request["fault"] for request in sandbox.requests()))
        time.sleep(1)
        running.send_signal(signal.SIGTERM)
        began = time.monotonic()
        stdout, stderr = running.communicate(timeout=60)
        assert time.monotonic() - began < 10
    ended = told(running.returncode, stdout, stderr)
    assert ended.code == ExitCode.STOPPED
    assert ended.outcomes == {"in flight": 3}
    assert "3 rows are in flight; the next run with this journal follows them" in ended.stderr
    again = write(tmp_path, config_of(sandbox), [COLUMNS, *rows(keys, 8500), state({"at": 1})])
    assert again.code == 0, again.stderr
    assert again.outcomes == {"updated": 3}


@pytest.mark.parametrize("sandbox", [["--rows", "10", "--tickets", "0"]], indirect=True)
def test_an_emptied_procedure_gets_ten_rows_first_though_its_shapes_are_known(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """What is created first proves that creates can be looked up: nothing else is there."""
    sandbox.knobs(delete_mode="hard")
    config = config_of(sandbox, {"procedure": "ticket", "key": "ticket_id", "mode": "upsert"})
    columns = schema("scores", ["ticket_id", "subject"])
    tickets = [record("scores", ticket_id=n, subject="s") for n in range(61)]
    assert write(tmp_path, config, [columns, tickets[0]]).outcomes == {"created": 1}
    (made,) = [row for row in sandbox.oracle("ticket") if row.died_ms is None]
    remove(sandbox, made.id, "ticket")
    sandbox.forget_requests()
    told = write(tmp_path, config, [columns, *tickets[1:]])
    assert told.outcomes == {"created": 60}, told.stderr
    sent = [r["body"] for r in sandbox.requests() if r["path"].endswith("bulk-create")]
    assert [len(body) for body in sent] == [10, 50]
