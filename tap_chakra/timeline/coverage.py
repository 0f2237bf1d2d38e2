"""The time that a scan has read, as ranges that never overlap and are merged where they touch.

Pure. A range keeps how many rows were read in it, so that a resumed scan knows how many it has
seen in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_RANGES = 110
"""Ranges that are kept: the emptiest go first, and are read again by the run that resumes."""


@dataclass(frozen=True, slots=True)
class Range:
    """A range of time that was read, and the number of rows in it."""

    window: Window
    rows: int

    def until(self, top: int) -> Range | None:
        """The part of the range before an instant; None if there is none.

        The time after a scan's beginning gets new rows: the run that resumes reads it again.
        """
        lower, upper = self.window.lower, self.window.upper
        if lower is not None and lower >= top:
            return None
        ends = top if upper is None else min(upper, top)
        return Range(Window(lower, ends), self.rows)


@dataclass(frozen=True, slots=True)
class Walked:
    """A window that was walked in the server's order, and not closed yet (`walk.py`).

    Behind it lies its tail, that was read too: the run that resumes reads the tail again, and so
    knows its rows when it closes the window.

    Attributes:
        window: The window, without its tail.
        rows: The number of rows in it.
        until: The bound behind its tail.
        tail: The number of rows in the tail.
        ascending: Whether the order was from old to new.
    """

    window: Window
    rows: int
    until: int
    tail: int
    ascending: bool


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An unfinished scan: the time that it has read, for a later run to resume it.

    Attributes:
        began: When the scan began, epoch milliseconds.
        ranges: The time that it has read.
        walked: The time that it has walked in order, and not closed.
    """

    began: int
    ranges: tuple[Range, ...] = ()
    walked: tuple[Walked, ...] = ()

    @property
    def rows(self) -> int:
        """Rows that were read."""
        read: tuple[Range | Walked, ...] = (*self.ranges, *self.walked)
        return sum(each.rows for each in read)

    def gaps(self, window: Window) -> tuple[Window, ...]:
        """The parts of a window that were not read, in order of time."""
        read: tuple[Range | Walked, ...] = (*self.ranges, *self.walked)
        return gaps_between(window, sorted((each.window for each in read), key=lower_end))


class Coverage:
    """The ranges of time that a scan has read so far.

    Args:
        ranges: The ranges that were read before.
        top: A bound over which no range grows; None for none.
    """

    def __init__(self, ranges: Iterable[Range] = (), top: int | None = None) -> None:
        self._top = top
        self._by_lower: dict[int | None, Range] = {}
        self._by_upper: dict[int | None, Range] = {}
        for each in ranges:
            self.add(each)

    def add(self, added: Range) -> None:
        """Take in a range that overlaps none; it is merged with those that it touches."""
        window, rows = added.window, added.rows
        lower, upper = window.lower, window.upper
        if lower is not None and lower == upper:
            return
        before = self._by_upper.pop(lower, None) if lower not in (None, self._top) else None
        after = self._by_lower.pop(upper, None) if upper not in (None, self._top) else None
        if before is not None:
            lower, rows = before.window.lower, rows + before.rows
            del self._by_lower[lower]
        if after is not None:
            upper, rows = after.window.upper, rows + after.rows
            del self._by_upper[upper]
        merged = Range(Window(lower, upper), rows)
        self._by_lower[lower] = self._by_upper[upper] = merged

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The ranges, in order of time."""
        return tuple(sorted(self._by_lower.values(), key=lambda each: lower_end(each.window)))


def gaps_between(window: Window, covered: Iterable[Window]) -> tuple[Window, ...]:
    """The parts of a window that others, in order of time and not overlapping, do not cover."""
    gaps: list[Window] = []
    lower = window.lower
    open_below = lower is None
    for each in covered:
        begins = each.lower
        if begins is not None and (open_below or (lower is not None and begins > lower)):
            gaps.append(Window(lower, begins))
        open_below = False
        if each.upper is None:
            return tuple(gaps)
        lower = each.upper if lower is None else max(lower, each.upper)
    if window.upper is None or open_below or (lower is not None and lower < window.upper):
        gaps.append(Window(lower, window.upper))
    return tuple(gaps)


def compact(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """At most `MOST_RANGES` of some ranges, those with the most rows, in order of time."""
    fullest = sorted(ranges, key=lambda each: each.rows, reverse=True)[:MOST_RANGES]
    return tuple(sorted(fullest, key=lambda each: lower_end(each.window)))


def lower_end(window: Window) -> float:
    """Where a window begins, to sort by."""
    return float("-inf") if window.lower is None else window.lower
