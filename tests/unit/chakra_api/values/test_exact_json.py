"""JSON that keeps every digit, against Python's own reader of decimals."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chakra_api.values import exact_json

decimals = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda number: abs(number.adjusted()) < 5_000
)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | decimals
texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = numbers | texts | st.booleans() | st.none()
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


def spelled(value: Any) -> str:
    """JSON as no product code writes it: numbers by `str`."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{spelled(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spelled, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def decimal(value: Any) -> Any:
    """A document whose numbers are all decimals: equal where they are the same number."""
    if isinstance(value, dict):
        return {name: decimal(each) for name, each in value.items()}
    if isinstance(value, list):
        return [decimal(each) for each in value]
    if isinstance(value, float):
        return Decimal(repr(value))
    return value if isinstance(value, (bool, str)) or value is None else Decimal(value)


@given(documents)
@example(2**64)
@example([Decimal("9007199254740993.0"), Decimal("1e400"), Decimal("12345678901234567.89")])
def test_a_document_is_read_and_written_with_every_digit(document: Any) -> None:
    read = exact_json.loads(spelled(document).encode())
    assert decimal(read) == decimal(document)
    written = json.loads(exact_json.dumps(read), parse_float=Decimal, parse_int=Decimal)
    assert decimal(written) == decimal(document)


@given(documents, documents)
def test_a_neighbour_changes_nothing(document: Any, neighbour: Any) -> None:
    alone = exact_json.loads(spelled(document).encode())
    beside = exact_json.loads(f"[{spelled(document)},{spelled(neighbour)},1e400]".encode())
    assert repr(beside[0]) == repr(alone)  # type: ignore[index]


def test_numbers_without_end_are_texts_and_integers_may_have_any_length() -> None:
    assert exact_json.loads(b"1e99999999999999999999") == "1e99999999999999999999"
    digits = b"7" * 10_000
    assert exact_json.dumps(exact_json.loads(digits)) == digits


def test_half_an_emoji_is_spelled_as_json_spells_it() -> None:
    read = exact_json.loads(b'{"a":["\\ud83d",18446744073709551616]}')
    assert exact_json.dumps(read) == b'{"a":["\\ud83d",18446744073709551616]}'


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b"[" * 100_000], ids=lambda text: text[:3])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kind
        exact_json.loads(text)
