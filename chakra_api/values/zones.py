"""Time zones as ChakraHQ and its users spell them: an offset (`+0530`) or an IANA name."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_UTC: Final = frozenset({"UTC", "Z", "GMT"})


def zone_of(name: object) -> tzinfo | None:
    """The zone of that name, or of that offset; None if there is none.

    Args:
        name: `+0530`, `-03:00`, `UTC` or an IANA name as `Asia/Kolkata`.
    """
    if not isinstance(name, str):
        return None
    text = name.strip()
    if text.upper() in _UTC:
        return timezone.utc
    offset = _OFFSET.fullmatch(text)
    if offset is None:
        return _named(text)
    minutes = int(offset[2]) * 60 + int(offset[3])
    if minutes >= 24 * 60 or int(offset[3]) >= 60:  # noqa: PLR2004 - a clock's own numbers
        return None
    return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))


def name_of(zone: tzinfo) -> str:
    """The name by which `zone_of` finds a zone that it has made."""
    if isinstance(zone, ZoneInfo):
        return zone.key
    offset = zone.utcoffset(None) or timedelta()
    minutes = round(abs(offset).total_seconds() / 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}" if minutes else "UTC"


def _named(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (OSError, ValueError, LookupError):  # not there, no key, or no folder of zones
        return None
