"""What of time a scan has read, compactly: ranges that never overlap, merged where they touch.

Pure. A range holds how many rows were read in it, so that a scan that is resumed knows how many
it has seen in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 120
"""Ranges that are kept: the emptiest go first, and are read again by whoever resumes."""


@dataclass(frozen=True, slots=True)
class Range:
    """A piece of time that was read, and the rows in it."""

    window: Window
    rows: int

    def until(self, top: int) -> Range | None:
        """What of it lies before an instant; None if nothing does.

        What comes after a scan's beginning grows: whoever goes on with it reads that again.
        """
        lower, upper = self.window.lower, self.window.upper
        if lower is not None and lower >= top:
            return None
        ends = top if upper is None else min(upper, top)
        return Range(Window(lower, ends), self.rows)


@dataclass(frozen=True, slots=True)
class Walked:
    """A piece of time that was read in the server's order, and not closed yet (`walk.py`).

    Behind it lies its tail, that was read too: whoever goes on reads the tail again, and so knows
    its rows when they close the piece.

    Attributes:
        window: The piece, without its tail.
        rows: The rows in it.
        until: The bound behind its tail.
        tail: The rows in that.
        ascending: Whether the order was from old to new.
    """

    window: Window
    rows: int
    until: int
    tail: int
    ascending: bool


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a scan that was cut off has read.

    Attributes:
        began: When the scan began, epoch milliseconds.
        ranges: What it has read.
        walked: What it has read in order, and not closed.
    """

    began: int
    ranges: tuple[Range, ...] = ()
    walked: tuple[Walked, ...] = ()

    @property
    def rows(self) -> int:
        """Rows in all of it."""
        read: tuple[Range | Walked, ...] = (*self.ranges, *self.walked)
        return sum(each.rows for each in read)

    def gaps(self, window: Window) -> tuple[Window, ...]:
        """What of a window was not read, in order of time."""
        read: tuple[Range | Walked, ...] = (*self.ranges, *self.walked)
        return gaps_between(window, sorted((each.window for each in read), key=lower_end))


class Coverage:
    """The ranges that were read, in order of time.

    Args:
        ranges: What was read before.
        top: A bound over which no range grows; None for none.
    """

    def __init__(self, ranges: Iterable[Range] = (), top: int | None = None) -> None:
        self._top = top
        self._by_lower: dict[int | None, Range] = {}
        self._by_upper: dict[int | None, Range] = {}
        for each in ranges:
            self.add(each)

    def add(self, added: Range) -> None:
        """Take in a range that overlaps none; it grows together with those it touches."""
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
        """All of them, in order of time."""
        return tuple(sorted(self._by_lower.values(), key=lambda each: lower_end(each.window)))

    @property
    def rows(self) -> int:
        """Rows in all of them."""
        return sum(each.rows for each in self._by_lower.values())


def gaps_between(window: Window, covered: Iterable[Window]) -> tuple[Window, ...]:
    """What of a window is in none of these, which are in order of time and do not overlap."""
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
    """At most `MOST` of them, those with the most rows, in order of time."""
    fullest = sorted(ranges, key=lambda each: each.rows, reverse=True)[:MOST]
    return tuple(sorted(fullest, key=lambda each: lower_end(each.window)))


def lower_end(window: Window) -> float:
    """Where a window begins, to sort by."""
    return float("-inf") if window.lower is None else window.lower
