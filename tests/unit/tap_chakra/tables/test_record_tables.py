"""Users, and the collections of the configuration: schemas that their records fit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from chakra_api.account.account import resolve_account
from chakra_sandbox.reads.config_data import config_json
from chakra_sandbox.rows.procedures import MADE
from tap_chakra.records.config_collections import Collection, collection_records, learned
from tap_chakra.records.stream_names import snake_case, stream_names
from tap_chakra.records.users import user_records, users_schema
from tests.support.json_values import values

names = st.sampled_from(["id", "shortId", "name", "createdAt", "flag", "nested"])


def records_of(config: dict[str, Any]) -> dict[str, Collection]:
    account = resolve_account(config)
    return collection_records(account, stream_names(account).collections)


def check(schema: Any, record: dict[str, Any]) -> None:
    Draft202012Validator(dict(schema), format_checker=FormatChecker()).validate(record)


@given(st.lists(st.dictionaries(names, values), max_size=6))
def test_records_fit_the_schema_that_was_learned_from_them(rows: list[dict[str, Any]]) -> None:
    collection = learned(rows)
    for record in collection.rows:
        check(collection.schema, record)
        assert record.keys() <= collection.schema["properties"].keys()  # type: ignore[attr-defined]


def test_each_documented_collection_is_a_stream_and_states_are_one() -> None:
    found = records_of(config_json(MADE))
    assert {"procedures", "attribute_types", "team", "skill_types", "states"} <= found.keys()
    assert {row["procedureShortId"] for row in found["states"].rows} == {"lead", "ticket", "order"}
    assert all(each.keys == ("id",) for each in found.values() if each.rows)
    assert found["roles"].rows[0]["createdAt"].startswith("20")  # type: ignore[attr-defined]


def test_an_empty_configuration_still_has_its_streams() -> None:
    found = records_of({})
    assert "procedures" in found
    assert all(each.rows == () for each in found.values())


def test_no_collection_is_the_stream_of_another() -> None:
    shown = {name: [{"id": name}] for name in ("fooBar", "foo_bar", "users", "team_", "Roles")}
    found = records_of({**config_json(MADE), **shown})
    held = {row["id"]: name for name, each in found.items() for row in each.rows}
    assert {*shown} <= held.keys()
    assert "users" not in found
    assert len({held[name] for name in shown}) == len(shown)


def test_rows_without_ids_have_no_key() -> None:
    assert learned([{"name": "a"}]).keys == ()
    assert learned([{"id": "1"}, {"id": "1"}]).keys == ()


@pytest.mark.parametrize(
    ("name", "snake"), [("attributeTypes", "attribute_types"), ("team", "team"), ("aBC", "a_bc")]
)
def test_names_become_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


V1 = {
    "id": "u1",
    "createdAt": 1_700_000_000_000,
    "username": "asha.k",
    "dob": 0,
    "deletedAt": None,
    "isActive": True,
    "team": "t1",
    "role": "r1",
    "primaryEmail": {"id": "e1", "email": "asha@example.com", "isVerified": False},
    "primaryPhone": None,
    "skills": ["s1"],
}
V2 = {"id": "u1", "team": "acme", "role": "inside_sales", "primaryEmail": "asha@example.com"}


def test_a_user_has_v1s_ids_and_v2s_names() -> None:
    (record,) = user_records([V1], [V2])
    assert (record["team"], record["teamName"]) == ("t1", "acme")
    assert (record["role"], record["roleName"]) == ("r1", "inside_sales")
    assert record["createdAt"] == "2023-11-14T22:13:20.000Z"
    assert (record["email"], record["dob"]) == ("asha@example.com", None)
    extra = json.loads(str(record["_extra_data"]))
    assert extra["skills"] == ["s1"]
    assert extra["primaryEmail"]["isVerified"] is False


def test_without_v2_the_address_comes_from_v1() -> None:
    (record,) = user_records([V1, V1], [])
    assert (record["email"], record["roleName"]) == ("asha@example.com", None)


@given(
    st.dictionaries(st.sampled_from([*V1, "odd"]), values),
    st.dictionaries(st.sampled_from([*V2]), values),
)
def test_every_user_fits_the_schema(row: dict[str, Any], human: dict[str, Any]) -> None:
    for record in user_records([row | {"id": "u1"}], [human]):
        check(users_schema(), record)
        assert record.keys() == users_schema()["properties"].keys()  # type: ignore[attr-defined]
