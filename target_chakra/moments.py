"""Moments by two clocks, ChakraHQ's and ours, and how much time lies between two. Pure.

Between two runs our clock may have been set, or a laptop have slept; ChakraHQ's `Date` may be
missing, or absurd. What an age decides is whether something is given up, so in doubt less time has
passed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

DAY_MS: Final = 86_400_000
"""By how much the two clocks may disagree before one of them is taken for broken."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment by two clocks.

    Attributes:
        ours: By our clock, epoch milliseconds.
        server: By ChakraHQ's, the same; None if it told no time.
    """

    ours: int
    server: int | None

    def after(self, seconds: float) -> Moment:
        """The moment so many seconds later."""
        more = int(seconds * 1000)
        return Moment(self.ours + more, None if self.server is None else self.server + more)


def elapsed(since: Moment, now: Moment) -> float | None:
    """Seconds between two moments, by ChakraHQ's clock; None if it told no time at one of them.

    Where the two clocks are more than a day apart one of them is broken. Then the shorter time
    counts, of those that do not run backwards by more than a day.
    """
    if since.server is None or now.server is None:
        return None
    server, ours = now.server - since.server, now.ours - since.ours
    if abs(server - ours) <= DAY_MS:
        return server / 1000
    forwards = [each for each in (server, ours) if each >= -DAY_MS]
    return min(forwards, default=max(server, ours)) / 1000


def seconds_until(moment: Moment, now: Moment) -> float:
    """Seconds until a moment, 0 if it has passed; where ChakraHQ never told its time, by our clock.

    If it told it then and does not now, nobody knows: infinite.
    """
    if moment.server is None:
        return max(0, moment.ours - now.ours) / 1000
    seconds = elapsed(moment, now)
    return math.inf if seconds is None else max(0.0, -seconds)


def surely_before(created: int | None, taken: int | None) -> bool:
    """Whether a process was created before its job was taken on, by ChakraHQ's times.

    A time in whole seconds may have lost what is finer: it counts as the last of its second, so
    that what the job created is not called older than the job.

    Args:
        created: Epoch milliseconds; None if it is not shown.
        taken: The same.
    """
    if created is None or taken is None:
        return False
    return (created if created % 1000 else created + 999) < taken


def has_passed(moment: Moment, now: Moment) -> bool:
    """Whether a moment lies behind us, as far as anybody knows."""
    return seconds_until(moment, now) == 0
