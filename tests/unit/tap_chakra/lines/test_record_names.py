"""Records in JSON get other names and keep every value as it is spelled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.lines.record_names import RecordNames
from tap_chakra.naming.column_names import column_names

names = st.text(min_size=1, max_size=8).filter(lambda name: "\0" not in name)
texts = st.sampled_from(["1.10", "12345678901234567890.10", '"é\\u0000"', "null", "[1,{}]"])


def schema(members: list[str]) -> dict[str, Any]:
    inner = {"properties": {name: {} for name in members}}
    return {"properties": {"id": {}, "assignedTo": {}, "data": inner}}


@given(st.dictionaries(names, texts, max_size=5), st.booleans())
def test_each_value_stands_under_its_name_as_it_was_spelled(
    data: dict[str, str],
    whole: bool,  # noqa: FBT001 - drawn
) -> None:
    called = column_names("snake_case", schema([*data]))
    renames = RecordNames(called)
    inner = ",".join(f"{json.dumps(name)}:{text}" for name, text in data.items())
    held = f"{{{inner}}}" if whole else "null"
    record = f'{{"id":"1","assignedTo":"u","data":{held}}}'.encode()
    (made,) = renames([record])
    expected = ",".join(
        f"{json.dumps(called.inner['data'][name])}:{text}" for name, text in data.items()
    )
    wanted = f"{{{expected}}}" if whole else "null"
    assert made.decode() == f'{{"id":"1","assigned_to":"u","data":{wanted}}}'


def test_a_property_that_is_left_out_stays_so() -> None:
    renames = RecordNames(column_names("snake_case", schema(["leadScore", "city"])))
    assert renames([b'{"id":"1","data":{"city":"x"}}']) == [b'{"id":"1","data":{"city":"x"}}']


@pytest.mark.parametrize("setting", ["chakra"])
def test_names_that_are_the_same_cost_nothing(setting: str) -> None:
    records = [b'{"id":"1"}']
    assert RecordNames(column_names(setting, schema(["leadScore"])))(records) is records
