"""Encoding is the way back of coercion: what the tap stores becomes what ChakraHQ wrote."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chakra_api.values.attribute_types import _BY_NAME, attribute_type
from chakra_api.values.coercion import MISFIT, json_text
from chakra_api.values.encoding import comparer, encoder, is_writable, to_wire_json
from tests.support.json_values import values

TYPES = sorted(_BY_NAME)
types = st.sampled_from(TYPES)
instants = st.integers(-62_135_596_800_000 + 86_400_000, 253_402_300_799_999)
moments = instants | instants.map(lambda ms: ms - ms % 86_400_000)
held = values | moments | moments.map(str)


def in_doubt(name: str, stored: object) -> bool:
    """Whether a time is one whose milliseconds are read as seconds (Q5): from 1966 to 1973."""
    timely = name.startswith("date") and isinstance(stored, str)
    return timely and "1966-10" <= str(stored) < "1973-04"


@given(types, held)
@example("json", '"text"')
@example("json", '{"a": 1180591620717411303424}')
def test_what_is_stored_is_written_back_as_what_it_was(name: str, value: object) -> None:
    kind = attribute_type(name)
    stored = kind.coerce(value)
    if stored is MISFIT or in_doubt(name, stored):
        return
    wire = encoder(kind)(stored)
    assert wire is not MISFIT
    assert kind.coerce(wire) == stored


@given(types, held)
def test_what_was_held_and_what_is_written_back_mean_the_same(name: str, value: object) -> None:
    kind = attribute_type(name)
    stored, same = kind.coerce(value), comparer(kind)
    if stored is MISFIT or stored is None or in_doubt(name, stored):
        return
    assert same(encoder(kind)(stored)) == same(value)


@given(types, held)
def test_encoding_never_raises_and_says_misfit_where_the_type_does(
    name: str, value: object
) -> None:
    kind = attribute_type(name)
    wire = encoder(kind)(value)
    if wire is not MISFIT and wire is not None and not in_doubt(name, kind.coerce(value)):
        assert kind.coerce(wire) is not MISFIT


@given(values)
def test_json_text_becomes_what_it_holds_exactly(value: object) -> None:
    assert json_text(to_wire_json(json_text(value))) == json_text(value)


@pytest.mark.parametrize("text", ["{", "tomorrow", "", "[1,", "NaN"])
def test_a_text_that_is_no_json_is_sent_as_a_text(text: str) -> None:
    assert to_wire_json(text) == text


@pytest.mark.parametrize(
    ("name", "value", "wire"),
    [
        ("date", "2026-01-05", 1_767_571_200_000),
        ("date", "1970-06-15", 14_256_000_000),
        ("date", "2026-01-05T00:00:00Z", 1_767_571_200_000),
        ("date", "2026-01-05T01:00:00Z", MISFIT),
        ("datetime", "2026-01-05T09:15:00.123Z", 1_767_604_500_123),
        ("datetime", "2026-01-05 14:45:00+05:30", 1_767_604_500_000),
        ("datetime", 1_767_604_500_123, 1_767_604_500_123),
        ("datetime", "2026-01-05T09:15:00.123456Z", MISFIT),
        ("datetime", "", None),
        ("integer", "105", 105),
        ("integer", 5.5, MISFIT),
        ("float", "2.5", 2.5),
        ("string", 5, "5"),
        ("string", None, None),
        ("multiStringEnum", '["a","b"]', ["a", "b"]),
        ("json", '{"a":[1]}', {"a": [1]}),
        ("json", {"a": [1]}, {"a": [1]}),
        ("monthOfYear", 7, 7),
        ("monthOfYear", "7", "7"),
    ],
    ids=repr,
)
def test_what_a_row_carries_becomes_the_documented_form(
    name: str, value: object, wire: object
) -> None:
    assert encoder(attribute_type(name))(value) == wire


def test_collections_bookings_and_carts_are_never_written() -> None:
    never = {name for name in TYPES if not is_writable(attribute_type(name))}
    assert never == {
        "booking",
        "cart",
        "processcollection",
        "recordcollection",
        "taskcollection",
    }
