"""Items of bulk requests: each row is named once, and all that is to change is in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.changes import Action, Change, Key, Kind, Mode
from target_chakra.sending.item_shapes import (
    ARRAY,
    FLAT,
    NESTED,
    OBJECT,
    SHAPES,
    SINGLE,
    identifier,
    item,
)
from tests.support.json_values import scalars

Row = dict[str, object]
FIELDS: Row = {"data.city": "pune", "data.score": 5, "state": "NEW", "record.phone": "1"}


def action_of(
    kind: Kind, fields: Row, *, key: Key | None = None, process_id: str | None = None
) -> Action:
    change = Change(
        seq=1, line=1, stream="s", procedure="lead", key=key, mode=Mode.UPSERT,
        deletes=kind is Kind.DELETE, fields=fields, row={},
    )  # fmt: skip
    return Action(change, kind, process_id, fields, None)


KEY = Key("lead", "lead_id", 7)


def test_an_update_is_nested_or_flat() -> None:
    update = action_of(Kind.UPDATE, {"data.city": "pune", "state": "NEW"}, process_id="x7")
    body = {"data": {"city": "pune"}, "state": "NEW"}
    assert item(update, NESTED, None) == {"id": "x7", "update": body}
    assert item(update, FLAT, None) == {"id": "x7", **body}


def test_a_delete_marks_the_process_and_changes_nothing_else() -> None:
    delete = action_of(Kind.DELETE, {"data.city": "pune"}, process_id="x7")
    assert item(delete, NESTED, None) == {"id": "x7", "update": {"isDeleted": True}}
    assert item(delete, FLAT, None) == {"id": "x7", "isDeleted": True}


def test_a_process_is_named_by_its_id_where_that_is_known_else_by_its_key() -> None:
    assert identifier(action_of(Kind.UPDATE, {}, key=KEY, process_id="x7")) == ("id", "x7")
    assert identifier(action_of(Kind.UPDATE, {}, key=KEY)) == ("lead_id", 7)
    with pytest.raises(ValueError, match="never sent"):
        identifier(action_of(Kind.UPDATE, {}))


@pytest.mark.parametrize("shape", [ARRAY, OBJECT])
def test_a_create_carries_its_primary_key_at_the_top_too(shape: str) -> None:
    create = action_of(Kind.CREATE, {"data.lead_id": 7, **FIELDS})
    assert item(create, shape, "lead_id") == {
        "lead_id": 7,
        "data": {"lead_id": 7, "city": "pune", "score": 5},
        "state": "NEW",
        "record": {"data": {"phone": "1"}},
    }


def test_a_single_create_is_the_body_alone() -> None:
    create = action_of(Kind.CREATE, {"data.lead_id": 7})
    assert item(create, SINGLE, "lead_id") == {"data": {"lead_id": 7}}


@pytest.mark.parametrize("primary_key", [None, "state", "data", "missing"])
def test_a_primary_key_never_takes_the_place_of_a_root_field(primary_key: str | None) -> None:
    create = action_of(Kind.CREATE, {"data.state": "x", "data.data": "y", "state": "NEW"})
    assert item(create, ARRAY, primary_key) == {"data": {"state": "x", "data": "y"}, "state": "NEW"}


destinations = st.builds(
    "{}{}".format,
    st.sampled_from(("data.", "record.")),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=5),
) | st.sampled_from(("state", "status", "assignedTo", "nextActionAt", "isDeleted"))
fields = st.dictionaries(destinations, scalars, min_size=1, max_size=6)


@given(fields, st.sampled_from([(kind, s) for kind in SHAPES for s in SHAPES[kind]]))
def test_every_field_is_in_its_place_once_and_nothing_else(
    given_: Row, form: tuple[Kind, str]
) -> None:
    kind, shape = form
    if kind is Kind.DELETE:
        return
    made = item(action_of(kind, given_, process_id="x7"), shape, None)
    if kind is Kind.UPDATE and shape != SINGLE:  # there it stands in the path
        assert made.pop("id") == "x7"
    body = made.pop("update") if shape == NESTED else made
    assert isinstance(body, dict)
    found: Row = {}
    for name, value in body.items():
        inner = value["data"] if name == "record" else value
        if name in ("data", "record"):
            found |= {f"{name}.{short_id}": each for short_id, each in inner.items()}
        else:
            found[name] = value
    assert found == given_
