"""A scan that was cut off goes on from its last STATE, and reads hardly anything again."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.strict_singer import messages_of
from tests.support.tap_process import COMMAND, catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

PAGE = 100
STREAM = "process_lead"


def cut_off(folder: Path, config: dict[str, Any], catalog: Any, records: int) -> list[Any]:
    """The lines that a run printed which was asked to stop behind so many records."""
    paths = {"config": config, "catalog": catalog}
    command = list(COMMAND)
    for name, content in paths.items():
        path = folder / f"cut-{name}.json"
        path.write_text(json.dumps(content))
        command += [f"--{name}", str(path)]
    printed = folder / "cut.jsonl"
    with (
        printed.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as tap,
    ):
        while printed.read_bytes().count(b'{"type":"RECORD"') < records and tap.poll() is None:
            time.sleep(0.02)
        tap.send_signal(signal.SIGTERM)
        _, stderr = tap.communicate(timeout=60)
    assert tap.returncode == ExitCode.STOPPED, stderr
    return messages_of(printed.read_text(), ended=False)


def states(lines: list[Any]) -> list[Any]:
    return [line["value"] for line in lines if line["type"] == "STATE"]


def before_last_state(lines: list[Any]) -> list[dict[str, Any]]:
    """The records that the last STATE covers, at most."""
    last = max(number for number, line in enumerate(lines) if line["type"] == "STATE")
    return [line for line in lines[:last] if line["type"] == "RECORD" and line["stream"] == STREAM]


@pytest.mark.parametrize(
    "sandbox",
    [["--rows", "6000", "--tickets", "0", "--orders", "0", "--set", "latency_ms=20"]],
    indirect=True,
)
@pytest.mark.parametrize(("order", "threads"), [("created_asc", 4), ("random_stable", 4)])
def test_a_resumed_scan_reads_again_no_more_than_its_readers_held(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], order: str, threads: int
) -> None:
    sandbox.knobs(list_order=order)
    config = config | {"concurrency": threads}
    catalog = catalog_of(tmp_path, config, STREAM, method="FULL_TABLE")
    lines = cut_off(tmp_path, config, catalog, 2_500)
    state = states(lines)[-1]
    assert "scan" in state["bookmarks"][STREAM]
    resumed = run(tmp_path, config, catalog=catalog, state=state)
    assert resumed.code == 0, resumed.stderr
    assert "going on with a scan that was cut off" in resumed.stderr
    first = [line["record"]["id"] for line in before_last_state(lines)]
    second = resumed.ids(STREAM)
    rows = {row.id for row in sandbox.oracle("lead")}
    assert {*first, *second} == rows
    assert len(set(first) & set(second)) <= threads * PAGE
    assert len(second) == len(set(second))
    # The version is that of the first beginning, on every record of both runs.
    (activation,) = resumed.of_type("ACTIVATE_VERSION", STREAM)
    records = [*before_last_state(lines), *resumed.of_type("RECORD", STREAM)]
    assert {record["version"] for record in records} == {activation["version"]}
    assert resumed.states[-1]["bookmarks"][STREAM]["last_complete_scan"]["rows"] == 6_000
    assert "scan" not in resumed.states[-1]["bookmarks"][STREAM]


@pytest.mark.parametrize(
    "sandbox", [["--rows", "20000", "--tickets", "0", "--orders", "0"]], indirect=True
)
def test_state_stays_small_and_never_runs_ahead(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    config = config | {"concurrency": 32}
    crowd = max(Counter(row.born_ms for row in sandbox.oracle("lead")).values())
    for order in ("created_asc", "random_stable"):
        sandbox.knobs(list_order=order)
        output = run(tmp_path, config, catalog=catalog_of(tmp_path, config, STREAM))
        assert output.code == 0, output.stderr
        assert len(output.ids(STREAM)) == 20_000
        sizes = [len(json.dumps(state, separators=(",", ":"))) for state in output.states]
        assert len(sizes) > 4, "STATE comes while the scan is under way"
        assert max(sizes) <= 8 * 1024
        printed = unsaved = 0
        for line in output.lines:
            printed += line["type"] == "RECORD"
            # Behind the last STATE: what a kill loses, but for the ends of 32 walks.
            unsaved = 0 if line["type"] == "STATE" else unsaved + (line["type"] == "RECORD")
            assert unsaved <= 32 * (PAGE - 20) + crowd
            scan = line.get("value", {}).get("bookmarks", {}).get(STREAM, {}).get("scan")
            assert scan is None or scan["rows"] <= printed
