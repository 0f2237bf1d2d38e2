"""Promises: kill the tap at any point and start it again, nothing is lost; no STATE is ahead.

The real process is killed (SIGKILL) after a seeded number of bytes of output, and run again from
the last STATE that it printed, while rows change in between.
"""

from __future__ import annotations

import json
import random
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.support.strict_singer import messages_of
from tests.support.tap_process import COMMAND, catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1200


def killed_run(folder: Path, after_bytes: int) -> list[dict[str, Any]]:
    """Run with the files of `folder` until so much was printed; the whole lines printed."""
    command = [*COMMAND, "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:
        assert tap.stdout is not None
        printed = tap.stdout.read(after_bytes)
        tap.kill()
        printed += tap.stdout.read()
    return messages_of(printed, ended=False, whole=False)


@pytest.mark.parametrize("seed", range(6))
def test_what_a_killed_run_and_the_next_ones_emit_is_everything(tmp_path: Path, seed: int) -> None:
    after = random.Random(seed).randrange(2_000, 1_500 * ROWS)
    with start_sandbox(["--rows", str(ROWS), "--seed", str(seed)]) as sandbox:
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url, "lookback_seconds": 0}
        catalog = catalog_of(tmp_path, config, "process_lead")
        (tmp_path / "catalog.json").write_text(json.dumps(catalog))
        first = killed_run(tmp_path, after)
        sandbox.mutate(update=50, insert=10, seed=seed)
        states = [line["value"] for line in first if line["type"] == "STATE"]
        state = states[-1] if states else {}
        second = run(tmp_path, config, catalog=catalog, state=state)
        assert second.code == 0, second.stderr
        # What changed in windows that the killed run had read comes with the next one.
        third = run(tmp_path, config, catalog=catalog, state=second.states[-1])
        assert third.code == 0, third.stderr
        oracle = {row.id: row for row in sandbox.oracle("lead") if row.died_ms is None}
    latest: dict[str, Any] = {}
    for line in [*first, *second.lines, *third.lines]:
        if line["type"] == "RECORD":
            latest[line["record"]["id"]] = line["record"]
    assert latest.keys() == oracle.keys()
    for row_id, row in oracle.items():
        assert latest[row_id]["status"] == row.row["status"]
        assert latest[row_id]["data"]["lead_id"] == row.data["lead_id"]


def test_a_bookmark_appears_only_behind_the_last_record(tmp_path: Path) -> None:
    with start_sandbox(["--rows", str(ROWS)]) as sandbox:
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        catalog = catalog_of(tmp_path, config, "process_lead")
        output = run(tmp_path, config, catalog=catalog)
    seen = 0
    for line in output.lines:
        seen += line["type"] == "RECORD"
        if line["type"] == "STATE" and "replication_key_value" in json.dumps(line):
            assert seen == ROWS
    assert seen == ROWS
