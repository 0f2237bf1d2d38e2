"""What a value of a source becomes on ChakraHQ's wire, by the type of its attribute (`values.md`).

A writer takes a value that is neither null nor an empty text and returns the one to send, or
`Unfit`: the row is a reject then, and nothing of it is sent. It never raises, never rounds unless
it is told to, and never guesses a meaning from how a value looks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.values import exact_json
from chakra_api.values.coercion import EXACT_FLOATS, INT64
from chakra_api.values.timestamps import (
    DAY_MS,
    USUAL_FROM,
    USUAL_UNTIL,
    iso_ms,
    plain_day,
    wall_clock,
)

if TYPE_CHECKING:
    from chakra_api.values.times import Times


@dataclass(frozen=True, slots=True)
class Unfit:
    """A value that can't be written.

    Attributes:
        reason: What is wrong with it, as it follows upon the value: `is no integer`.
        held: The value of the wire that ChakraHQ may hold of it all the same; None for none. An
            option may be gone from the configuration, and a user from the team.
    """

    reason: str
    held: object = None


@dataclass(frozen=True, slots=True)
class OnlyHeld:
    """A value that is not written, and that is no fault where ChakraHQ holds it already.

    Attributes:
        value: The value of the wire.
        reason: Why it is not written.
    """

    value: object
    reason: str


Writer: TypeAlias = Callable[[object], object]
"""A column's value, not null and not `""` → the value of the wire, or `Unfit`."""

_DECIMAL: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MOST_DIGITS: Final = 400
"""Digits of a number that is still read: doubles have 309 before the point."""
_TRUTHS: Final[dict[str, bool]] = {
    **dict.fromkeys(("true", "1", "t", "y", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "f", "n", "no", "off"), False),
}


# Numbers


def decimal_of(value: object) -> Decimal | None:
    """The number that a value is or spells, exactly; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, str):
        text = value.strip()
        fits = len(text) <= _MOST_DIGITS and _DECIMAL.fullmatch(text)
        return exact_json.decimal_of(text) if fits else None
    return None


def is_fraction(value: object) -> bool:
    """Whether a value is a number, not a text, that is not whole."""
    number = None if isinstance(value, str) else decimal_of(value)
    return number is not None and not _is_whole(number)


def _is_whole(number: Decimal) -> bool:
    # Far beyond the digits that decimals are computed with, every number is whole or tiny.
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and (exponent >= 0 or number == number.to_integral_value())


def write_integer(value: object) -> object:
    """A whole number of 64 bits: integers, whole floats below 2^53, and their texts."""
    if type(value) is int:
        return value if -INT64 <= value < INT64 else Unfit("is beyond 64 bits")
    number = decimal_of(value)
    if number is None:
        return Unfit("is no integer")
    if not -INT64 <= number < INT64:
        return Unfit("is beyond 64 bits")
    if not _is_whole(number):
        return Unfit("is no integer")
    if abs(number) >= EXACT_FLOATS and not _spells_integer(value):
        return Unfit("is a float that may be rounded: send it as an integer or as a text")
    return int(number)


def _spells_integer(value: object) -> bool:
    return isinstance(value, str) and value.strip().lstrip("+-").isdecimal()


def write_float(value: object) -> object:
    """A number whose decimal value a double holds: its shortest spelling is the same number."""
    if type(value) is float:
        return value if math.isfinite(value) else Unfit("is no number")
    number = decimal_of(value)
    if number is None:
        return Unfit("is no number")
    nearest = float(number)
    if math.isinf(nearest):
        return Unfit("is beyond what a double holds")
    if Decimal(repr(nearest)) != number:
        return Unfit("has more digits than a double holds; round: true on the field rounds it")
    return nearest


def write_rounded(value: object) -> object:
    """A number, rounded to the nearest double."""
    number = decimal_of(value)
    if number is None:
        return Unfit("is no number")
    nearest = float(number)
    return Unfit("is beyond what a double holds") if math.isinf(nearest) else nearest


# Texts


def write_text(value: object) -> object:
    """A text as it is; a number by its digits, a whole float by those of its integer."""
    if type(value) is str:
        return value
    if isinstance(value, (bool, dict, list)):
        return Unfit("is no text")
    if isinstance(value, int):
        return str(value)
    number = decimal_of(value)
    if number is None:
        return Unfit("is no text")
    if number.adjusted() >= exact_json.INT_DIGITS:
        return Unfit(f"is a number of more than {exact_json.INT_DIGITS:,} digits")
    return str(int(number)) if _is_whole(number) else str(value)


def write_number_or_text(value: object) -> object:
    """A number or a text as it is: what ChakraHQ holds may be either."""
    return value if type(value) is int else write_text(value)


def write_json(value: object) -> object:
    """Any JSON; a text that holds JSON becomes what it holds, to the last digit."""
    if isinstance(value, str):
        return _held_json(value)
    return value if _is_finite(value) else Unfit("holds what is no number in JSON")


def _held_json(value: str) -> object:
    try:
        return exact_json.loads(value.encode())
    except ValueError:
        return value


def _is_finite(value: object) -> bool:
    """Whether every number in a value is one."""
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, (float, Decimal)) or math.isfinite(value)


# Booleans


def truth_of(value: object) -> bool | None:
    """The truth that a value is or spells; None for a word that nobody knows."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _TRUTHS.get(value.strip().lower())
    if isinstance(value, (int, float, Decimal)) and value in (0, 1):
        return value == 1
    return None


