"""A table says what the records of its rows say, value for value, whatever came on the wire."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chakra_api.account.account import Attribute, Procedure, State, resolve_account
from chakra_api.account.people import Directory
from chakra_api.values.attribute_types import BY_NAME, attribute_type
from chakra_api.values.timestamps import iso_ms, parse_timestamp
from chakra_sandbox.reads.config_data import config_json
from chakra_sandbox.rows.procedures import MADE
from tap_chakra.records.row_typer import ROOT, RowTyper, compile_row
from tap_chakra.records.schema import process_schema
from tap_chakra.tables.attribute_columns import LAYOUTS, kind_of
from tap_chakra.tables.columns import column
from tap_chakra.tables.table_builder import TableBuilder, plain_layout
from tests.support.json_values import values

TYPES = sorted(BY_NAME)
ATTRIBUTES = tuple(
    Attribute(f"a_{name}", f"id-{name}", name.title(), attribute_type(name)) for name in TYPES
)
STORED = {repr((each.type.arrow_name, each.type.family.reads)): each for each in ATTRIBUTES}
"""One attribute for each way in which attributes are stored."""
PROCEDURE = Procedure(
    "lead",
    "p1",
    "Lead",
    attributes=ATTRIBUTES,
    derived_attributes=(Attribute("rank", "d1", "Rank", attribute_type("integer")),),
    states=(State("NEW", "s1", "New"), State("WON", "s2", "Won")),
)
OPEN = Procedure("odd", "p2", "Odd", resolved=False)
PEOPLE = Directory.from_users([{"id": "u1", "username": "asha.k"}])
DAY = 86_400_000

times = st.integers(-(10**12), 5 * 10**12) | st.sampled_from(
    [
        0,
        "",
        "0",
        10**10,
        836_092_800_000,
        -DAY * 4000,
        "2026-01-05T09:15:00.123Z",
        "2026-01-05T09:15:00.123456Z",
        "2026-01-05T09:15:60.000Z",
        "2026-01-05T24:00:00.000Z",
        "2026-02-30T09:15:00.000Z",
        "2026-01-05T09:15:00.123+05:30",
        "2026-01-05T09:15:00-08:00",
        "0000-01-05T09:15:00.123Z",
        "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
        "1960-03-01T00:00:00.000Z",
        "2026-01-05",
    ]
)
days = st.integers(-5000, 40_000).map(lambda day: day * DAY) | times
texts = st.text(max_size=8)
integers = st.integers(-(2**63) - 1, 2**63) | st.integers(-9, 9)
numbers = st.floats() | st.integers(-(2**60), 2**60)
of_a_type = [
    texts,
    integers,
    numbers,
    st.booleans(),
    times,
    days,
    st.lists(texts | st.none(), max_size=3),
    st.lists(integers, max_size=3),
    st.lists(numbers, max_size=3),
]
columns_of_values = st.one_of(
    [
        # Most values as the documents have them, so that both ways are gone.
        st.lists(each | st.none(), min_size=1, max_size=6)
        | st.lists(each | each | each | values, min_size=1, max_size=6)
        for each in of_a_type
    ]
)
data = st.dictionaries(
    st.sampled_from([a.short_id for a in ATTRIBUTES] + ["odd", "id-integer", "id-date"]),
    values | times | days,
    max_size=6,
)
rows = st.fixed_dictionaries(
    {"id": st.uuids().map(str)},
    optional={
        **{name: values | times for name in ROOT if name != "id"},
        "createdBy": st.sampled_from(["u1", "asha.k", "gone"]),
        "state": values | st.sampled_from(["NEW", "s2", {"id": "s1", "colour": "red"}]),
        "data": data | values,
        "derivedData": st.dictionaries(st.sampled_from(["rank", "odd"]), values) | values,
        "unheardOf": values,
    },
)


def wire(value: object) -> object:
    """A stored value, made comparable: an instant is a number, NaN equals itself."""
    if isinstance(value, datetime):
        since = value - datetime(1970, 1, 1, tzinfo=timezone.utc)
        return ("at", (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000)
    if isinstance(value, date):
        return value.isoformat()
    return value


def instant(value: object) -> object:
    return None if value is None else ("at", parse_timestamp(value))


def expected(record: dict[str, Any]) -> dict[str, Any]:
    """The record of a row as a table has it: instants as such, absent attributes as null."""
    said = dict(record)
    for name, declared in process_schema(PROCEDURE)["properties"].items():  # type: ignore[attr-defined]
        if declared.get("format") == "date-time":
            said[name] = instant(said[name])
    for name, attributes in (
        ("data", PROCEDURE.attributes),
        ("derivedData", PROCEDURE.derived_attributes),
    ):
        if said[name] is not None:
            said[name] = {
                each.short_id: (
                    instant(said[name].get(each.short_id))
                    if each.type.arrow_name == "timestamp"
                    else said[name].get(each.short_id)
                )
                for each in attributes
            }
    return said


def told(table: pa.Table) -> list[dict[str, Any]]:
    rows = table.to_pylist()
    for row in rows:
        for name in ("data", "derivedData"):
            if row[name] is not None:
                row[name] = {key: wire(value) for key, value in row[name].items()}
    return [{name: wire(value) for name, value in row.items()} for row in rows]


def built(layout: str = "structs", procedure: Procedure = PROCEDURE) -> TableBuilder:
    return TableBuilder(procedure, PEOPLE, plain_layout(procedure, layout))


@given(st.lists(rows, max_size=4))
def test_a_table_says_what_the_records_say(some: list[dict[str, Any]]) -> None:
    typer, builder = compile_row(PROCEDURE, PEOPLE), built()
    records = [expected(typer(row)) for row in some]
    assert told(builder(some)) == records
    assert builder.misfits == typer.misfits
    assert builder.coerced == typer.coerced


@pytest.mark.parametrize("attribute", STORED.values(), ids=lambda each: each.short_id)
@given(column_values=columns_of_values)
def test_a_column_says_what_its_coercer_says(
    attribute: Attribute, column_values: list[Any]
) -> None:
    procedure = Procedure("lead", "", "", attributes=(attribute,))
    typer = RowTyper(procedure, PEOPLE)
    records = [typer({"id": "x", "data": {attribute.short_id: each}}) for each in column_values]
    wanted = [record["data"][attribute.short_id] for record in records]  # type: ignore[index]
    if attribute.type.arrow_name == "timestamp":
        wanted = [instant(each) for each in wanted]
    made = column(column_values, kind_of(attribute))
    assert [wire(each) for each in made.array.to_pylist()] == wanted
    assert len(made.misfits) == typer.misfits[attribute.short_id]
    assert made.coerced == typer.coerced[attribute.short_id]


@pytest.mark.parametrize("layout", LAYOUTS)
@example(some=[{"id": "x", "data": {"id-date": 1, "a_date": 0}}])
@example(some=[{"id": "x", "data": {"a_date": 0, "id-date": None}}])
@given(some=st.lists(rows, min_size=1, max_size=3))
def test_every_layout_keeps_every_value(layout: str, some: list[dict[str, Any]]) -> None:
    typer, builder = compile_row(PROCEDURE, PEOPLE), built(layout)
    records = [typer(row) for row in some]
    table = builder(some)
    assert table.schema == builder.schema
    assert table["_extra_data"].to_pylist() == [record["_extra_data"] for record in records]
    if layout == "json":
        stored = [text and json.loads(text) for text in table["data"].to_pylist()]
        assert stored == [record["data"] for record in records]
    if layout == "columns":
        wanted = [(record["data"] or {}).get("a_integer") for record in records]  # type: ignore[attr-defined]
        assert table["data__a_integer"].to_pylist() == wanted
    assert builder.misfits == typer.misfits


@given(st.lists(rows, max_size=3))
def test_a_procedure_of_unknown_attributes_keeps_data_as_json(some: list[dict[str, Any]]) -> None:
    typer, builder = compile_row(OPEN, PEOPLE), built("columns", OPEN)
    table = builder(some)
    for name in ("data", "derivedData", "_extra_data"):
        assert table[name].to_pylist() == [typer(row)[name] for row in some]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_attribute_type_has_a_column(layout: str) -> None:
    schema = built(layout).schema
    if layout == "columns":
        names = {f"data__{each.short_id}" for each in ATTRIBUTES}
        assert names <= set(schema.names)
        return
    kind = schema.field("data").type
    assert kind == pa.string() if layout == "json" else kind.num_fields == len(ATTRIBUTES)


def test_only_the_key_may_not_be_null() -> None:
    assert [each.name for each in built().schema if not each.nullable] == ["id"]


def test_the_unset_times_of_a_row_are_null_and_the_epoch_of_an_attribute_is_not() -> None:
    table = built()([{"id": "x", "completedAt": 0, "data": {"a_datetime": 0}}])
    (row,) = told(table)
    assert row["completedAt"] is None
    assert row["data"]["a_datetime"] == ("at", 0)
    assert iso_ms(0).startswith("1970")


KINDS = {
    ("string", None): pa.string(),
    ("boolean", None): pa.bool_(),
    ("string", "date-time"): pa.timestamp("us", tz="UTC"),
}


@pytest.mark.parametrize("procedure", [*resolve_account(config_json(MADE)).procedures, OPEN])
def test_arrow_has_the_columns_of_the_json_schema(procedure: Procedure) -> None:
    properties: Any = process_schema(procedure)["properties"]
    schema = built("structs", procedure).schema
    assert schema.names == list(properties)
    for name, declared in properties.items():
        field = schema.field(name)
        assert field.nullable is ("null" in declared["type"])
        if declared["type"][0] == "object":
            assert [each.name for each in field.type] == list(declared["properties"])
        else:
            assert field.type == KINDS[declared["type"][0], declared.get("format")]
