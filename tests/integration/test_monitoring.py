"""Receipt, metrics and notice of real runs: what they say, and what is never in them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.prometheus import Sample, parsed
from tests.support.tap_process import run as run_tap
from tests.support.target_process import (
    environment,
    operate,
    record,
    schema,
    settings,
    start,
    write,
)
from tests.support.webhook import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

STREAMS = [{"stream": "scores", "procedure": "lead", "key": "lead_id"}]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def told_of(folder: Path, receiver: Receiver) -> dict[str, Any]:
    """The settings that ask for all three."""
    return {
        "receipt_path": str(folder / "receipt.json"),
        "metrics_path": str(folder / "lead_scores.prom"),
        "notify_url": receiver.url,
    }


def receipt_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "receipt.json").read_text())
    return found


def metrics_of(folder: Path) -> list[Sample]:
    return parsed((folder / "lead_scores.prom").read_text())


def value_of(folder: Path, name: str, **labels: str) -> float | None:
    wanted = {"pipeline": "lead_scores", **labels}
    found = [
        each.value
        for each in metrics_of(folder)
        if each.name == name and wanted.items() <= each.labels.items()
    ]
    assert len(found) <= 1, found
    return found[0] if found else None


def messages(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    columns = ["lead_id", "name", "phone", "city", "email", "score"]
    return [schema("scores", columns), *(record("scores", **row) for row in rows)]


GOOD = {"lead_id": "MON-1", "score": 3}
BAD = {"lead_id": "MON-secret-key-2", "score": "eleventy-and-more"}


def test_a_run_with_rejects_is_told_to_all_three(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = settings(shared_sandbox, streams=STREAMS, **told_of(tmp_path, receiver))
    told = write(tmp_path, config, messages(GOOD, BAD))
    assert told.code == 7, told.stderr
    receipt = receipt_of(tmp_path)
    assert (receipt["exit_code"], receipt["outcome"], receipt["kind"]) == (7, "rejects", "run")
    assert receipt["outcomes"]["created"] == receipt["outcomes"]["rejected"] == 1
    assert receipt["rejects_by_reason"] == [{"reason": "a value does not fit: score", "rows": 1}]
    assert receipt["next_command"].endswith("rejects --run 1")
    assert value_of(tmp_path, "chakra_target_run_exit_code") == 7
    created = {"stream": "scores", "outcome": "created"}
    assert value_of(tmp_path, "chakra_target_run_rows", **created) == 1
    assert value_of(tmp_path, "chakra_target_run_rejects") == 1
    assert value_of(tmp_path, "chakra_target_last_success_timestamp_seconds") is None
    (notice,) = receiver.got
    assert "rejects (exit code 7)" in notice["text"]
    assert "2 rows in: 1 created, 1 rejected." in notice["text"]
    assert "Rejected most often: a value does not fit: score (1 row)." in notice["text"]
    assert notice["text"].endswith("rejects --run 1")
    assert notice["exit_code"] == 7
    mode = {name: (tmp_path / name).stat().st_mode & 0o777 for name in os.listdir(tmp_path)}  # noqa: PTH208 - names
    assert (mode["receipt.json"], mode["lead_scores.prom"]) == (0o600, 0o644)
    assert not [name for name in mode if name.endswith(".part")]


def test_a_run_that_ends_well_sends_no_notice_unless_each_is_wanted(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = settings(shared_sandbox, streams=STREAMS, **told_of(tmp_path, receiver))
    before = time.time()
    assert write(tmp_path, config, messages(GOOD)).code == 0
    success = value_of(tmp_path, "chakra_target_last_success_timestamp_seconds")
    assert success is not None
    assert before <= success <= time.time()
    assert receiver.got == []
    assert write(tmp_path, {**config, "notify_when": "always"}, messages(GOOD)).code == 0
    (notice,) = receiver.got
    assert "done (exit code 0)" in notice["text"]


def test_a_run_that_never_began_is_told_of_and_the_last_success_stays(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = settings(shared_sandbox, streams=STREAMS, **told_of(tmp_path, receiver))
    assert write(tmp_path, config, messages(GOOD)).code == 0
    success = value_of(tmp_path, "chakra_target_last_success_timestamp_seconds")
    told = write(tmp_path, {**config, "api_key": "no-key-that-is-known"}, messages(GOOD))
    assert told.code == 4
    assert receipt_of(tmp_path)["outcome"] == "no access"
    assert value_of(tmp_path, "chakra_target_run_exit_code") == 4
    assert value_of(tmp_path, "chakra_target_last_success_timestamp_seconds") == success
    assert "no access (exit code 4, 401)" in receiver.got[0]["text"]
    nowhere = {**config, "api_url": "http://127.0.0.1:9", "request_timeout": 1}
    told = write(tmp_path, {**nowhere, "batch_size": 0}, messages(GOOD))
    assert told.code == 3, "a setting that means nothing"
    assert receipt_of(tmp_path)["exit_code"] == 3
    assert len(receiver.got) == 2


def test_what_an_operator_runs_is_told_of_as_that_and_is_no_success_of_the_pipeline(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = settings(shared_sandbox, streams=STREAMS, **told_of(tmp_path, receiver))
    write(tmp_path, config, messages(GOOD, BAD))
    mended = {**config, "notify_when": "always", "streams": [{**STREAMS[0], "fields": {}}]}
    mended["streams"][0]["fields"] = {"lead_id": "data.lead_id"}
    assert operate(tmp_path, mended, "retry").code == 0
    assert receipt_of(tmp_path)["kind"] == "retry"
    assert value_of(tmp_path, "chakra_target_run_exit_code", kind="retry") == 0
    assert value_of(tmp_path, "chakra_target_last_success_timestamp_seconds") is None
    assert receiver.got[-1]["text"].startswith("target-chakra retry (")


def test_nobody_is_told_of_a_dry_run_and_it_says_so(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    more = {**told_of(tmp_path, receiver), "dry_run": True}
    told = write(tmp_path, settings(shared_sandbox, streams=STREAMS, **more), messages(BAD))
    assert told.code == 7
    assert "nothing is reported (receipt_path, metrics_path, notify_url)" in told.stderr
    assert receiver.got == []
    assert not (tmp_path / "receipt.json").exists()


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (404, "its receiver answered 404"),
        (302, "its receiver answered 302, a redirect, which is not followed"),
    ],
)
def test_a_notice_that_does_not_arrive_is_a_warning_without_the_address(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver, status: int, why: str
) -> None:
    receiver.status = status
    config = settings(shared_sandbox, streams=STREAMS, **told_of(tmp_path, receiver))
    told = write(tmp_path, {**config, "notify_when": "always"}, messages(GOOD))
    assert told.code == 0
    assert f"The notice of this run did not arrive: {why} (notify_url)" in told.stderr
    assert "SECRET-PATH" not in told.stderr
    assert len(receiver.asked) == 1


def test_a_receiver_that_is_not_there_or_says_nothing_ends_no_run(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = settings(shared_sandbox, streams=STREAMS, notify_when="always")
    gone = write(tmp_path, {**config, "notify_url": "http://127.0.0.1:9/x"}, messages(GOOD))
    assert gone.code == 0
    assert "did not arrive: no connection" in gone.stderr
    receiver.delay = 30
    began = time.monotonic()
    slow = write(tmp_path, {**config, "notify_url": receiver.url}, messages(GOOD))
    assert slow.code == 0
    assert "did not arrive: no answer within 10 s" in slow.stderr
    assert time.monotonic() - began < 28


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("receipt_path", "mine.txt", "holds something else, which is left as it is"),
        ("metrics_path", "mine.txt", "holds something else, which is left as it is"),
        ("metrics_path", "no/such/folder/x.prom", "No such file or directory"),
        ("notify_url", "http://example.com/hooks/T0-SECRET-PATH", "Write it with https://"),
        ("notify_url", "T0-SECRET-PATH", "notify_url is no address"),
        ("notify_when", "sometimes", "notify_when"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_before_anything_is_written(
    shared_sandbox: Sandbox, tmp_path: Path, name: str, value: str, said: str
) -> None:
    (tmp_path / "mine.txt").write_text("what somebody wrote")
    told = write(tmp_path, settings(shared_sandbox, streams=STREAMS, **{name: value}), [])
    assert told.code == 3, told.stderr
    assert said in told.stderr
    assert "SECRET-PATH" not in told.stderr
    assert (tmp_path / "mine.txt").read_text() == "what somebody wrote"
    assert not (tmp_path / ".target-chakra").exists()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"receipt_path": "no/such/folder/x.json"}, "No such file or directory"),
    ({"metrics_path": "mine.txt/x.prom"}, "Not a directory"),
    ({"metrics_path": "mine.txt"}, "holds something else"),
    ({"notify_when": "sometimes"}, "notify_when"),
    ({"compare": "sometimes"}, "compare"),
]
COMMANDS: list[tuple[str, ...]] = [(), ("mirror-commit",), ("retry",), ("undo", "1", "--yes")]


@pytest.mark.parametrize(
    ("words", "wrong", "said"),
    [(COMMANDS[0], *each) for each in WRONG] + [(each, *WRONG[0]) for each in COMMANDS[1:]],
    ids=str,
)
def test_a_setting_that_is_wrong_is_told_of_where_notices_go(
    tmp_path: Path, receiver: Receiver, words: tuple[str, ...], wrong: dict[str, Any], said: str
) -> None:
    """The other channels tell of it: who is watched over by notices alone hears of it."""
    (tmp_path / "mine.txt").write_text("what somebody wrote")
    config = {"api_key": "k", "api_url": "http://127.0.0.1:9", "streams": STREAMS}
    config |= {**told_of(tmp_path, receiver), **wrong}
    told = operate(tmp_path, config, *words) if words else write(tmp_path, config, [])
    assert told.code == 3, told.stderr
    assert said in told.stderr
    (notice,) = receiver.got
    assert "settings (exit code 3)" in notice["text"]
    if "receipt_path" not in wrong:
        assert receipt_of(tmp_path)["exit_code"] == 3


def test_a_sync_that_does_not_reach_its_table_is_told_of(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = settings(shared_sandbox, streams=STREAMS, **told_of(tmp_path, receiver))
    told = operate(tmp_path, config, "sync", "--source", str(tmp_path / "no.parquet"))
    assert told.code == 3, told.stderr
    (notice,) = receiver.got
    assert "settings (exit code 3)" in notice["text"]


def test_the_tap_tells_of_a_path_that_is_wrong(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = {"api_key": shared_sandbox.api_key, "api_url": shared_sandbox.url}
    wrong = {"notify_url": receiver.url, "metrics_path": "no/such/folder/x.prom"}
    assert run_tap(tmp_path, {**config, **wrong}).code == 3
    (notice,) = receiver.got
    assert "settings (exit code 3)" in notice["text"]


def test_a_run_that_is_stopped_in_order_is_told_of_and_a_killed_one_is_not(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = settings(shared_sandbox, streams=STREAMS, **told_of(tmp_path, receiver))
    for number, codes in ((signal.SIGTERM, {9}), (signal.SIGKILL, {-9})):
        running = start(tmp_path, config)
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdin.write("".join(f"{json.dumps(each)}\n" for each in messages(GOOD)))
        running.stdin.flush()
        while "Writes to" not in running.stderr.readline():
            pass
        running.send_signal(number)
        running.communicate(timeout=60)
        assert running.returncode in codes
    assert receipt_of(tmp_path)["outcome"] == "stopped"
    assert len(receiver.got) == 1


def values_of_rows(sandbox: Sandbox) -> set[str]:
    """Every text and number of every row that is not a name, or too short to be told from one."""
    found: set[str] = set()

    def gather(value: object) -> None:
        if isinstance(value, dict):
            for each in value.values():
                gather(each)
        elif isinstance(value, list):
            for each in value:
                gather(each)
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            found.add(str(value))

    for procedure in ("lead", "ticket", "order"):
        for row in sandbox.oracle(procedure):
            gather(row.row)
    return {each for each in found if len(each) >= 5}


def test_no_value_of_a_row_and_no_secret_is_in_any_of_them(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    env = {**environment(), "PYTHONPATH": environment()["PYTHONPATH"]}
    tap = {"api_key": shared_sandbox.api_key, "api_url": shared_sandbox.url}
    tap |= {**told_of(tmp_path, receiver), "notify_when": "always"}
    (tmp_path / "tap.json").write_text(json.dumps(tap))
    read = subprocess.run(
        [sys.executable, "-m", "tap_chakra", "--config", "tap.json"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = [*everything(tmp_path, receiver)]
    kept = [json.loads(line) for line in read.stdout.splitlines() if '"process_' in line]
    broken: list[dict[str, Any] | str] = []
    for each in kept:
        if each["type"] == "SCHEMA":
            broken.append(each)
        elif each["type"] == "RECORD":
            # Each row is refused, for reasons that quote its values.
            row = {**each["record"], "id": f"{each['record']['id']}-is-no-id"}
            broken.append({**each, "record": row, "version": None})
    config = settings(shared_sandbox, stop_at_reject_percent=100, **told_of(tmp_path, receiver))
    told = write(tmp_path, config, broken)
    assert told.receipt["outcomes"]["rejected"] > 100, told.stderr
    texts += everything(tmp_path, receiver)
    allowed = "".join(each["stream"] for each in kept if "stream" in each)
    values = {each for each in values_of_rows(shared_sandbox) if each not in allowed}
    assert len(values) > 1000
    for text in texts:
        assert [each for each in values if each in text] == []
        assert shared_sandbox.api_key not in text
        assert "SECRET-PATH" not in text


def everything(folder: Path, receiver: Receiver) -> Iterator[str]:
    for name in ("receipt.json", "lead_scores.prom"):
        yield (folder / name).read_text()
    yield json.dumps(receiver.got[-1])


def test_the_tap_tells_of_each_stream_and_of_one_that_failed(
    shared_sandbox: Sandbox, tmp_path: Path, receiver: Receiver
) -> None:
    config = {"api_key": shared_sandbox.api_key, "api_url": shared_sandbox.url}
    config |= {"procedures": ["lead", "ticket"], **told_of(tmp_path, receiver)}
    (tmp_path / "tap.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "tap_chakra", "--config", "tap.json"]
    run: dict[str, Any] = {"cwd": tmp_path, "env": environment(), "capture_output": True}
    assert subprocess.run(command, **run, check=False).returncode == 0
    receipt = receipt_of(tmp_path)
    rows = len([r for r in shared_sandbox.oracle("ticket") if r.died_ms is None])
    ticket = receipt["streams"]["process_ticket"]
    assert (ticket["rows"], ticket["emitted"], ticket["complete"]) == (rows, rows, True)
    assert value_of(tmp_path, "chakra_tap_run_rows_read", stream="process_ticket") == rows
    lag = value_of(tmp_path, "chakra_tap_bookmark_lag_seconds", stream="process_ticket")
    assert lag is not None
    assert 0 <= lag < 120
    assert receiver.got == []
    (tmp_path / "tap.json").write_text(json.dumps({**config, "api_key": "another-key-again"}))
    assert subprocess.run(command, **run, check=False).returncode == 4
    assert receipt_of(tmp_path)["exit_code"] == 4
    assert value_of(tmp_path, "chakra_tap_last_success_timestamp_seconds") is not None
    assert "tap-chakra" in receiver.got[0]["text"]
