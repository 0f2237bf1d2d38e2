"""The same matrix through the dlt destination: a table for each class of Python's values."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dlt_loads import Plan, Table, Told, load
from tests.support.matrix_account import KEY, attribute_of, matrix_account
from tests.support.matrix_cells import CELLS, Cell, judged, streams
from tests.support.target_process import FAST
from tests.values.matrix_writing import CLEAR

if TYPE_CHECKING:
    from pathlib import Path

INT64 = 2**63
KINDS: dict[type, str] = {str: "text", int: "bigint", float: "double", bool: "bool"}


def python_value(cell: Cell) -> Any:
    """What Python has for a source; None for what dlt does not carry as it is."""
    if cell.source == "absent" or cell.stream in ("rounded", "kept_field", "clear", "root_clear"):
        return None
    value = json.loads(cell.source)
    if type(value) not in KINDS or (isinstance(value, int) and not -INT64 <= value < INT64):
        return None
    if isinstance(value, float):
        exact = Decimal(repr(value)) if abs(value) < float("inf") else None
        return value if exact == json.loads(cell.source, parse_float=Decimal) else None
    return None if isinstance(value, str) and "\0" in value else value


CARRIED = [(cell, value) for cell in CELLS if (value := python_value(cell)) is not None]


def tables() -> tuple[Table, ...]:
    """Rows of one class of values have a table, so that dlt converts none of them."""
    made: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {}
    for cell, value in CARRIED:
        kind = KINDS[type(value)]
        rows, columns = made.setdefault(f"{cell.stream}_{kind}", ([], {}))
        rows.append({KEY: cell.key_text, cell.column: value})
        columns[cell.column] = {"data_type": kind}
    return tuple(Table(name, rows, "merge", KEY, columns) for name, (rows, columns) in made.items())


def mappings() -> list[dict[str, Any]]:
    """A mapping by the beginning of its tables' names."""
    used = dict.fromkeys(cell.stream for cell, _ in CARRIED)
    given = {each["stream"]: each for each in streams()}
    return [{**given[name], "stream": f"{name}_*", "mode": "upsert"} for name in used]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Told, dict[str, str], dict[str, Any]]:
    """What was said, the reasons of rejects by key, and the processes."""
    folder: Path = tmp_path_factory.mktemp("dlt")
    with matrix_account([cell.existing() for cell, _ in CARRIED]) as account:
        settings = {
            "api_key": account.api_key,
            "api_url": account.url,
            **FAST,
            "streams": mappings(),
            "max_rejects": len(CARRIED),
            "stop_at_reject_percent": 100,
            "rejects_path": "rejects.jsonl",
        }
        told = load(folder, Plan(tables(), settings))
        held = account.held()
    path = folder / "rejects.jsonl"
    texts = path.read_text().splitlines() if path.exists() else []
    reasons = {line["row"][KEY]: line["reason"] for line in map(json.loads, texts)}
    return told, reasons, held


def test_every_row_is_settled(run: tuple[Told, dict[str, str], dict[str, Any]]) -> None:
    told, _, _ = run
    assert told.error == "", told.output[-3000:]
    assert sum(told.outcomes.values()) == len(CARRIED)


@pytest.mark.parametrize("kind", dict.fromkeys(cell.kind for cell, _ in CARRIED))
def test_a_value_arrives_as_itself_or_not_at_all(
    run: tuple[Told, dict[str, str], dict[str, Any]], kind: str
) -> None:
    told, reasons, held = run
    assert told.error == "", told.error
    wrong = []
    for cell in [each for each, _ in CARRIED if each.kind == kind]:
        process = held[cell.key_text]
        where = process if cell.is_root else process["data"]
        value = where.get(kind if cell.is_root else attribute_of(kind), CLEAR)
        wrong += [judged(cell, reasons.get(cell.key_text), value)]
    wrong = [each for each in wrong if each]
    assert not wrong, wrong
