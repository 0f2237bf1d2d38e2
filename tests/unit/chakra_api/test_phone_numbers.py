"""A phone number becomes digits with its country code, or it is none: nothing is guessed."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.values.phone_numbers import write_phone
from chakra_api.values.writing import Unfit


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        ("+91 98765 43210", "919876543210"),
        ("0091-98765-43210", "919876543210"),
        ("919876543210", "919876543210"),
        ("  +1 (555) 010-0017 ", "15550100017"),
        ("+49\u00a030/1234567", "49301234567"),
        ("+44\u201120\u20117946\u20110000", "442079460000"),
        (919876543213, "919876543213"),
        (919876543212.0, "919876543212"),
        (Decimal(919876543211), "919876543211"),
        ("+2908123", "2908123"),
        ("123456789012345", "123456789012345"),
    ],
)
def test_what_is_a_number_is_its_digits(value: object, digits: str) -> None:
    assert write_phone(value) == digits


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("098765 43210", "it begins with 0"),
        ("+0098765", "no country code begins with 0"),
        ("000919876543210", "no country code begins with 0"),
        ("+44 (0)20 7946 0000", "(0)"),
        ("98765", "too short"),
        ("+1234567890123456", "too long"),
        ("+91 98765 43210 x12", "no phone number"),
        ("tel:+919876543210", "no phone number"),
        ("\uff19\uff11\uff19876543210", "no phone number"),
        ("+91+9876543210", "no phone number"),
        ("asha", "no phone number"),
        ("   ", "no phone number"),
        ("+", "no phone number"),
        (True, "no phone number"),
        (0.5, "no phone number"),
        (-919876543210, "no phone number"),
        ({"number": "919876543210"}, "no phone number"),
        (float("nan"), "no phone number"),
    ],
)
def test_what_is_none_says_why_and_not_what_it_was(value: object, why: str) -> None:
    found = write_phone(value)
    assert isinstance(found, Unfit)
    assert why in found.reason
    assert not re.search(r"\d{5}", found.reason)


@given(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True), st.data())
def test_however_its_digits_are_set_apart_they_are_the_same(
    digits: str, data: st.DataObject
) -> None:
    apart = st.sampled_from(["", "", " ", "-", ".", "\u2011", "\u00a0"])
    spelled = "".join(f"{each}{data.draw(apart)}" for each in digits)
    for start in ("", "+", "00", " + ", "0 0"):
        assert write_phone(f"{start}{spelled}") == digits


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_it_never_raises_and_gives_digits_alone(value: object) -> None:
    found = write_phone(value)
    assert isinstance(found, Unfit) or re.fullmatch(r"[1-9][0-9]{6,14}", str(found))
