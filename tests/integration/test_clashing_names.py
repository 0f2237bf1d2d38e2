"""Names that loaders take for one: no value and no row of either is lost, and it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_chakra.dlt_source import chakra_source
from tests.support.described import served
from tests.support.dlt_runs import ask, pipeline, source
from tests.support.tap_process import run

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

CITIES = {"city": "string", "City": "string", "東京": "string", "大阪": "string"}
DATA = {"city": "Goa", "City": "Pune", "東京": "one", "大阪": "two"}
TWINS = [
    {"shortId": "Lead", "attributes": CITIES, "rows": [{"data": DATA}]},
    {"shortId": "lead", "attributes": {"x": "string"}, "rows": [{"data": {"x": "a"}}] * 2},
]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def test_dlt_columns_hold_both_attributes_and_tables_both_procedures(tmp_path: Path) -> None:
    target = pipeline(tmp_path)
    for account in (TWINS, TWINS[::-1]):
        with served(tmp_path, account) as sandbox:
            target.run(
                source(sandbox, *source_names(sandbox), nested="columns", lookback_seconds=10**10)
            )
    tables = target.default_schema.tables
    (other,) = (name for name in tables if name.startswith("process_lead_"))
    assert len(ask(target, "select distinct data__x from process_lead")) == 1
    columns = [name for name in tables[other]["columns"] if name.startswith("data__")]
    assert len(columns) == 4
    (held,) = set(ask(target, f"select {', '.join(sorted(columns))} from {other}"))
    assert set(held) == {"Goa", "Pune", "one", "two"}
    assert ask(target, f"select distinct data__city from {other}") == [("Goa",)]


def test_who_comes_later_does_not_take_a_column_that_is_there(tmp_path: Path) -> None:
    target = pipeline(tmp_path)
    for data in ({"City": "Pune"}, {"City": "Pune", "city": "Goa"}):
        attributes = dict.fromkeys(data, "string")
        lead = {"shortId": "lead", "attributes": attributes, "rows": [{"data": data}]}
        with served(tmp_path, [lead]) as sandbox:
            target.run(source(sandbox, nested="columns", lookback_seconds=10**10))
    table = target.default_schema.tables["process_lead"]["columns"]
    (later,) = (name for name in table if name.startswith("data__city_"))
    held = set(ask(target, f"select data__city, {later} from process_lead"))
    assert ("Pune", "Goa") in held
    assert held <= {("Pune", "Goa"), ("Pune", None)}


def source_names(sandbox: Sandbox) -> list[str]:
    every = chakra_source(api_key=sandbox.api_key, api_url=sandbox.url)
    return [name for name in every.resources if name.startswith("process_")]


def test_the_tap_says_which_names_clash_and_streams_differ(tmp_path: Path) -> None:
    with served(tmp_path, TWINS) as sandbox:
        output = run(tmp_path, {"api_key": sandbox.api_key, "api_url": sandbox.url})
    assert output.code == 0, output.stderr
    assert "'Lead' has the attributes 'city' and 'City'" in output.stderr
    assert "process_lead and process_Lead are one table" in output.stderr
    assert len(output.records["process_lead"]) == 2
    (other,) = (name for name in output.records if name.startswith("process_Lead_"))
    assert [record["data"]["City"] for record in output.records[other]] == ["Pune"]