def write_boolean(value: object) -> object:
    """True or false, 1 or 0, and the words for them in any case."""
    truth = truth_of(value)
    return Unfit("is neither true nor false") if truth is None else truth


# Times


def time_writer(times: Times) -> Writer:
    """Writes instants in the account's unit; finer parts of a text are cut off.

    Args:
        times: What times mean in the account. Numbers of a source are epoch milliseconds.
    """
    unit, read_instant = times.unit_ms, _instant_reader(times)

    def write(value: object) -> object:
        instant = read_instant(value)
        return instant // unit if isinstance(instant, int) else instant

    return read_instant if unit == 1 else write


def _instant_reader(times: Times) -> Writer:
    times = replace(times, unit_ms=1)

    def read(value: object) -> object:
        if type(value) is int and USUAL_FROM <= value < USUAL_UNTIL:
            return value
        if isinstance(value, Decimal) or (isinstance(value, float) and not value.is_integer()):
            return Unfit("is no time")
        instant = times.instant(value)
        if instant is not None:
            return instant
        # A bare zero reads as unset on the wire, and yet it is a time.
        return 0 if decimal_of(value) == 0 else Unfit("is no time")

    return read


def iso_writer(times: Times) -> Writer:
    """Writes instants as ISO 8601 with a zone."""
    read_instant = _instant_reader(times)

    def write(value: object) -> object:
        instant = read_instant(value)
        return iso_ms(instant) if isinstance(instant, int) else instant

    return write


_TIME_OF_DAY: Final = "is a time of day, no date; round: true on the field cuts it off"


def date_writer(times: Times, *, cuts: bool = False) -> Writer:
    """Writes days as the instants of their midnight in UTC, in the account's unit.

    Args:
        times: Whose midnights begin a day.
        cuts: Whether a time of day is cut off.
    """
    read_instant, unit = _instant_reader(times), times.unit_ms

    def write(value: object) -> object:
        plain = plain_day(value) if type(value) is str else None
        if plain is not None:
            return plain * DAY_MS // unit
        if not cuts and is_finer_than_ms(value):
            return Unfit(_TIME_OF_DAY)
        wall = wall_clock(value) if isinstance(value, str) else None
        if wall is not None and (cuts or wall % DAY_MS == 0):
            return (wall - wall % DAY_MS) // unit
        instant = read_instant(value)
        if not isinstance(instant, int):
            return Unfit("is no date")
        day = times.day(instant, cuts=cuts)
        if day is None:
            return Unfit(_TIME_OF_DAY)
        return day * DAY_MS // unit

    return write


def is_finer_than_ms(value: object, unit_ms: int = 1) -> bool:
    """Whether a time has digits that epoch milliseconds, or another unit, do not hold."""
    if isinstance(value, str):
        if unit_ms == 1 and not value[_FOURTH_DIGIT : _FOURTH_DIGIT + 1].isdigit():
            return False  # no room for one, wherever the text begins
        return (_FINER if unit_ms == 1 else _FINER_THAN_SECONDS).search(value) is not None
    return isinstance(value, int) and value % unit_ms != 0


_FOURTH_DIGIT: Final = len("2026-01-05T09:15:00.123")
_FINER: Final = re.compile(r":\d\d[.,]\d{3}\d*[1-9]", re.ASCII)
_FINER_THAN_SECONDS: Final = re.compile(r":\d\d[.,]\d*[1-9]", re.ASCII)


# Lists


def list_writer(
    item: Writer, *, commas: bool = False, as_is: frozenset[object] = frozenset()
) -> Writer:
    """Writes arrays: an array, JSON text of one, or a lone value.

    Args:
        item: Writes one of its values.
        commas: Whether a text with commas is several values.
        as_is: Texts that are written as they are.
    """

    def write(value: object) -> object:
        if as_is and type(value) is list and set(map(type, value)) == {str}:
            listed: list[object] = value
            return listed if as_is.issuperset(listed) else written(value)
        return written(value)

    def written(value: object) -> object:
        made: list[object] = []
        unfit: Unfit | None = None
        for each in _items(value, commas=commas):
            wire = None if each is None else item(each)
            if isinstance(wire, Unfit):
                if wire.held is None:
                    return wire
                unfit, wire = unfit or wire, wire.held
            made.append(wire)
        return made if unfit is None else Unfit(unfit.reason, made)

    return write


def _items(value: object, *, commas: bool) -> list[object]:
    if isinstance(value, list):
        return value
    if not isinstance(value, str):
        return [value]
    if value.lstrip()[:1] == "[":
        held = write_json(value.strip())
        if isinstance(held, list):
            return held
    return [part.strip() for part in value.split(",")] if commas else [value]
