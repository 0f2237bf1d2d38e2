"""Values of the wire that Python's own types would change: numbers by digits, texts with U+0000.

What is of one of these types is a number or a text like any other, and says besides how it came.
Whoever looks for `type(value) is str` or `is float` passes it by, so it never takes a fast way.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Final

NUL: Final = "\0"
_NUL_IN_JSON: Final = b"\\u0000"
"""How JSON spells U+0000; there is no other way."""
_FEW: Final = 300
"""Backslashes that are sooner looked at one by one."""


class SpelledFloat(float):
    """A double that came in other digits than Python would write: `1.50`, `1e-7`.

    Attributes:
        spelling: The digits as they came.
    """

    __slots__ = ("spelling",)
    spelling: str


class SpelledDecimal(Decimal):
    """A number that no double holds.

    Attributes:
        spelling: The digits as they came.
    """

    __slots__ = ("spelling",)
    spelling: str


class NulText(str):
    """A text with U+0000, which no database takes."""

    __slots__ = ()


def spelled_number(text: str) -> float | Decimal | str:
    """The number of a JSON text with a point or an exponent; how it was spelled is kept.

    Its text, where its exponent has no end: such a number is good for nothing but to be shown.
    """
    nearest = float(text)
    if repr(nearest) == text:
        return nearest
    try:
        exact = SpelledDecimal(text)
    except InvalidOperation:
        return text
    if math.isfinite(nearest) and Decimal(repr(nearest)) == exact:
        held = SpelledFloat(nearest)
        held.spelling = text
        return held
    exact.spelling = text
    return exact


def spelling_of(number: float | Decimal) -> str:
    """The digits of a number: as they came, if that is known."""
    if isinstance(number, (SpelledFloat, SpelledDecimal)):
        return number.spelling
    return str(number) if isinstance(number, Decimal) else repr(number)


def spells_nul(text: bytes) -> bool:
    """Whether there may be U+0000 in a JSON text. Most have few backslashes: quickly found."""
    place = -1
    for _ in range(_FEW):
        place = text.find(b"\\", place + 1)
        if place < 0:
            return False
        if text.startswith(_NUL_IN_JSON, place):
            return True
    return text.find(_NUL_IN_JSON, place) >= 0


def mark_nul(value: object) -> object:
    """A value of the wire, its texts with U+0000 told from the others."""
    if isinstance(value, str):
        return NulText(value) if NUL in value else value
    if isinstance(value, list):
        return [mark_nul(each) for each in value]
    if isinstance(value, dict):
        return {name: mark_nul(each) for name, each in value.items()}
    return value


def holds_nul(value: object) -> bool:
    """Whether there is a text with U+0000 anywhere in a value."""
    if isinstance(value, (list, dict)):
        return any(map(holds_nul, value.values() if isinstance(value, dict) else value))
    return isinstance(value, NulText)


def stripped(value: object) -> object:
    """A value of the wire, its texts as a database takes them."""
    if isinstance(value, NulText):
        return without_nul(value)
    if isinstance(value, list):
        return [stripped(each) for each in value]
    if isinstance(value, dict):
        return {without_nul(name): stripped(each) for name, each in value.items()}
    return value


def without_nul(text: str) -> str:
    """A text as a database takes it."""
    return text.replace(NUL, "") if NUL in text else text
