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

HOUR: Final = 3_600_000
HOURS: Final = 168
WEEK: Final = HOUR * HOURS

FAINTEST: Final = 0.02
"""No hour weighs less than this share of an even one."""

BELIEF: Final = 2.0
"""Hours' worth of belief that an hour of the week is as any other."""

ANEW_EVERY: Final = 8
"""Windows after which the weights are made anew."""

BETTER: Final = 0.9
"""How much smaller the errors of what was foretold must be."""

LEAST: Final = 1e-3
"""Milliseconds of even time between any two instants."""

BLUR: Final = 5.0
"""Rows that chance makes of none."""


class EvenTime:
    """What is known of the rhythm of a procedure."""

    def __init__(self) -> None:
        self._rows = [0] * HOURS
        self._time = [0.0] * HOURS
        self._ends = [float(HOUR * n) for n in range(HOURS + 1)]
        self._windows = 0
        self._errors = self._errors_without = 0.0
        self._holds = False

    def learn(self, window: Window, created: Iterable[int]) -> None:
        """Take in a window that was read, and the instants of its rows."""
        lower, upper = window.lower, window.upper
        if lower is None or upper is None or upper <= lower:
            return
        hours = [at // HOUR % HOURS for at in created]
        self._judge(lower, upper, len(hours))
        for hour in hours:
            self._rows[hour] += 1
        self._read(lower, upper)
        self._windows += 1
        if self._windows % ANEW_EVERY == 0:
            self._weigh()

    def _judge(self, lower: int, upper: int, rows: int) -> None:
        """Compare what the rhythm foretells of a window with what no rhythm does."""
        rate = sum(self._rows) / max(1.0, sum(self._time))
        if not rate or upper - lower >= WEEK:
            return
        even = self._even(upper) - self._even(lower)
        self._errors += math.log((rows + BLUR) / (rate * even + BLUR)) ** 2
        self._errors_without += math.log((rows + BLUR) / (rate * (upper - lower) + BLUR)) ** 2

    def _read(self, lower: int, upper: int) -> None:
        weeks, rest = divmod(upper - lower, WEEK)
        if weeks:
            self._time = [time + weeks * HOUR for time in self._time]
        at = upper - rest
        while at < upper:
            ends = min(upper, at - at % HOUR + HOUR)
            self._time[at // HOUR % HOURS] += ends - at
            at = ends

    def _weigh(self) -> None:
        rate = sum(self._rows) / max(1.0, sum(self._time))
        if not rate:
            return
        belief = BELIEF * HOUR
        rates = [
            max(FAINTEST, (rows / rate + belief) / (time + belief))
            for rows, time in zip(self._rows, self._time, strict=True)
        ]
        scale = WEEK / sum(rates)
        self._ends = [0.0, *accumulate(each * scale for each in rates)]
        self._holds = self._errors < BETTER * self._errors_without

    def between(self, lower: int, upper: int) -> float:
        """Even time from one instant to a later one."""
        if not self._holds:
            return upper - lower
        return max(LEAST, self._even(upper) - self._even(lower))

    def after(self, lower: int, even: float) -> int:
        """The instant that much even time after another."""
        if not self._holds:
            return lower + round(even)
        week, rest = divmod(self._even(lower) + even, WEEK)
        hour = min(HOURS - 1, bisect_right(self._ends, rest) - 1)
        begin, end = self._ends[hour], self._ends[hour + 1]
        inside = (rest - begin) / max(end - begin, 1e-9) * HOUR
        return round(week * WEEK + hour * HOUR + min(inside, HOUR))

    def _even(self, instant: int) -> float:
        week, rest = divmod(instant, WEEK)
        hour, inside = divmod(rest, HOUR)
        begin, end = self._ends[hour], self._ends[hour + 1]
        return week * WEEK + begin + (end - begin) * inside / HOUR
