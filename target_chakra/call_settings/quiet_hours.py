"""Hours in which no message leaves: the option `quiet_hours` of a mapping. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import is_set, shown
from chakra_api.values.zones import zone_of
from target_chakra.mapping_options import refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_EXAMPLE: Final = '{"from": "21:00", "until": "08:00", "zone": "Asia/Kolkata"}'


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of each day in which no message leaves.

    Attributes:
        begin: When they begin, `21:00`.
        end: When they end, which is the next day where that is earlier.
        zone: Whose clocks: a name as `Asia/Kolkata`, or an offset.
    """

    begin: str
    end: str
    zone: str

    def over_at(self, now: float) -> datetime | None:
        """When they are over, in their zone; None if a moment does not lie in them.

        Args:
            now: The moment, epoch seconds.
        """
        here = datetime.fromtimestamp(now, zone_of(self.zone) or timezone.utc)
        minute, begin, end = here.hour * 60 + here.minute, _minute(self.begin), _minute(self.end)
        is_quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
        if not is_quiet:
            return None
        day = here if minute < end else here + timedelta(days=1)
        return day.replace(hour=end // 60, minute=end % 60, second=0, microsecond=0)

    def __str__(self) -> str:
        return f"{self.begin} to {self.end} ({self.zone})"


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def parse_quiet_hours(value: object, where: str) -> QuietHours | None:
    """Give the option `quiet_hours` its meaning; None where it is not set.

    Raises:
        SettingsError: It means nothing.
    """
    if not is_set(value):
        return None
    if not isinstance(value, dict):
        raise SettingsError(f"In {where} quiet_hours is {shown(value)}", f"Write it as {_EXAMPLE}")
    refuse_unknown(value, {"from", "until", "zone"}, f"quiet_hours of {where}")
    hours = QuietHours(
        _clock(value, "from", where), _clock(value, "until", where), _zone(value, where)
    )
    if hours.begin == hours.end:
        raise SettingsError(
            f"In {where} quiet_hours begin and end at {hours.begin}",
            "Take them away, or set max_messages to 0 to send nothing at all",
        )
    return hours


def _clock(given: Mapping[str, object], name: str, where: str) -> str:
    value = given.get(name)
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise SettingsError(
            f"In {where} {name} of quiet_hours is {shown(value)}, which is no time of day",
            f"Write them as {_EXAMPLE}",
        )
    return f"{int(found[1]):02d}:{found[2]}"


def _zone(given: Mapping[str, object], where: str) -> str:
    value = given.get("zone")
    if not isinstance(value, str) or zone_of(value) is None:
        raise SettingsError(
            f"In {where} zone of quiet_hours is {shown(value)}, which is no time zone",
            "Use a name as Asia/Kolkata, an offset as +05:30, or UTC",
        )
    return value.strip()
