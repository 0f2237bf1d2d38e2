"""The shape of a value: what can be said of it without saying it, `text of 10 digits`."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from chakra_api.values.counts import counted
from chakra_api.values.spelled import spelling_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONG: Final = 80
"""Characters from which on only the length of a text is told."""
MOST_TOLD: Final = 3
"""Different shapes of several values that are told."""
_FORMS: Final = (
    ("a uuid", r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    ("a date", r"\d{4}-\d\d-\d\d"),
    ("a date-time with Z", r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z"),
    ("a date-time with an offset", r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?[+-]\d\d:?\d\d"),
    ("a date-time without a zone", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?"),
    ("an email address", r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    ("a web address", r"https?://\S*"),
)
_KNOWN: Final = tuple((name, re.compile(pattern, re.ASCII)) for name, pattern in _FORMS)


def shape_of(value: object) -> str:
    """The shape of a value of the wire.

    Nothing of the value itself is in it but how many characters or digits it has, and of which
    kinds.
    """
    for kind, tell in _TELLS:
        if isinstance(value, kind):
            return tell(value)
    return f"value of type {type(value).__name__}"


def text_shape(text: str) -> str:
    """The shape of a text."""
    if not text:
        return "empty text"
    if not text.strip():
        return f"text of {counted(len(text), 'blank')}"
    if len(text) >= LONG:
        return f"text of {len(text):,} characters"
    for name, pattern in _KNOWN:
        if pattern.fullmatch(text):
            return f"text like {name}"
    kinds = list(dict.fromkeys(map(_kind, text)))
    if len(kinds) == 1:
        return f"text of {counted(len(text), kinds[0])}"
    return f"text of {len(text)} characters ({', '.join(f'{kind}s' for kind in kinds)})"


def shapes_told(values: Iterable[object], most: int = MOST_TOLD) -> str:
    """The commonest shapes of values, with counts: `text of 10 digits (12), null (3)`."""
    counts = Counter(map(shape_of, values))
    told = [f"{shape} ({count:,})" for shape, count in counts.most_common(most)]
    if more := len(counts) - len(told):
        told.append(f"{counted(more, 'further shape')}")
    return ", ".join(told)


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isalpha():
        return "letter"
    return "blank" if character.isspace() else "mark"


def _integer(value: int) -> str:
    # Its digits are counted without making them: a number of the wire may have a million.
    digits = len(str(abs(value))) if abs(value) < 10**LONG else 0
    sign = "negative " if value < 0 else ""
    if not value:
        return "integer of 1 digit"
    return f"{sign}integer of {counted(digits, 'digit')}" if digits else f"{sign}integer, large"


def _number(spelled: str) -> str:
    whole, _, decimals = spelled.lstrip("-").partition(".")
    sign = "negative " if spelled.startswith("-") else ""
    if "e" in spelled.lower():
        return f"{sign}number with an exponent"
    return f"{sign}number of {counted(len(whole), 'digit')} and {counted(len(decimals), 'decimal')}"


def _list(values: list[object]) -> str:
    if not values:
        return "empty list"
    shapes = sorted(map(shape_of, values))
    told = [f"{len(list(same)):,} x {shape}" for shape, same in groupby(shapes)]
    more = " …" if len(told) > MOST_TOLD else ""
    return f"list of {len(values):,}: {', '.join(told[:MOST_TOLD])}{more}"


def _object(fields: dict[str, object]) -> str:
    return f"object of {counted(len(fields), 'field')}" if fields else "empty object"


def _always(said: str) -> Callable[[Any], str]:
    return lambda _: said


_TELLS: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...]] = (
    (type(None), _always("null")),
    (bool, _always("boolean")),
    (int, _integer),
    ((float, Decimal), lambda value: _number(spelling_of(value))),
    (str, text_shape),
    (list, _list),
    (dict, _object),
)
"""What tells the shape of a value, by its type; a boolean is an integer for Python."""
