"""The rhythm of a week, learned from the rows that were read.

Time is stretched where many are created, and shrunk at night and on Sundays, so that in *even* time
rows come evenly and windows can be cut to hold so many.

Rows of each hour of the week are counted, and the time that was read of it. What follows from that
is used only as long as it foretells the rows of windows better than no rhythm does: bursts and
imports have none. All times are epoch milliseconds; even time has the same unit, and a week of it
is as long as a week.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_chakra.timeline.windows import Window

HOUR_MS: Final = 3_600_000
HOURS_A_WEEK: Final = 168
WEEK_MS: Final = HOUR_MS * HOURS_A_WEEK

LEAST_WEIGHT: Final = 0.02
"""No hour of the week weighs less than this share of an even one."""

PRIOR_HOURS: Final = 2.0
"""Hours' worth of prior belief that an hour of the week is as any other."""

WINDOWS_A_WEIGHING: Final = 8
"""Windows after which the weights of the hours are made anew."""

MOST_ERROR_RATIO: Final = 0.9
"""The rhythm's errors in foretelling rows must be smaller than this share of those without it."""

LEAST_MS: Final = 1e-3
"""Milliseconds of even time between any two instants."""

CHANCE_ROWS: Final = 5.0
"""Rows that chance may make of none: added to both sides when numbers of rows are compared."""


class EvenTime:
    """The rhythm of a week in which a procedure's rows are created, as far as it is known."""

    def __init__(self) -> None:
        self._rows = [0] * HOURS_A_WEEK
        self._time = [0.0] * HOURS_A_WEEK
        self._ends = [float(HOUR_MS * n) for n in range(HOURS_A_WEEK + 1)]
        self._windows = 0
        self._errors = self._errors_without = 0.0
        self._holds = False

    def learn(self, window: Window, created: Iterable[int]) -> None:
        """Take in a window that was read, and the instants of its rows."""
        lower, upper = window.lower, window.upper
        if lower is None or upper is None or upper <= lower:
            return
        hours = [at // HOUR_MS % HOURS_A_WEEK for at in created]
        self._compare(lower, upper, len(hours))
        for hour in hours:
            self._rows[hour] += 1
        self._read(lower, upper)
        self._windows += 1
        if self._windows % WINDOWS_A_WEIGHING == 0:
            self._weigh()

    def _compare(self, lower: int, upper: int, rows: int) -> None:
        """Compare the rows of a window with those that the rhythm, and no rhythm, foretell."""
        rate = sum(self._rows) / max(1.0, sum(self._time))
        if not rate or upper - lower >= WEEK_MS:
            return
        even = self._even(upper) - self._even(lower)
        self._errors += math.log((rows + CHANCE_ROWS) / (rate * even + CHANCE_ROWS)) ** 2
        self._errors_without += (
            math.log((rows + CHANCE_ROWS) / (rate * (upper - lower) + CHANCE_ROWS)) ** 2
        )

    def _read(self, lower: int, upper: int) -> None:
        weeks, rest = divmod(upper - lower, WEEK_MS)
        if weeks:
            self._time = [time + weeks * HOUR_MS for time in self._time]
        at = upper - rest
        while at < upper:
            ends = min(upper, at - at % HOUR_MS + HOUR_MS)
            self._time[at // HOUR_MS % HOURS_A_WEEK] += ends - at
            at = ends

    def _weigh(self) -> None:
        rate = sum(self._rows) / max(1.0, sum(self._time))
        if not rate:
            return
        belief = PRIOR_HOURS * HOUR_MS
        rates = [
            max(LEAST_WEIGHT, (rows / rate + belief) / (time + belief))
            for rows, time in zip(self._rows, self._time, strict=True)
        ]
        scale = WEEK_MS / sum(rates)
        self._ends = [0.0, *accumulate(each * scale for each in rates)]
        self._holds = self._errors < MOST_ERROR_RATIO * self._errors_without

    def between(self, lower: int, upper: int) -> float:
        """Even time from one instant to a later one."""
        if not self._holds:
            return upper - lower
        return max(LEAST_MS, self._even(upper) - self._even(lower))

    def after(self, lower: int, even: float) -> int:
        """The instant that much even time after another."""
        if not self._holds:
            return lower + round(even)
        week, rest = divmod(self._even(lower) + even, WEEK_MS)
        hour = min(HOURS_A_WEEK - 1, bisect_right(self._ends, rest) - 1)
        begin, end = self._ends[hour], self._ends[hour + 1]
        inside = (rest - begin) / max(end - begin, 1e-9) * HOUR_MS
        return round(week * WEEK_MS + hour * HOUR_MS + min(inside, HOUR_MS))

    def _even(self, instant: int) -> float:
        week, rest = divmod(instant, WEEK_MS)
        hour, inside = divmod(rest, HOUR_MS)
        begin, end = self._ends[hour], self._ends[hour + 1]
        return week * WEEK_MS + begin + (end - begin) * inside / HOUR_MS
