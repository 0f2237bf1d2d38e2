"""JSON that keeps every digit: numbers that neither 64 bits nor a double hold are `Decimal`."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

import orjson

_MAY_BE_ROUNDED: Final = re.compile(rb"\d[\d.]{15}|\d[eE][+-]?\d{2}")
"""Digits that a double may not hold; of a uuid now and then, which costs time and no digit."""
_INT64: Final = 2**63


def loads(text: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Read JSON; a number that a double or 64 bits would change is a `Decimal`.

    Raises:
        ValueError: The text is no JSON.
    """
    if _MAY_BE_ROUNDED.search(text) is None:
        return orjson.loads(text)
    value = json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_refused)
    if b"\\u" in text:
        json.dumps(value, ensure_ascii=False, default=str).encode()  # half a surrogate is no text
    return value


def dumps(value: object) -> bytes:
    """Write JSON; a `Decimal` as the number that it is.

    Raises:
        TypeError: A value has no JSON.
    """
    return orjson.dumps(value, default=_digits)


def _integer(text: str) -> object:
    value = int(text)
    return value if -_INT64 <= value < _INT64 else Decimal(text)


def _number(text: str) -> object:
    value, exact = float(text), Decimal(text)
    return value if repr(value) not in {"inf", "-inf"} and Decimal(repr(value)) == exact else exact


def _refused(text: str) -> object:
    raise ValueError(f"{text} is no JSON")


def _digits(value: object) -> object:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} has no JSON")
