"""Times on ChakraHQ's wire, read exactly: every form becomes epoch milliseconds (Q5).

A number is milliseconds, whatever its size: a birth date of 1971 is a small one.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
FIRST_MS = -_EPOCH_DAY * DAY_MS + DAY_MS
LAST_MS = (date.max.toordinal() + 1 - _EPOCH_DAY) * DAY_MS - 1

USUAL_FROM = 1
USUAL_UNTIL = LAST_MS + 1
"""An integer in this range is epoch milliseconds as it is; 0 may mean unset, see below."""

_MINUTE_TEXTS = tuple(f"{n // 60:02d}:{n % 60:02d}:" for n in range(1440))
_SECOND_TEXTS = tuple(f"{n:02d}." for n in range(60))
_MS_TEXTS = tuple(f"{n:03d}Z" for n in range(1000))
"""The parts of a written time: to look one up is faster than to format it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_COMMON = frozenset({19, 20, 23, 24, 25, 29})
"""Lengths of `2026-01-05T09:15:00[.123][Z|+05:30]`."""

_DATE_LENGTH = len("2026-01-05")
_ZULU = frozenset("Zz")
_SIGNS = frozenset("+-")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r" ?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)


def parse_timestamp(value: object, naive: tzinfo = timezone.utc, unit_ms: int = 1) -> int | None:
    """Return a time in epoch milliseconds, or None if `value` holds none.

    Args:
        value: Milliseconds (int, float or numeric string), or an ISO date or date-time. `0`, `""`
            and null mean unset (contract 1.5).
        naive: The zone of a text that names none.
        unit_ms: Milliseconds in the unit of numbers.

    Returns:
        Milliseconds, finer parts cut off; None for unset, for what is no time, and for what
        lies outside the years 1 to 9999.
    """
    if type(value) is int:
        # the usual one at once: each row has several
        return value * unit_ms if value and FIRST_MS <= value * unit_ms <= LAST_MS else None
    if isinstance(value, str):
        return _from_text(value.strip(), naive, unit_ms)
    if isinstance(value, float):
        # repr is the number that was sent; the float itself may lie a hair below it
        return _from_decimal(repr(value), unit_ms) if value - value == 0 else None
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


def _from_decimal(text: str, unit_ms: int) -> int | None:
    number = Decimal(text) * unit_ms
    if number == 0 or not FIRST_MS <= number <= LAST_MS:
        return None
    return int(number // 1)


def _from_text(text: str, naive: tzinfo, unit_ms: int) -> int | None:
    if len(text) in _COMMON and text[10:11] == "T":
        try:
            return _from_common(text, naive)
        except (ValueError, OverflowError):
            # Another form of the same length, or no time at all: read it slowly.
            pass
    if _NUMBER.fullmatch(text):
        return _from_decimal(text, unit_ms)
    found = _ISO.fullmatch(text)
    return _from_iso(found, naive) if found else None


def _from_common(text: str, naive: tzinfo) -> int | None:
    """`2026-01-05T09:15:00`, with or without milliseconds, with `Z` or an offset: in C."""
    instant = datetime.fromisoformat(f"{text[:-1]}+00:00" if text[-1] == "Z" else text)
    since = (instant if instant.tzinfo else instant.replace(tzinfo=naive)) - _EPOCH
    ms = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    return ms if FIRST_MS <= ms <= LAST_MS else None


def _from_iso(found: re.Match[str], naive: tzinfo) -> int | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:  # noqa: PLR2004 - a clock's own numbers
        return None
    offset = _offset_seconds(found, naive)
    if offset is None:
        return None
    seconds = (hour * 60 + minute) * 60 + second - offset
    ms = days * DAY_MS + seconds * 1000 + int((found.group(7) or "0")[:3].ljust(3, "0"))
    return ms if FIRST_MS <= ms <= LAST_MS else None


def _offset_seconds(found: re.Match[str], naive: tzinfo) -> int | None:
    zone = found.group(8)
    if zone is None:
        year, month, day, hour, minute = (int(part or 0) for part in found.groups()[:5])
        return _offset_of(datetime(year, month, day, hour, minute), naive)  # noqa: DTZ001 - no zone
    if zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) >= 24 or int(digits[2:]) >= 60:  # noqa: PLR2004 - a clock's own numbers
        return None
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _offset_of(local: datetime, zone: tzinfo) -> int:
    """Seconds that a zone is ahead of UTC at a wall time."""
    offset = zone.utcoffset(local)
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


class LocalTime(NamedTuple):
    """An instant as a zone's calendar and clock show it.

    Attributes:
        day: Counted from 1970-01-01.
        milliseconds: Since its midnight.
    """

    day: int
    milliseconds: int


def local_time(instant: int, zone: tzinfo) -> LocalTime | None:
    """An instant in a zone; None where its year lies outside 1 to 9999 there.

    Args:
        instant: Epoch milliseconds.
        zone: The zone.
    """
    try:
        at = (_EPOCH + timedelta(milliseconds=instant)).astimezone(zone)
    except OverflowError:
        return None
    seconds = (at.hour * 60 + at.minute) * 60 + at.second
    return LocalTime(at.toordinal() - _EPOCH_DAY, seconds * 1000 + at.microsecond // 1000)


def is_zoneless(text: str) -> bool:
    """Whether a text is a time of a day, and names no zone."""
    if text[-1:] in _ZULU or text[-6:-5] in _SIGNS:
        return False  # an offset, or a date alone
    found = _ISO.fullmatch(text.strip())
    return found is not None and found.group(4) is not None and found.group(8) is None


def plain_day(text: str) -> int | None:
    """The day that an ISO date is, counted from 1970-01-01; None for any other text."""
    if len(text) != _DATE_LENGTH or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def wall_clock(text: str) -> int | None:
    """What the calendar and the clock of an ISO text show, as if they were in UTC.

    Returns:
        Epoch milliseconds; None for what is no ISO text.
    """
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    zone = found.group(8)
    bare = text.strip()[: -len(zone)].rstrip() if zone else text.strip()
    instant = _ISO.fullmatch(bare)
    return None if instant is None else _from_iso(instant, timezone.utc)
