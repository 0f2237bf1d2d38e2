"""The lines of a file that are settled, as ranges: few of them, whatever the order. Pure."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class LineRanges:
    """A set of line numbers that grows.

    Args:
        ranges: Pairs of first and last line, ascending and apart.
    """

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        pairs = list(ranges)
        self._firsts = [first for first, _ in pairs]
        self._lasts = [last for _, last in pairs]

    def __contains__(self, line: int) -> bool:
        at = bisect_right(self._firsts, line) - 1
        return at >= 0 and line <= self._lasts[at]

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def add(self, line: int) -> None:
        """Take in a line; one that is in already changes nothing."""
        at = bisect_right(self._firsts, line)
        if at and line <= self._lasts[at - 1]:
            return
        behind = at > 0 and self._lasts[at - 1] == line - 1
        before = at < len(self._firsts) and self._firsts[at] == line + 1
        if behind and before:
            self._lasts[at - 1] = self._lasts.pop(at)
            del self._firsts[at]
        elif behind:
            self._lasts[at - 1] = line
        elif before:
            self._firsts[at] = line
        else:
            self._firsts.insert(at, line)
            self._lasts.insert(at, line)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """First and last line of each range, ascending."""
        return tuple(zip(self._firsts, self._lasts, strict=True))
