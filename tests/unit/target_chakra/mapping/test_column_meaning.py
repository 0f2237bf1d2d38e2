"""What the tap calls an attribute in snake case leads back to that attribute, and to no other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.account.account import Attribute, Procedure
from chakra_api.account.people import Directory
from chakra_api.values.attribute_types import attribute_type
from tap_chakra.naming.column_names import SPELLINGS, column_names
from target_chakra.changes import Change, Reject
from target_chakra.mapping.destinations import Destinations
from target_chakra.mapping.row_mapper import RowMapper
from target_chakra.stream_mapping import StreamMapping
from target_chakra.sync.proposal import Proposer

NAMES = st.text(st.sampled_from("aAbBcS_1é"), min_size=1, max_size=5).filter(str.strip)
ACCOUNTS = st.lists(NAMES | st.sampled_from(["id", "deleted"]), unique=True, max_size=7, min_size=1)


def into(names: list[str]) -> Destinations:
    """Where values may go in an account whose attributes are called so."""
    kind = attribute_type("string")
    attributes = tuple(Attribute(name, f"a{at}", name, kind) for at, name in enumerate(names))
    return Destinations(Procedure("lead", "p1", "Lead", attributes), Directory.from_users([]))


def named_by_the_tap(names: list[str], spelling: str) -> dict[str, str]:
    """What the tap calls each attribute in the object `data`, by its name in ChakraHQ."""
    held = {"type": "object", "properties": {name: {"type": ["string"]} for name in names}}
    schema: dict[str, Any] = {"type": "object", "properties": {"data": held}}
    return {
        path[1]: called[1] for path, called in column_names(spelling, schema).paths() if path[1:]
    }


def written(names: list[str], row: dict[str, object]) -> dict[str, object]:
    """What a row without a mapping would write."""
    mapper = RowMapper("leads", StreamMapping("*"), into(names), tuple(row))
    found = mapper(1, 2, row)
    assert isinstance(found, Change), found
    return dict(found.fields)


@given(ACCOUNTS, st.sampled_from(SPELLINGS))
def test_what_the_tap_names_the_target_and_init_resolve(names: list[str], spelling: str) -> None:
    called = named_by_the_tap(names, spelling)
    values = {called[name]: f"of {name}" for name in names}
    flat = {f"data__{column}": value for column, value in values.items()}
    wanted = {f"data.{name}": f"of {name}" for name in names}
    assert written(names, {"id": "1", **flat}) == wanted
    assert written(names, {"id": "1", "data": values}) == wanted
    proposed = Proposer("leads", into(names), list(flat)).fields
    assert proposed == {f"data__{called[name]}": f"data.{name}" for name in names}


def test_a_suffix_is_known_and_said_by_the_tap() -> None:
    names = ["leadScore", "lead_score"]
    row: dict[str, object] = {
        "id": "1",
        "data__lead_score": "plain",
        "data__lead_score_af100594": "camel",
    }
    assert written(names, row) == {"data.lead_score": "plain", "data.leadScore": "camel"}


@pytest.mark.parametrize("column", ["data__lead_score", "lead_score", "data__LEADSCORE"])
def test_a_column_that_several_may_mean_is_nobodys_on_its_own(column: str) -> None:
    names = ["leadScore", "LeadScore"]
    nested: dict[str, object] = {"data": {column.removeprefix("data__"): "7"}}
    for row in ({column: "7"}, nested):
        mapper = RowMapper("leads", StreamMapping("*"), into(names), ("id", *row))
        assert isinstance(mapper(1, 2, {"id": "1", **row}), Reject)
    assert Proposer("leads", into(names), [column]).fields == {}
