"""A record fits its schema, and row and record say the same: nothing is lost in typing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from chakra_api.account.account import Attribute, Procedure, State
from chakra_api.account.people import Directory
from chakra_api.values.attribute_types import BY_NAME, attribute_type
from chakra_api.values.choices import Option
from chakra_api.values.coercion import MISFIT
from tap_chakra.records.row_typer import ROOT, compile_row
from tap_chakra.records.schema import process_schema
from tests.support.json_values import values

TYPES = sorted(BY_NAME)
ATTRIBUTES = tuple(
    Attribute(f"a_{name}", f"id-{name}", name.title(), attribute_type(name)) for name in TYPES
)
PROCEDURE = Procedure(
    "lead",
    "p1",
    "Lead",
    attributes=ATTRIBUTES,
    derived_attributes=(Attribute("rank", "d1", "Rank", attribute_type("integer")),),
    states=(State("NEW", "s1", "New"), State("WON", "s2", "Won")),
)
PEOPLE = Directory.from_users([{"id": "u1", "username": "asha.k"}])
VALIDATOR = Draft202012Validator(process_schema(PROCEDURE), format_checker=FormatChecker())

data = st.dictionaries(
    st.sampled_from([a.short_id for a in ATTRIBUTES] + ["odd"]), values, max_size=6
)
rows = st.fixed_dictionaries(
    {"id": st.uuids().map(str)},
    optional={
        **{name: values for name in ROOT if name != "id"},
        "state": values | st.sampled_from(["NEW", "s2", {"id": "s1", "colour": "red"}]),
        "data": data | values,
        "derivedData": st.dictionaries(st.sampled_from(["rank", "odd"]), values) | values,
        "unheardOf": values,
    },
)


def typed(row: dict[str, Any], procedure: Procedure = PROCEDURE) -> dict[str, Any]:
    record: dict[str, Any] = compile_row(procedure, PEOPLE)(row)
    return record


def extra_of(record: dict[str, Any]) -> dict[str, Any]:
    text = record["_extra_data"]
    extra: dict[str, Any] = json.loads(text) if text else {}
    return extra


@given(rows)
def test_every_record_fits_its_schema(row: dict[str, Any]) -> None:
    record = typed(row)
    VALIDATOR.validate(record)
    assert record.keys() == process_schema(PROCEDURE)["properties"].keys()  # type: ignore[attr-defined]


@given(data)
def test_each_value_is_in_its_column_or_as_it_came_in_extra_data(values: dict[str, Any]) -> None:
    record = typed({"id": "x", "data": values})
    odd = extra_of(record).get("data", {})
    coercers = {a.short_id: a.type.reader() for a in ATTRIBUTES}
    for name, value in values.items():
        coerced = coercers[name](value) if name in coercers else MISFIT
        if coerced is MISFIT:
            assert odd[name] == value
            assert record["data"].get(name) is None
        else:
            assert record["data"][name] == coerced
            assert name not in odd


@given(st.dictionaries(st.sampled_from(["x", "y"]), values, min_size=1))
def test_root_fields_without_a_column_are_kept(fields: dict[str, Any]) -> None:
    assert extra_of(typed({"id": "x", **fields})).keys() == fields.keys()


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("NEW", ("NEW", "s1", "New")),
        ("s2", ("WON", "s2", "Won")),
        ({"id": "s2"}, ("WON", "s2", "Won")),
        ({"shortId": "WON"}, ("WON", "s2", "Won")),
        ("LOST", ("LOST", None, None)),
        (None, (None, None, None)),
    ],
    ids=str,
)
def test_a_state_is_readable_however_it_comes(state: object, wanted: tuple[object, ...]) -> None:
    record = typed({"id": "x", "state": state})
    assert (record["state"], record["stateId"], record["stateName"]) == wanted


@pytest.mark.parametrize("named", ["u1", "asha.k"])
def test_an_assignee_is_an_id_and_a_username_however_it_comes(named: str) -> None:
    record = typed({"id": "x", "assignedTo": named})
    assert (record["assignedTo"], record["assignedToUsername"]) == ("u1", "asha.k")


def test_an_unknown_assignee_is_kept() -> None:
    record = typed({"id": "x", "assignedTo": "gone"})
    assert (record["assignedTo"], record["assignedToUsername"]) == ("gone", None)


@pytest.mark.parametrize("unset", [0, "", None])
def test_an_unset_time_is_null(unset: object) -> None:
    record = typed({"id": "x", "nextActionAt": unset})
    assert record["nextActionAt"] is None
    assert record["_extra_data"] is None


def test_a_key_of_data_may_be_the_attributes_id() -> None:
    record = typed({"id": "x", "data": {"id-integer": "7"}})
    assert record["data"] == {"a_integer": 7}


def test_a_record_that_comes_as_an_object_keeps_all_of_it() -> None:
    record = typed({"id": "x", "record": {"id": "r1", "data": {"phone": "5"}}})
    assert record["record"] == "r1"
    assert extra_of(record)["record"]["data"] == {"phone": "5"}


def test_an_open_procedure_keeps_data_as_json() -> None:
    record = typed(
        {"id": "x", "data": {"b": [1], "a": "ü"}}, Procedure("odd", "", "", resolved=False)
    )
    assert json.loads(record["data"]) == {"a": "ü", "b": [1]}


def test_loose_values_and_misfits_are_counted_by_attribute() -> None:
    typer = compile_row(PROCEDURE, PEOPLE)
    for value in ("7", "x", 7):
        typer({"id": "x", "data": {"a_integer": value, "odd": 1}})
    assert typer.coerced == {"a_integer": 1}
    assert typer.misfits == {"a_integer": 1, "odd": 3}


def test_options_are_in_the_description() -> None:
    choice = Attribute(
        "c", "", "C", attribute_type("stringEnum"), (Option("a", "A"), Option("b", "B"))
    )
    schema = process_schema(Procedure("x", "", "", attributes=(choice,)))
    assert "One of: a, b" in schema["properties"]["data"]["properties"]["c"]["description"]  # type: ignore[index]
