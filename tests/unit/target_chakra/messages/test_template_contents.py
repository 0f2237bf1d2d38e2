"""What a template may hold, and when Meta's list shows it as it is wanted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.values.writing import Unfit
from target_chakra.messages.template_contents import is_listed, write_category, write_components

HEADER = {"type": "HEADER", "format": "TEXT", "text": "Hello"}
BODY = {"type": "BODY", "text": "Hi {{1}}", "example": {"body_text": [["Mira"]]}}
BUTTONS = {
    "type": "BUTTONS",
    "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}, {"type": "QUICK_REPLY", "text": "No"}],
}
VALUES = st.recursive(
    st.text(max_size=3) | st.integers() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("given_as", [lambda parts: parts, json.dumps])
def test_components_are_a_list_or_spell_one(given_as: Any) -> None:
    assert write_components(given_as([HEADER, BODY])) == [HEADER, BODY]


@pytest.mark.parametrize("value", ["Hi", "{}", "[]", [], [1], ["BODY"], [{"text": "Hi"}], 7, {}])
def test_what_is_no_list_of_components_does_not_fit(value: object) -> None:
    assert isinstance(write_components(value), Unfit)


def test_a_category_is_one_of_three() -> None:
    assert write_category(" utility ") == "UTILITY"
    assert isinstance(write_category("other"), Unfit)
    assert isinstance(write_category(7), Unfit)


def test_meta_lists_in_its_own_order_in_capitals_and_adds_to_it() -> None:
    wanted = [{"type": "body", "text": "Hi"}, {"type": "header", "format": "text", "text": "A"}]
    listed = [
        {"type": "HEADER", "format": "TEXT", "text": "A", "example": {}},
        {"type": "BODY", "text": "Hi", "add_security_recommendation": False},
    ]
    assert is_listed(wanted, listed)
    assert not is_listed(listed, wanted), "what is wanted must be there"


@pytest.mark.parametrize(
    "other",
    [
        [BODY],
        [HEADER, {**BODY, "text": "hi {{1}}"}],
        [HEADER, BODY, BODY],
        [HEADER, {**BODY, "example": {"body_text": [["Asha"]]}}],
        [],
    ],
)
def test_what_differs_is_not_listed(other: list[Any]) -> None:
    assert not is_listed([HEADER, BODY], other)


def test_the_order_of_buttons_counts() -> None:
    turned = {**BUTTONS, "buttons": BUTTONS["buttons"][::-1]}
    assert is_listed([BODY, BUTTONS], [BUTTONS, BODY])
    assert not is_listed([BUTTONS], [turned])


@given(VALUES)
def test_each_value_is_listed_as_itself(value: object) -> None:
    assert is_listed(value, value)


@given(st.lists(st.sampled_from([HEADER, BODY, BUTTONS]), unique_by=str).flatmap(st.permutations))
def test_no_order_of_components_counts(parts: list[Any]) -> None:
    assert is_listed(parts, sorted(parts, key=str))
    assert is_listed(parts, parts[::-1])
