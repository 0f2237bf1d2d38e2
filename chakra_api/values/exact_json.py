"""JSON that keeps every digit: a number that a double would round is a `Decimal`, of any size.

Integers are Python's, however long. What most texts hold is read by a decoder in C; a text with
digits that a double may not hold is read slowly, and exactly.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal, InvalidOperation
from typing import Final

import orjson

from chakra_api.values.spelled import SpelledFloat, spelling_of

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
_MARKS: Final = b":,[ \t\r\n"
"""What stands before a number in JSON."""
_INT64: Final = 2**63
INT_DIGITS: Final = 4_000
"""Digits of an integer that Python turns into text and back: it refuses more than 4,300."""


def is_plain(text: bytes) -> bool:
    """Whether a decoder that knows doubles and 64 bits reads every number of a JSON text exactly.

    It may say no to one that it would: digits in texts count, too.
    """
    shape = text.translate(_SHAPE)
    if _LONG in shape:
        return False
    at = shape.find(_TINY)
    while at >= 0:
        # of a number, and not of a uuid (62e-598…): nothing but digits between it and JSON's marks
        before = max(shape.rfind(b" ", 0, at), shape.rfind(b"e", 0, at))
        if before < 0 or text[before] in _MARKS:
            return False
        at = shape.find(_TINY, at + 1)
    return True


def loads(text: bytes, *, constants: bool = False) -> object:
    """The value of a JSON text.

    Args:
        text: The text, in UTF-8.
        constants: Whether it may hold NaN and infinities, as Python writes them: a `Decimal` each.

    Raises:
        ValueError: It is no JSON, or is nested too deeply.
    """
    if is_plain(text):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass  # 1e400, which no double holds, is JSON all the same
    try:
        return json.loads(
            text,
            parse_int=integer_of,
            parse_float=number_of,
            parse_constant=Decimal if constants else _refused,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: object, *, sort_keys: bool = False, plain: bool = False) -> bytes:
    """The JSON of a value; numbers as they are, to the last digit (and a `Decimal` that is none).

    Args:
        value: What it says.
        sort_keys: Whether keys stand in their order.
        plain: Whether equal numbers are spelled alike, however they came.

    Raises:
        TypeError: A value has no JSON.
    """
    option = orjson.OPT_SORT_KEYS if sort_keys else 0
    write = _plain_fragment if plain else _fragment
    try:
        return orjson.dumps(value, default=write, option=option)
    except TypeError:
        return orjson.dumps(_spelled(value), default=write, option=option)


def number_of(text: str) -> float | Decimal | str:
    """The number of a JSON text: a double if its shortest spelling is that number.

    Its text, where its exponent has no end: such a number is good for nothing but to be shown.
    """
    exact = decimal_of(text)
    if exact is None:
        return text
    nearest = float(text)
    return nearest if math.isfinite(nearest) and Decimal(repr(nearest)) == exact else exact


def decimal_of(text: str) -> Decimal | None:
    """The decimal number that a text spells; None where its exponent has no end."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def integer_of(text: str) -> int | Decimal:
    """The integer of a JSON text, of any size."""
    return int(text) if len(text) <= INT_DIGITS else Decimal(text)


def _refused(text: str) -> object:
    raise ValueError(f"{text} is no JSON")


def _fragment(value: object) -> object:
    if isinstance(value, (SpelledFloat, Decimal)):
        return orjson.Fragment(spelling_of(value))
    raise TypeError(f"{type(value).__name__} has no JSON")


def _plain_fragment(value: object) -> object:
    if isinstance(value, SpelledFloat):
        return float(value)
    return orjson.Fragment(str(value)) if isinstance(value, Decimal) else _fragment(value)


def _whole(name: object) -> object:
    return name.encode(errors="replace").decode() if isinstance(name, str) else name


def _spelled(value: object) -> object:
    """A value with its texts, and its integers beyond 64 bits, spelled: orjson refuses some."""
    if isinstance(value, dict):
        return {_whole(name): _spelled(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spelled(each) for each in value]
    if isinstance(value, int) and not -_INT64 <= value < 2 * _INT64:
        return orjson.Fragment(str(value))
    if isinstance(value, str):  # half an emoji has a spelling in JSON, though not in UTF-8
        return orjson.Fragment(json.dumps(value))
    return value
