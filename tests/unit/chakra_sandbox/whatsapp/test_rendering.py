"""A template is filled with its parameters in their order, or refused by Meta's code."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_sandbox.whatsapp.meta_errors import MetaRejection
from chakra_sandbox.whatsapp.rendering import Given, filled, places_in

WORDS = st.text(st.sampled_from("abc{}1 é"), min_size=1, max_size=9).filter(
    lambda word: word.strip() and "     " not in word
)


def template(text: str, *others: dict[str, Any]) -> dict[str, Any]:
    return {"components": [*others, {"type": "BODY", "text": text}]}


@given(st.lists(WORDS, max_size=12))
def test_values_stand_where_their_numbers_stand(values: list[str]) -> None:
    """Also ten and more of them, twice, and values that look like parameters."""
    places = [f"{{{{{at}}}}}" for at in range(len(values), 0, -1)] * 2
    expected = "|".join([*values[::-1]] * 2)
    assert filled(template("|".join(places)), Given(values)) == expected


def test_a_parameter_that_stands_twice_counts_once() -> None:
    assert places_in("{{1}} {{ 1 }} {{2}} {3}") == 2


@pytest.mark.parametrize(
    ("part", "given", "code"),
    [
        ({"type": "HEADER", "format": "TEXT", "text": "{{1}}"}, Given(), 132000),
        ({"type": "HEADER", "format": "VIDEO"}, Given(media="IMAGE"), 132012),
        ({"type": "HEADER", "format": "LOCATION"}, Given(), 132012),
        ({"type": "BUTTONS", "buttons": [{"type": "URL", "url": "x/{{1}}"}]}, Given(), 131008),
        ({"type": "FOOTER", "text": "x"}, Given(body=("more",)), 132000),
    ],
)
def test_what_does_not_fit_is_refused(part: dict[str, Any], given: Given, code: int) -> None:
    with pytest.raises(MetaRejection) as caught:
        filled(template("Hello", part), given)
    assert caught.value.row["code"] == code
