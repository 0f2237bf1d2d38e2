"""Readers of times and days: what a value of the wire means in an account (`times.py`).

A reader is a coercer: see `coercion.py`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import MISFIT
from chakra_api.values.times import SECOND_MS, UTC
from chakra_api.values.timestamps import (
    DAY_MS,
    FIRST_MS,
    LAST_MS,
    USUAL_FROM,
    USUAL_UNTIL,
    is_zoneless,
    iso_day,
    iso_ms,
    parse_timestamp,
    wall_clock,
)

if TYPE_CHECKING:
    from chakra_api.values.coercion import Coercer
    from chakra_api.values.times import Times

_STORED: Final = len("2026-01-05T09:15:00.123Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
_SUB_MS: Final = re.compile(r"[.,]\d{3}\d*[1-9]", re.ASCII)
_ZONES: Final = frozenset("Z+-")
_UNSET: Final = (0, "", "0")


def time_reader(times: Times) -> Coercer:
    """Reads instants, as `2026-01-05T09:15:00.123Z`; finer times do not fit."""
    naive, unit = times.naive, times.unit_ms
    usual_until = USUAL_UNTIL // unit

    def read(value: object) -> object:
        if type(value) is int and USUAL_FROM <= value < usual_until:
            return iso_ms(value * unit)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or _finer_than_ms(value, unit):
            return MISFIT
        instant = parse_timestamp(value, naive, unit)
        if instant is None:
            return iso_ms(0) if _is_zero(value) else MISFIT
        return value if _is_stored_form(value) else iso_ms(instant)

    return read


def root_time_reader(times: Times) -> Coercer:
    """Reads the times of a row itself: 0 means unset there (contract 1.5)."""
    read_time = time_reader(times)

    def read(value: object) -> object:
        return None if value in _UNSET and not isinstance(value, bool) else read_time(value)

    return read


def date_reader(times: Times) -> Coercer:
    """Reads days, as `2026-01-05`: midnights in UTC or of the team, and ISO dates."""
    unit = times.unit_ms
    least, most = FIRST_MS // unit + 1, LAST_MS // unit
    day_of = lru_cache(maxsize=16_384)(times.day)

    def read(value: object) -> object:
        if type(value) is int and not value * unit % DAY_MS and least <= value <= most:
            return iso_day(value * unit // DAY_MS)
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return MISFIT
        return read_other(value)

    def read_other(value: object) -> object:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return value if UTC.instant(value) is not None else MISFIT
        if _finer_than_ms(value, unit):
            return MISFIT
        if isinstance(value, str) and is_zoneless(value):
            wall = wall_clock(value)
            return MISFIT if wall is None or wall % DAY_MS else iso_day(wall // DAY_MS)
        instant = 0 if _is_zero(value) else times.instant(value)
        day = None if instant is None else day_of(instant)
        return MISFIT if day is None else iso_day(day)

    return read


def _is_zero(value: object) -> bool:
    """Whether a value is the number zero, or spells it."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value.strip()) is not None and not Decimal(value.strip())
    return value == 0


def _is_stored_form(value: object) -> bool:
    """Whether a time is spelled as `iso_ms` spells it."""
    if type(value) is not str or len(value) != _STORED:
        return False
    return value[10] == "T" and value[19] == "." and value[-1] == "Z"


def _finer_than_ms(value: object, unit_ms: int) -> bool:
    if isinstance(value, str):
        # A zone at the place where it stands behind three digits leaves no room for a fourth.
        if value[23:24] in _ZONES and value[19:20] == ".":
            return False
        if value[4:5] == "-":
            return _SUB_MS.search(value) is not None
        if _NUMBER.fullmatch(value.strip()):
            return _has_more_places(Decimal(value.strip()), unit_ms)
        return _SUB_MS.search(value) is not None
    if isinstance(value, float) and not value.is_integer():
        return _has_more_places(Decimal(repr(value)), unit_ms)
    return False


def _has_more_places(number: Decimal, unit_ms: int) -> bool:
    """Whether a number has more decimal places than milliseconds have in its unit."""
    _, digits, exponent = number.as_tuple()
    if not any(digits) or not isinstance(exponent, int):
        return False
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return exponent + zeros < (-3 if unit_ms == SECOND_MS else 0)
