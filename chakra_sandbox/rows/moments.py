"""Epoch milliseconds and ISO 8601, both ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

SECOND_MS = 1000
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
YEAR_MS = 365 * DAY_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MS = timedelta(milliseconds=1)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|z|[+-]\d\d:?\d\d|[+-]\d\d)?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """The time the made rows lie in: both ends in epoch ms, the end exclusive."""

    start_ms: int
    end_ms: int

    @classmethod
    def before(cls, now_ms: int) -> Span:
        """Return the year that ends an hour before now."""
        return cls(now_ms - HOUR_MS - YEAR_MS, now_ms - HOUR_MS)

    @property
    def width_ms(self) -> int:
        """Its length."""
        return self.end_ms - self.start_ms


def iso_ms(moment_ms: int) -> str:
    """Write epoch milliseconds as `2026-01-05T09:15:00.250Z`."""
    moment = _EPOCH + timedelta(milliseconds=moment_ms)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def iso_offset(moment_ms: int, minutes: int) -> str:
    """Write epoch milliseconds with a zone, `2026-01-05T14:45:00.250+05:30`."""
    local = iso_ms(moment_ms + minutes * 60_000)[:-1]
    sign = "-" if minutes < 0 else "+"
    return f"{local}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def parse_iso(text: str, *, ignore_offset: bool = False) -> int | None:
    """Read an ISO 8601 date or date-time with any offset; none means UTC.

    Args:
        text: For example `2026-01-05T09:15:00.250+05:30` or `2026-01-05`.
        ignore_offset: Take the wall time as UTC whatever the offset says (Q13).

    Returns:
        Epoch milliseconds, fractions of a millisecond cut off; None if it is not a moment.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            tzinfo=timezone.utc,
        )  # fmt: skip
    except ValueError:
        return None
    total = (moment - _EPOCH) // _MS + int((fraction or "0").ljust(3, "0")[:3])
    return total if ignore_offset else total - _offset_ms(zone)


def _offset_ms(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return (-minutes if zone[0] == "-" else minutes) * 60_000
