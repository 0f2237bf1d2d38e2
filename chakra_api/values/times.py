"""What times of an account mean: the zone of texts that name none, and of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone, tzinfo
from typing import TYPE_CHECKING, Final

from chakra_api.values.timestamps import DAY_MS, local_time, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Times:
    """How the times of an account are read and written.

    Attributes:
        naive: The zone of texts that name none.
        team: The zone in which the account's days begin.
        unit_ms: Milliseconds in the unit of its numbers: 1, or 1000 where it speaks seconds.
    """

    naive: tzinfo = timezone.utc
    team: tzinfo = timezone.utc
    unit_ms: int = 1

    def instant(self, value: object) -> int | None:
        """A time in epoch milliseconds, finer parts cut off; None for what is no time."""
        return parse_timestamp(value, self.naive, self.unit_ms)

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


SECOND_MS: Final = 1000
FIRST_MS_OF_ACCOUNTS: Final = 10**11
"""1973 in milliseconds: nothing in ChakraHQ was created before."""


def unit_of(created: Iterable[object]) -> int | None:
    """Milliseconds in the unit of an account, proven by what its rows were created at.

    Args:
        created: `createdAt` of rows of the account, as it came.

    Returns:
        1000 where all are so small that they must be seconds, else 1; None where none is a number.
    """
    numbers = [abs(at) for at in map(_number_of, created) if at]
    if not numbers:
        return None
    return SECOND_MS if max(numbers) < FIRST_MS_OF_ACCOUNTS else 1


def _number_of(value: object) -> int | None:
    """A time that is a number or spells one; None for any other."""
    if isinstance(value, str) and not value.strip().removeprefix("-").isdecimal():
        return None
    return parse_timestamp(value)


UTC: Final = Times()
"""Texts without a zone, and days, are UTC."""
