"""An account that speaks seconds is read whole, its times are instants, and the log says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.values.timestamps import iso_ms
from tests.support.dlt_runs import ask, pipeline, source
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

IN_SECONDS = pytest.mark.parametrize("sandbox", [["--set", "timestamp_format=s"]], indirect=True)
SAID = "all its times are read as seconds"


def whole_second(ms: int) -> str:
    return iso_ms(ms // 1000 * 1000)


@IN_SECONDS
@pytest.mark.parametrize("second_process_from", [0, 1])
def test_seconds_are_read_by_singer(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], second_process_from: int
) -> None:
    config["second_process_from"] = second_process_from
    catalog = catalog_of(tmp_path, config, "process_lead")
    output = run(tmp_path, config, catalog=catalog)
    assert output.code == 0, output.stderr
    assert output.stderr.count(SAID) == 1
    alive = {row.id: row for row in sandbox.oracle("lead") if row.died_ms is None}
    records = output.records["process_lead"]
    assert {each["id"]: each["createdAt"] for each in records} == {
        row_id: whole_second(row.born_ms) for row_id, row in alive.items()
    }
    again = run(tmp_path, config, catalog=catalog, state=output.states[-1])
    assert again.code == 0, again.stderr
    assert len(again.records["process_lead"]) < len(alive)


@IN_SECONDS
def test_seconds_are_read_by_dlt(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    target = pipeline(tmp_path)
    target.run(source(sandbox, "process_lead"))
    held = dict(ask(target, "select id, epoch_ms(created_at) from process_lead"))
    alive = [row for row in sandbox.oracle("lead") if row.died_ms is None]
    assert held == {row.id: row.born_ms // 1000 * 1000 for row in alive}
