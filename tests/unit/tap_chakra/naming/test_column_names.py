"""Names in snake case are those of dlt, letter for letter, and no two of a stream are one."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.account.snake_case import snake_case, snake_path
from chakra_api.account.snake_columns import snake_columns
from tap_chakra.naming.column_names import column_names

DLT = NamingConvention()
names = st.text(st.sampled_from("aZ9_ -*+@|.éAb٣大"), min_size=1, max_size=12) | st.text(min_size=1)


@given(names.filter(str.strip))
def test_a_name_is_what_dlt_makes_of_it(name: str) -> None:
    assert snake_case(name) == (DLT.normalize_identifier(name) or "x")


@given(names.filter(lambda name: any(part.strip() for part in name.split("__"))))
def test_a_path_is_what_dlt_makes_of_it(name: str) -> None:
    assert snake_path(name) == DLT.normalize_path(name)


@given(names)
def test_a_name_in_snake_case_stays(name: str) -> None:
    assert snake_path(snake_path(name)) == snake_path(name)


@given(st.lists(names, unique=True, max_size=6), st.sampled_from(["", "data", "derivedData"]))
def test_no_two_names_become_one_whoever_stands_first(given_names: list[str], group: str) -> None:
    called, clashes = snake_columns(given_names, group)
    assert list(called) == given_names
    assert len(set(called.values())) == len(given_names)
    assert all(called.values())
    assert snake_columns(given_names[::-1], group)[0] == called
    lost = len(given_names) - len({snake_path(name) for name in given_names})
    assert len(clashes) >= lost


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("assignedToUsername", "assigned_to_username"),
        ("_extra_data", "_extra_data"),
        ("HTTPServer", "http_server"),
        ("2ndPhone", "_2nd_phone"),
        ("score*", "scorex"),
        ("lead_", "leadx"),
        ("大阪", "x"),
    ],
)
def test_names_as_a_person_would_spell_them(name: str, called: str) -> None:
    assert snake_case(name) == called == DLT.normalize_identifier(name)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": ["string"]},
        "assignedTo": {"type": ["string", "null"]},
        "data": {
            "type": ["object", "null"],
            "properties": {"leadScore": {"type": ["integer"]}, "lead_score": {"type": ["number"]}},
            "additionalProperties": False,
        },
    },
}


def test_a_schema_and_its_records_are_called_alike() -> None:
    names = column_names("snake_case", SCHEMA)
    schema = names.schema(SCHEMA)["properties"]
    record = {"id": "1", "assignedTo": None, "data": {"lead_score": 1.5, "leadScore": 2}}
    called = names.record(record)
    assert [*schema] == [*called] == ["id", "assigned_to", "data"]
    assert {*schema["data"]["properties"]} == {*called["data"]}
    (other,) = called["data"].keys() - {"lead_score"}
    assert called["data"] == {"lead_score": 1.5, other: 2}
    assert schema["data"]["properties"][other] == {"type": ["integer"]}
    assert schema["data"]["additionalProperties"] is False
    assert names.record({**record, "data": None})["data"] is None


def test_by_default_nothing_is_called_otherwise() -> None:
    names = column_names("chakra", SCHEMA)
    assert not names.are_changed
    assert names.schema(SCHEMA) == SCHEMA
