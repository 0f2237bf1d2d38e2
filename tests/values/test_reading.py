"""The matrix, out of the sandbox: the tap, and the dlt source into DuckDB and PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from tap_chakra.dlt_source import chakra_source
from tests.support.dlt_runs import ask, pipeline
from tests.support.matrix_account import (
    KEY,
    READ_ONLY,
    TYPES,
    attribute_of,
    exactly,
    matrix_account,
    row_of,
)
from tests.support.strict_singer import rows_of
from tests.support.tap_process import catalog_of, run
from tests.values.matrix_reading import MISFIT, READING, Becomes, Both

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.matrix_account import MatrixAccount

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
STREAM = "process_cell"


@dataclass(frozen=True)
class Cell:
    """One value of one process."""

    kind: str
    wire: str
    becomes: Becomes
    number: int

    def __str__(self) -> str:
        return f"{self.number}-{self.kind}-{self.wire[:50]}"

    @property
    def key(self) -> str:
        return f"R-{self.number}"

    def process(self) -> bytes:
        fields = {KEY: json.dumps(self.key), attribute_of(self.kind): self.wire}
        return row_of(self.number, fields)


CELLS = tuple(
    Cell(kind, wire, becomes, number)
    for number, (kind, wire, becomes) in enumerate(
        ((kind, *cell) for kind, cells in READING.items() for cell in cells), 1
    )
)
CELLS_OF = {kind: [cell for cell in CELLS if cell.kind == kind] for kind in READING}
BY_KEY = {cell.key: cell for cell in CELLS}


def plain(value: Any) -> Any:
    """A value of a column without its class: instants as `@` and milliseconds."""
    if isinstance(value, datetime):
        return f"@{(value.astimezone(timezone.utc) - EPOCH) // timedelta(milliseconds=1)}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def instant(value: Any) -> Any:
    """The same, of an ISO text with an offset."""
    if not isinstance(value, str) or len(value) < 20:
        return value
    try:
        return plain(datetime.fromisoformat(value.replace("Z", "+00:00")))
    except ValueError:
        return value


def unpacked(value: Any) -> Any:
    """What a JSON text says."""
    try:
        return exactly(value) if isinstance(value, str) else value
    except ValueError:
        return value


def typed(value: Any) -> Any:
    """A value that is no other one: true is not 1."""
    if isinstance(value, list):
        return [typed(each) for each in value]
    if isinstance(value, dict):
        return {name: typed(each) for name, each in value.items()}
    return (isinstance(value, bool), value)


def holds(column: str, value: Any) -> bool:
    """Whether a column holds what is expected of it."""
    if column.startswith("@"):
        return bool(column in (plain(value), instant(value)))
    wanted = typed(exactly(column))
    found = plain(value)
    return wanted in (typed(found), typed(unpacked(found)) if "{" in column else typed(found)) or (
        # JSON columns hold texts in warehouses.
        wanted == typed(unpacked(found))
        and not isinstance(exactly(column), str)
        and isinstance(found, str)
    )


def judged(cell: Cell, column: Any, extra: Any) -> str:
    """What is wrong with a column and `_extra_data`; empty for nothing."""
    parts = unpacked(extra) or {}
    kept = parts.get("data", {}).get(attribute_of(cell.kind), "nothing")
    came = exactly(cell.wire)
    allowed = cell.becomes if isinstance(cell.becomes, tuple) else (cell.becomes,)
    for each in allowed:
        if each == MISFIT:
            fits = column is None and typed(kept) == typed(came)
        elif isinstance(each, Both):
            fits = holds(each.column, column) and typed(kept) == typed(came)
        else:
            fits = holds(each, column) and kept == "nothing"
        if fits:
            return ""
    return f"{cell.kind} {cell.wire}: expected {cell.becomes}, got {column!r} and {extra!r}"


@pytest.fixture(scope="module")
def account() -> Iterator[MatrixAccount]:
    """All cells, each a process."""
    with matrix_account([cell.process() for cell in CELLS], (*TYPES, *READ_ONLY)) as made:
        yield made


@pytest.fixture(scope="module", params=["records", "jsonl", "parquet"])
def records(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    account: MatrixAccount,
) -> dict[str, dict[str, Any]]:
    """What the tap says of each, in RECORD lines or in BATCH files."""
    folder = tmp_path_factory.mktemp("tap")
    config: dict[str, Any] = {"api_key": account.api_key, "api_url": account.url}
    catalog = catalog_of(folder, config, STREAM)
    if request.param != "records":
        encoding = {"format": request.param, "compression": "gzip"}
        config["batch_config"] = {"encoding": encoding, "storage": {"root": f"file://{folder}"}}
    output = run(folder, config, catalog=catalog)
    assert output.code == 0, output.stderr
    if request.param == "records":
        rows = output.records[STREAM]
    else:
        rows = [row for line in output.of_type("BATCH", STREAM) for row in rows_of(line)]
    return {record["data"][KEY]: record for record in rows}


@pytest.mark.parametrize("kind", READING)
def test_a_column_holds_the_value_or_extra_data_does(
    records: dict[str, dict[str, Any]], kind: str
) -> None:
    wrong = []
    for cell in CELLS_OF[kind]:
        record = records[cell.key]
        column = record["data"].get(attribute_of(kind))
        wrong += [judged(cell, column, record["_extra_data"])]
    assert not any(wrong), "\n".join(wrong)


@pytest.fixture(
    scope="module",
    params=[
        f"{layout}-{warehouse}"
        for layout in ("structs", "json", "columns")
        for warehouse in ("duckdb", "postgres")
    ],
)
def table(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    account: MatrixAccount,
) -> dict[str, tuple[dict[str, Any], Any]]:
    """What a warehouse holds of each: its attributes, and `_extra_data`."""
    layout, _, warehouse = request.param.partition("-")
    destination = None
    if warehouse == "postgres":
        # dlt wants a host in the address; the one in the query, a socket's folder, is what counts.
        address = request.getfixturevalue("postgres").replace("@/", "@localhost/")
        destination = dlt.destinations.postgres(address)
    folder: Path = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        target = pipeline(folder, destination, name=f"matrix_{layout}", dataset_name=layout)
        made = chakra_source(
            api_key=account.api_key, api_url=account.url, nested=layout
        ).with_resources(STREAM)
        target.run(made)
        return dict(attributes_of(target, layout))


def attributes_of(target: Any, layout: str) -> Iterator[tuple[str, tuple[dict[str, Any], Any]]]:
    """Each row's attributes by name, and its `_extra_data`."""
    if layout == "columns":
        names = [attribute_of(kind) for kind in (*TYPES, *READ_ONLY)]
        columns = ", ".join(f"data__{name}" for name in (KEY, *names))
        for extra, key, *values in ask(target, f"select _extra_data, {columns} from {STREAM}"):
            yield key, (dict(zip(names, values, strict=True)), extra)
        return
    for extra, data in ask(target, f"select _extra_data, data from {STREAM}"):
        fields = unpacked(data)
        yield fields[KEY], (fields, extra)


@pytest.mark.parametrize("kind", READING)
def test_a_warehouse_holds_the_same(
    table: dict[str, tuple[dict[str, Any], Any]], kind: str
) -> None:
    wrong = []
    for cell in CELLS_OF[kind]:
        attributes, extra = table[cell.key]
        wrong += [judged(cell, attributes.get(attribute_of(kind)), extra)]
    assert not any(wrong), "\n".join(wrong)


def test_a_procedure_without_derived_attributes_is_loaded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    row = row_of(1, {KEY: '"R-1"', "a_string": '"x"'})
    with matrix_account([row], ["string"], ranked=False) as account:
        target = pipeline(tmp_path, name="matrix_unranked")
        made = chakra_source(api_key=account.api_key, api_url=account.url)
        target.run(made.with_resources(STREAM))
    assert len(ask(target, f"select id from {STREAM}")) == 1
