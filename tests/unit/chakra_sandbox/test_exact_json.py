"""The sandbox's JSON keeps every digit of a number, and is fast where a double does."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_sandbox import exact_json

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False) | st.integers().map(Decimal)


@given(number=NUMBERS)
def test_a_number_comes_back_as_the_same_number(number: Decimal) -> None:
    text = f'{{"n":{number}}}'.encode()
    written = exact_json.dumps(exact_json.loads(text))
    assert json.loads(written, parse_float=Decimal, parse_int=Decimal) == {"n": number}


@pytest.mark.parametrize("text", [b"1e400", b"-123456789012345678901", b"9007199254740993.0"])
def test_what_a_double_would_round_is_a_decimal(text: bytes) -> None:
    assert exact_json.loads(text) == Decimal(text.decode())


@pytest.mark.parametrize("text", [b"NaN", b"1234567890123456 x", rb'["\ud800", 1234567890123456]'])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them is "no JSON" to the caller
        exact_json.loads(text)


@pytest.mark.parametrize("value", [Decimal("NaN"), object()])
def test_what_has_no_json_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        exact_json.dumps({"n": value})
