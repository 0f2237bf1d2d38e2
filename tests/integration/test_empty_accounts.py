"""Accounts in which something is not there: attributes, derived ones, states, users, rows, all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.support.described import served
from tests.support.dlt_runs import DATASET, ask, pipeline, source
from tests.support.tap_process import run

CITY = {"shortId": "lead", "attributes": {"city": "string"}}
ROW = {"data": {"city": "Goa"}}
RANKED = {"data": {"city": "Goa"}, "derivedData": {"rank": 7}}
ACCOUNTS: dict[str, list[dict[str, Any]]] = {
    "no derived attributes": [CITY | {"rows": [ROW]}],
    "no attributes": [{"shortId": "lead", "rows": [ROW]}],
    "no states": [CITY | {"states": [], "rows": [ROW]}],
    "no rows": [CITY],
    "nothing but a name": [{"shortId": "lead", "states": []}],
    "no procedures": [],
}
BARE = ("--set", "users_listed=none", "--set", "config_style=bare")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


@pytest.mark.parametrize("nested", ["structs", "json", "columns"])
@pytest.mark.parametrize("name", ACCOUNTS)
def test_dlt_loads_twice_what_there_is(tmp_path: Path, name: str, nested: str) -> None:
    account = ACCOUNTS[name]
    target = pipeline(tmp_path)
    with served(tmp_path, account, *BARE) as sandbox:
        everything = source(sandbox, "users", nested=nested).resources
        for _ in range(2):
            target.run(source(sandbox, *everything, nested=nested))
    if account:
        rows = len(account[0].get("rows", ()))
        assert ask(target, "select count(*) from process_lead") == [(rows,)]


@pytest.mark.parametrize("kind", ["RECORD", "jsonl", "parquet"])
@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_tap_brings_what_there_is(tmp_path: Path, name: str, kind: str) -> None:
    account = ACCOUNTS[name]
    batch = {"encoding": {"format": kind}, "storage": {"root": f"file://{tmp_path}"}}
    with served(tmp_path, account, *BARE) as sandbox:
        config: dict[str, Any] = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        output = run(tmp_path, config if kind == "RECORD" else config | {"batch_config": batch})
    assert output.code == 0, output.stderr
    schemas = [line for line in output.lines if line["type"] == "SCHEMA"]
    assert {line["stream"] for line in schemas} >= {"users", "skill_types"}
    assert [line["stream"] for line in schemas if not line["schema"]["properties"]] == []
    wanted = len(account[0].get("rows", ())) if account else 0
    assert _rows(output, kind) == wanted


def _rows(output: Any, kind: str) -> int:
    if kind == "RECORD":
        return len(output.records["process_lead"])
    files = [
        Path(name.removeprefix("file://"))
        for line in output.of_type("BATCH", "process_lead")
        for name in line["manifest"]
    ]
    if kind == "jsonl":
        return sum(len(path.read_text().splitlines()) for path in files)
    return sum(pq.read_table(path).num_rows for path in files)


def test_the_first_derived_attribute_brings_its_struct(tmp_path: Path) -> None:
    target = pipeline(tmp_path)
    with served(tmp_path, [CITY | {"rows": [ROW]}], *BARE) as sandbox:
        target.run(source(sandbox))
    names = (
        "select column_name from information_schema.columns"
        f" where table_schema = '{DATASET}' and table_name = 'process_lead'"
    )
    assert ("derived_data",) not in ask(target, names)
    later = CITY | {"derivedAttributes": {"rank": "integer"}, "rows": [RANKED]}
    with served(tmp_path, [later], *BARE) as sandbox:
        target.run(source(sandbox, lookback_seconds=10**10))
    held = ask(target, "select data ->> 'city', derived_data ->> 'rank' from process_lead")
    assert ("Goa", "7") in held
