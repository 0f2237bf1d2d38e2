"""Which writer serves which attribute type, and how values of the wire are compared.

The way back of `coercion`: what the tap stores (an ISO date, JSON text) becomes again what
ChakraHQ wrote (epoch milliseconds, an object).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values import attribute_types as types
from chakra_api.values.choices import Choices, choice_writer
from chakra_api.values.coercion import MISFIT, json_text
from chakra_api.values.spelled import stripped
from chakra_api.values.times import UTC, Times
from chakra_api.values.timestamps import USUAL_FROM, USUAL_UNTIL, iso_day
from chakra_api.values.writing import (
    date_writer,
    decimal_of,
    iso_writer,
    list_writer,
    time_writer,
    write_boolean,
    write_float,
    write_integer,
    write_json,
    write_number_or_text,
    write_rounded,
    write_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chakra_api.values.attribute_types import AttributeType, Family
    from chakra_api.values.choices import Option
    from chakra_api.values.coercion import Coercer
    from chakra_api.values.writing import Writer

_NOT_WRITTEN: Final = frozenset(
    {"booking", "cart", "taskcollection", "recordcollection", "processcollection"}
)
TAKES: Final[Mapping[str, str]] = {
    "text": "texts and numbers",
    "reference": "ids",
    "month": "numbers and texts",
    "integer": "whole numbers of 64 bits",
    "number": "numbers that a double holds exactly",
    "boolean": "true or false, 1 or 0, t or f, y or n, yes or no, on or off",
    "date": "ISO dates, and times at midnight",
    "datetime": "ISO 8601 or epoch milliseconds",
    "ISO datetime": "ISO 8601 or epoch milliseconds",
    "JSON": "any JSON",
}
"""What a user is told that a family takes."""


def is_writable(kind: AttributeType) -> bool:
    """Whether values of the type are ever written (contract 6)."""
    return types.folded(kind.name) not in _NOT_WRITTEN


def takes(kind: AttributeType) -> str:
    """What values of the type may be, for a message."""
    family = kind.family
    if family.item is not None:
        return f"arrays of {takes_of(family.item)}"
    return takes_of(family)


def takes_of(family: Family) -> str:
    """What values of a family may be, for a message."""
    return "its choices, by value or label" if family.is_choice else TAKES[family.name]


def writer(
    kind: AttributeType, options: Iterable[Option] = (), times: Times = UTC, *, rounds: bool = False
) -> Writer:
    """What makes values of the wire for attributes of a type.

    Args:
        kind: The attribute's type.
        options: Its options, if it is a choice; none if they are not known.
        times: What times without a zone, and days, mean.
        rounds: Whether digits that a double can't hold, and times of a day, are cut off.
    """
    choices = tuple(options) if kind.family.is_choice else ()
    family = kind.family
    if family.item is None:
        return _single(family, choices, times, rounds=rounds)
    item = _single(family.item, choices, times, rounds=rounds)
    texts = family.item.json_schema == types.TEXT.json_schema
    as_is = frozenset(option.value for option in choices) if texts else frozenset[object]()
    return list_writer(item, commas=family.is_choice, as_is=as_is)


def _single(family: Family, options: tuple[Option, ...], times: Times, *, rounds: bool) -> Writer:
    name = family.name.removeprefix("choice of ")
    writers: dict[str, Writer] = {
        "text": write_text,
        "reference": write_text,
        "month": write_number_or_text,
        "integer": write_integer,
        "number": write_rounded if rounds else write_float,
        "boolean": write_boolean,
        "date": date_writer(times, cuts=rounds),
        "datetime": time_writer(times),
        "ISO datetime": iso_writer(times),
        "JSON": write_json,
    }
    if not options:
        return writers[name]
    choices = Choices(options, numeric=name in {"integer", "number"})
    return choice_writer(choices, writers[name])


def comparer(kind: AttributeType, times: Times = UTC) -> Coercer:
    """What makes values of the wire comparable: equal where ChakraHQ means the same."""
    if kind.family.name in {"datetime", "ISO datetime"}:
        return _instant_comparer(times)
    if kind.family.name == "date":
        return _day_comparer(kind.reader(times), times)
    return _json_or_none if kind.family.name == "JSON" else kind.reader(times)


def _instant_comparer(times: Times) -> Coercer:
    unit = times.unit_ms
    usual_until = USUAL_UNTIL // unit

    def instant(value: object) -> object:
        if type(value) is int and USUAL_FROM <= value < usual_until:
            return value * unit
        if value is None or value == "":
            return None
        found = times.instant(value)
        if found is None and decimal_of(value) == 0:
            found = 0  # a bare zero reads as unset, and yet it is a time
        return MISFIT if found is None else found

    return instant


def _day_comparer(coerce: Coercer, times: Times) -> Coercer:
    def day(value: object) -> object:
        found = coerce(value)
        if found is not MISFIT:
            return found
        instant = times.instant(value)
        at = None if instant is None else times.day(instant)
        return MISFIT if at is None else iso_day(at)

    return day


def _json_or_none(value: object) -> object:
    return None if value is None else json_text(stripped(value), plain=True)
