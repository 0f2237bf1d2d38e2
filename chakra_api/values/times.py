"""What times of an account mean: the zone of texts that name none, and of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone, tzinfo
from typing import Final

from chakra_api.values.timestamps import DAY_MS, local_time, parse_timestamp


@dataclass(frozen=True, slots=True)
class Times:
    """How the times of an account are read and written.

    Attributes:
        naive: The zone of texts that name none.
        team: The zone in which the account's days begin.
    """

    naive: tzinfo = timezone.utc
    team: tzinfo = timezone.utc

    def instant(self, value: object) -> int | None:
        """A time in epoch milliseconds, finer parts cut off; None for what is no time."""
        return parse_timestamp(value, self.naive)

    def day(self, instant: int, *, cuts: bool = False) -> int | None:
        """The day that begins at an instant, counted from 1970-01-01; None if none does.

        A day begins at midnight UTC, or at midnight of the team.

        Args:
            instant: Epoch milliseconds.
            cuts: Whether it is the day in which the instant lies, in the team's zone.
        """
        if instant % DAY_MS == 0:
            return instant // DAY_MS
        local = local_time(instant, self.team)
        if local is None or (local.milliseconds and not cuts):
            return None
        return local.day


UTC: Final = Times()
"""Texts without a zone, and days, are UTC."""
