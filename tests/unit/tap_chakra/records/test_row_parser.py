"""A record that is parsed right out of an answer is the one that its row would make."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.account.account import Attribute, Procedure, State
from chakra_api.values.attribute_types import attribute_type
from chakra_api.values.times import UTC
from chakra_api.wire.wire_json import decode
from tap_chakra.records.row_parser import RowParser
from tap_chakra.records.row_typer import compile_row
from tap_chakra.records.schema import COLUMN_NAMES
from tap_chakra.records.selection import left_out
from tests.support.json_values import values
from tests.unit.tap_chakra.records.test_row_typer import ATTRIBUTES, PEOPLE, PROCEDURE, rows

USUAL: dict[str, Any] = {
    "id": "r1",
    "team": "t1",
    "createdBy": "asha.k",
    "assignedTo": "u1",
    "status": "OPEN",
    "state": "s2",
    "createdAt": 1_764_105_576_610,
    "updatedAt": 1_764_105_576_999,
    "completedAt": 0,
    "isDeleted": False,
    "data": {
        "a_string": "x",
        "a_boolean": True,
        "a_integer": 5,
        "a_float": 3,
        "a_date": 1_764_028_800_000,
        "a_datetime": "2026-01-05T09:15:00.123+05:30",
        "a_multistring": ["a", "b"],
        "a_json": {"b": [1], "a": None},
        "a_geolocation": [1.5, 2],
        "a_name": None,
    },
    "derivedData": {"rank": 7},
}
usual = st.fixed_dictionaries(
    {"id": st.text()},
    optional={
        "createdBy": st.sampled_from(["u1", "asha.k", "nobody", ""]) | st.none(),
        "createdAt": st.integers(0, 2**63) | st.just(1_764_105_576_610),
        "updatedAt": st.just("2026-01-05T09:15:00Z") | values,
        "isDeleted": st.booleans(),
        "state": st.sampled_from(["NEW", "s2", "unknown", "", None]),
        "data": st.dictionaries(
            st.sampled_from([each.short_id for each in ATTRIBUTES]),
            st.integers(-(2**63), 2**63)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text()
            | st.sampled_from([0, "", "5", "2026-01-05", 1_764_105_576_610, 2**53 + 1, -0.0])
            | st.booleans()
            | st.none(),
            max_size=8,
        ),
        "derivedData": st.none() | st.fixed_dictionaries({"rank": st.integers()}),
    },
)
pages = st.lists(rows | usual, max_size=4)


class Odd(Exception):
    """A row took the long way."""


def answer(page: list[Any]) -> bytes:
    return orjson.dumps({"_data": page, "_meta": {"hasMore": False}})


def made(parser: RowParser, body: bytes, count: int) -> list[dict[str, Any]]:
    return [json.loads(record) for record in parser.records(body, range(count))]


@given(pages)
def test_both_ways_make_the_same_records_and_counts(page: list[dict[str, Any]]) -> None:
    body = json.dumps({"_data": page}).encode()
    parser, typer = RowParser(PROCEDURE, PEOPLE), compile_row(PROCEDURE, PEOPLE)
    rows_by_row = [decode(json.dumps(row).encode()) for row in page]
    expected = [json.loads(orjson.dumps(typer(dict(row)))) for row in rows_by_row]  # type: ignore[call-overload]
    assert made(parser, body, len(page)) == expected
    assert (parser.typer.misfits, parser.typer.coerced) == (typer.misfits, typer.coerced)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> RowParser:
    """A parser without the long way."""
    parser = RowParser(PROCEDURE, PEOPLE)

    def refused(row: object) -> bytes:
        raise Odd(row)

    monkeypatch.setattr(parser, "record", refused)
    return parser


def test_a_usual_row_does_not_go_the_long_way(short: RowParser) -> None:
    (record,) = made(short, answer([USUAL]), 1)
    assert record == json.loads(orjson.dumps(compile_row(PROCEDURE, PEOPLE)(USUAL)))
    assert list(record) == list(COLUMN_NAMES)


@pytest.mark.parametrize(
    "change",
    [
        {"unheardOf": 1},
        {"id": 7},
        {"state": {"id": "s1"}},
        {"createdAt": "yesterday"},
        {"data": {"odd": 1}},
        {"data": {"a_integer": 1.5}},
        {"data": {"a_float": 2**53 + 1}},
        {"data": {"a_date": 1_764_028_800_001}},
        {"data": "text"},
    ],
    ids=lambda change: str(change)[1:-1],
)
def test_a_row_of_another_shape_goes_the_long_way(short: RowParser, change: dict[str, Any]) -> None:
    with pytest.raises(Odd):
        short.records(answer([{**USUAL, **change}]), [0])


def test_rows_are_taken_by_their_positions_in_the_answer(short: RowParser) -> None:
    body = answer([{**USUAL, "id": name} for name in ("r0", "r1", "r2")])
    for positions in ([0, 1, 2], [2, 0], [], range(1, 3)):
        found = [json.loads(record)["id"] for record in short.records(body, positions)]
        assert found == [f"r{position}" for position in positions]


def test_one_odd_row_does_not_take_its_neighbours_along(short: RowParser) -> None:
    body = answer([{**USUAL, "unheardOf": 1}, USUAL])
    assert [json.loads(record)["id"] for record in short.records(body, [1])] == ["r1"]


def test_values_that_are_spelled_otherwise_are_counted_once() -> None:
    parser = RowParser(PROCEDURE, PEOPLE)
    loose = {**USUAL, "data": {"a_integer": "5", "a_date": "2026-01-05"}}
    bad = {**USUAL, "data": {"a_integer": "6", "a_date": "never"}}
    made(parser, answer([loose, bad]), 2)
    assert parser.typer.coerced == {"a_integer": 2, "a_date": 1}
    assert parser.typer.misfits == {"a_date": 1}


@pytest.mark.parametrize("odd", ['"\\ud83d"', "NaN", "1e400", str(2**70)], ids=repr)
def test_an_answer_that_needs_patience_is_read_all_the_same(odd: str) -> None:
    body = b'{"_data":[{"id":"1","data":{"a_json":%s}},{"id":"2"}]}' % odd.encode()
    page = decode(body)
    assert isinstance(page, dict)
    typer = compile_row(PROCEDURE, PEOPLE)
    expected = [json.loads(orjson.dumps(typer(row))) for row in page["_data"]]
    assert made(RowParser(PROCEDURE, PEOPLE), body, 2) == expected


PATHS = [(), ("team",), ("data",), ("data", "a_integer"), ("derivedData", "rank"), ("data", "no")]


@given(pages, st.lists(st.sampled_from(PATHS[1:]), unique=True))
def test_what_is_not_selected_is_left_out_both_ways(
    page: list[dict[str, Any]], paths: list[tuple[str, ...]]
) -> None:
    typer = compile_row(PROCEDURE, PEOPLE, UTC, paths)
    rows_by_row = [decode(json.dumps(row).encode()) for row in page]
    expected = [json.loads(orjson.dumps(left_out(typer(row), paths))) for row in rows_by_row]  # type: ignore[arg-type]
    body = json.dumps({"_data": page}).encode()
    assert made(RowParser(PROCEDURE, PEOPLE, UTC, paths), body, len(page)) == expected


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb"], ids=repr)
def test_an_attribute_with_a_name_that_no_parser_takes_is_read_value_by_value(name: str) -> None:
    procedure = Procedure("p", "p1", "P", (Attribute(name, "a1", "A", attribute_type("integer")),))
    (record,) = made(RowParser(procedure, PEOPLE), answer([{"id": "1", "data": {name: "5"}}]), 1)
    assert record["data"] == {name: 5}


def test_a_procedure_without_known_attributes_keeps_json_text() -> None:
    procedure = Procedure("p", "p1", "P", states=(State("NEW", "s1", "New"),), resolved=False)
    (record,) = made(RowParser(procedure, PEOPLE), answer([{"id": "1", "data": {"b": 1}}]), 1)
    assert record["data"] == '{"b":1}'
