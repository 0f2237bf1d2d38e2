"""Times on ChakraHQ's wire, read exactly: every form becomes epoch milliseconds (Q5)."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import lru_cache

_DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SECONDS_BELOW = 10**11
"""A bare number below it counts seconds: as milliseconds it would lie before March 1973."""
_FIRST_MS = -_EPOCH_DAY * _DAY_MS + _DAY_MS
_LAST_MS = (date.max.toordinal() + 1 - _EPOCH_DAY) * _DAY_MS - 1

USUAL_FROM = _SECONDS_BELOW
USUAL_UNTIL = _LAST_MS + 1
"""An integer in this range is epoch milliseconds as it is."""

_MINUTE_TEXTS = tuple(f"{n // 60:02d}:{n % 60:02d}:" for n in range(1440))
_SECOND_TEXTS = tuple(f"{n:02d}." for n in range(60))
_MS_TEXTS = tuple(f"{n:03d}Z" for n in range(1000))
"""The parts of a written time: to look one up is faster than to format it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_COMMON = frozenset({19, 20, 23, 24, 25, 29})
"""Lengths of `2026-01-05T09:15:00[.123][Z|+05:30]`."""

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r" ?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)


def parse_timestamp(value: object) -> int | None:
    """Return a time in epoch milliseconds, or None if `value` holds none.

    Args:
        value: Milliseconds or seconds (int, float or numeric string), or an ISO date or
            date-time; without a zone it is UTC. `0`, `""` and null mean unset (contract 1.5).

    Returns:
        Milliseconds, finer parts cut off; None for unset, for what is no time, and for what
        lies outside the years 1 to 9999.
    """
    if type(value) is int:
        # the usual one at once: each row has several
        return value if _SECONDS_BELOW <= value <= _LAST_MS else _from_number(value)
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, float):
        # repr is the number that was sent; the float itself may lie a hair below it
        return _from_decimal(repr(value)) if value - value == 0 else None
    return None


def iso_ms(ms: int) -> str:
    """Return epoch milliseconds as `2026-01-01T00:00:00.000Z`.

    Raises:
        ValueError: The time lies outside the years 1 to 9999.
    """
    minute, rest = divmod(ms, 60_000)
    day, minute = divmod(minute, 1440)
    second, rest = divmod(rest, 1000)
    return f"{iso_day(day)}T{_MINUTE_TEXTS[minute]}{_SECOND_TEXTS[second]}{_MS_TEXTS[rest]}"


@lru_cache(maxsize=65_536)
def iso_day(day: int) -> str:
    """Return a day, counted from 1970-01-01, as `2026-01-01`.

    Raises:
        ValueError: The day lies outside the years 1 to 9999.
    """
    return date.fromordinal(day + _EPOCH_DAY).isoformat()


def _from_number(value: int) -> int | None:
    ms = value if abs(value) >= _SECONDS_BELOW else value * 1000
    return ms if ms and _FIRST_MS <= ms <= _LAST_MS else None


def _from_decimal(text: str) -> int | None:
    number = Decimal(text)
    if abs(number) < _SECONDS_BELOW:
        number *= 1000
    if number == 0 or not _FIRST_MS <= number <= _LAST_MS:
        return None
    return int(number // 1)


def _from_text(text: str) -> int | None:
    if len(text) in _COMMON and text[10:11] == "T":
        try:
            return _from_common(text)
        except ValueError:
            # Another form of the same length, or no time at all: read it slowly.
            pass
    if _NUMBER.fullmatch(text):
        return _from_decimal(text)
    found = _ISO.fullmatch(text)
    return _from_iso(found) if found else None


def _from_common(text: str) -> int | None:
    """`2026-01-05T09:15:00`, with or without milliseconds, with `Z` or an offset: in C."""
    instant = datetime.fromisoformat(f"{text[:-1]}+00:00" if text[-1] == "Z" else text)
    since = (instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)) - _EPOCH
    ms = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    return ms if _FIRST_MS <= ms <= _LAST_MS else None


def _from_iso(found: re.Match[str]) -> int | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:  # noqa: PLR2004 - a clock's own numbers
        return None
    seconds = (hour * 60 + minute) * 60 + second - _offset_seconds(found.group(8))
    ms = days * _DAY_MS + seconds * 1000 + int((found.group(7) or "0")[:3].ljust(3, "0"))
    return ms if _FIRST_MS <= ms <= _LAST_MS else None


def _offset_seconds(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds
