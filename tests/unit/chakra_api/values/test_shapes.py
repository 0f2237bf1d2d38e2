"""The shape of a value says what it is like, and nothing of the value itself."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.values.shapes import LONG, shape_of, shapes_told
from chakra_api.wire.wire_json import decode

SAID = frozenset(
    re.findall(
        r"\S+",
        """
        a address an and blank blanks boolean character characters date date-time decimal
        decimals digit digits email empty exponent field fields further integer large letter
        letters like list mark marks negative null number object of offset shape shapes text
        uuid web with without x Z zone
        """,
    )
)
"""Every word that a shape is made of; the rest are counts."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (None, "null"),
        (True, "boolean"),
        (0, "integer of 1 digit"),
        (-4711, "negative integer of 4 digits"),
        (10**3000, "integer, large"),
        (1.5, "number of 1 digit and 1 decimal"),
        (-120.25, "negative number of 3 digits and 2 decimals"),
        (Decimal("1e400"), "number with an exponent"),
        ("", "empty text"),
        ("  ", "text of 2 blanks"),
        ("9155500051", "text of 10 digits"),
        ("+9155500051", "text of 11 characters (marks, digits)"),
        ("Priya", "text of 5 letters"),
        ("Priya K", "text of 7 characters (letters, blanks)"),
        ("李伟", "text of 2 letters"),
        ("priya@example.com", "text like an email address"),
        ("3f6c2a58-7a94-4a3e-9c1b-5d8e7f604b12", "text like a uuid"),
        ("2026-11-02", "text like a date"),
        ("2026-11-02T09:00:00Z", "text like a date-time with Z"),
        ("2026-11-02T09:00:00+05:30", "text like a date-time with an offset"),
        ("2026-11-02 09:00:00", "text like a date-time without a zone"),
        ("https://x.test/priya", "text like a web address"),
        ("x" * 2000, "text of 2,000 characters"),
        ([], "empty list"),
        ([1, 2, "a"], "list of 3: 2 x integer of 1 digit, 1 x text of 1 letter"),
        ({}, "empty object"),
        ({"a": 1}, "object of 1 field"),
    ],
)
def test_each_kind_of_value_has_its_shape(value: object, shape: str) -> None:
    assert shape_of(value) == shape


def test_a_number_that_no_double_holds_has_the_shape_of_its_spelling() -> None:
    value = decode(b"123456789012345678901.25")
    assert shape_of(value) == "number of 21 digits and 2 decimals"


@given(JSON)
def test_a_shape_is_made_of_its_own_words_and_of_counts_alone(value: object) -> None:
    words = re.findall(r"[^\s,:()…]+", shape_of(value))
    assert [word for word in words if word not in SAID and not word.isdecimal()] == []


@given(st.text(min_size=LONG))
def test_of_a_long_text_only_its_length_is_told(text: str) -> None:
    assert shape_of(text) in {
        f"text of {len(text):,} characters",
        f"text of {len(text):,} blanks",
    }


def test_the_commonest_shapes_of_several_values_come_first_with_counts() -> None:
    values = ["12", "34", "ab", None, 1, 2.5, []]
    assert shapes_told(values) == (
        "text of 2 digits (2), text of 2 letters (1), null (1), 3 further shapes"
    )
