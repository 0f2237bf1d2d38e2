"""JSON that keeps every digit: a number that a double would round is a `Decimal`, of any size.

Integers are Python's, however long. What most texts hold is read by a decoder in C; a text with
digits that a double may not hold is read slowly, and exactly.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Final

import orjson

_SHAPE: Final = bytes.maketrans(
    bytes(range(256)),
    b"".join(
        {".": b"0", "E": b"e", "e": b"e", "-": b"-"}.get(
            chr(code), b"0" if chr(code) in "0123456789" else b" "
        )
        for code in range(256)
    ),
)
"""Makes digits and points zeros, keeps exponents, and blanks all else."""
_LONG: Final = b"0" * 16
"""Digits in a row that a double may not hold: it holds any 15."""
_TINY: Final = b"0e-000"
"""An exponent of what a double may take for zero."""
_INT64: Final = 2**63


def is_plain(text: bytes) -> bool:
    """Whether a decoder that knows doubles and 64 bits reads every number of a JSON text exactly.

    It may say no to one that it would: digits in texts count, too.
    """
    shape = text.translate(_SHAPE)
    return _LONG not in shape and _TINY not in shape


def loads(text: bytes) -> object:
    """The value of a JSON text.

    Raises:
        ValueError: It is no JSON, or is nested too deeply.
    """
    if is_plain(text):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass  # 1e400, which no double holds, is JSON all the same
    try:
        return json.loads(text, parse_float=number_of, parse_constant=_refused)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: object, *, sort_keys: bool = False) -> bytes:
    """The JSON of a value; numbers as they are, to the last digit.

    Raises:
        TypeError: A value has no JSON.
    """
    option = orjson.OPT_SORT_KEYS if sort_keys else 0
    try:
        return orjson.dumps(value, default=_fragment, option=option)
    except TypeError:
        return orjson.dumps(_spelled(value), default=_fragment, option=option)


def number_of(text: str) -> float | Decimal:
    """The number of a JSON text: a double if its shortest spelling is that number."""
    nearest, exact = float(text), Decimal(text)
    return nearest if math.isfinite(nearest) and Decimal(repr(nearest)) == exact else exact


def _refused(text: str) -> object:
    raise ValueError(f"{text} is no JSON")


def _fragment(value: object) -> object:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} has no JSON")


def _spelled(value: object) -> object:
    """A value whose integers beyond 64 bits are spelled, as orjson does not take them."""
    if isinstance(value, dict):
        return {name: _spelled(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spelled(each) for each in value]
    if isinstance(value, int) and not -_INT64 <= value < 2 * _INT64:
        return orjson.Fragment(str(value))
    return value
