"""A piece of time that one reader reads, and where to cut it for another one.

A piece is read by windows (`timeline/windows.py`), or walked where the order is proven
(`timeline/walk.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tap_chakra.reading.window_reader import row_ids
from tap_chakra.timeline.coverage import Walked
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.walk import Page
from tap_chakra.timeline.windows import Stretch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_chakra.reading.window_reader import Answer
    from tap_chakra.timeline.walk import Walk
    from tap_chakra.timeline.windows import Window

ADVANCE: Final = 98
"""Rows by which a page takes its walk on: a piece of so many pages ends with a full one."""

WORTH: Final = 1_000
"""Rows that must be left of a walked piece for it to be shared: a share costs a request or two."""

FIRST_HINT: Final = 3_200
HINT_GROWTH: Final = 4
"""How far ahead to look for the end of a listing whose length is unknown."""

GUESSES: Final = 3
"""Hints under way at a time where the length is unknown: those beyond the end are wasted."""


class Taken:
    """The ids of rows that were handed out and may be listed again: as text, a page at a time."""

    def __init__(self) -> None:
        self._pages: list[str] = []
        self._known: frozenset[str] | None = None

    def add(self, ids: Iterable[str]) -> None:
        """Remember the ids of rows."""
        self._pages.append("\n".join(ids))
        self._known = None

    def __contains__(self, row_id: str) -> bool:
        """Whether a row was handed out."""
        if self._known is None:
            self._known = frozenset("\n".join(self._pages).split("\n"))
        return row_id in self._known


class Partition:
    """A piece of time that is still to be read.

    Args:
        stretch: What is left of it, when it is read by windows.
        taken: Ids of rows that were handed out of it, and must not be again.
        listing: Number of the listing that it was cut from: positions count in that. None until
            it is walked.
        begin: Position of its first row.
        end: Position behind its last one; None if the length of the listing is unknown.

    Attributes:
        hints: Positions asked for in it, to cut it there.
        walk: How far it was walked; None if it is read by windows.
        recent: Ids that its walk was shown last.
        cell: The instant that its walk can't pass: it holds more rows than an answer.
        tail: The bound before the last rows that its walk took, and how many there are behind it.
    """

    def __init__(
        self,
        stretch: Stretch,
        *,
        taken: Taken | None = None,
        listing: int | None = None,
        begin: int = 0,
        end: int | None = None,
    ) -> None:
        self.stretch = stretch
        self.taken = taken
        self.listing = listing
        self.begin = begin
        self.end = end
        self.hints: list[int] = []
        self.walk: Walk | None = None
        self.recent: frozenset[str] = frozenset()
        self.cell: Window | None = None
        self.tail: tuple[int, int] | None = None

    def took(self, ids: Iterable[str]) -> None:
        """Remember the rows that its walk took."""
        if self.taken is not None:
            self.taken.add(ids)

    def seen(self, walk: Walk, answer: Answer) -> Page:
        """A page as its walk sees it.

        The window may have been cut while the page was on its way, and questions are padded.
        """
        ids = row_ids(answer.rows)
        if walk.tail is None:
            known = [each in self.recent for each in ids]
        else:
            known = [not walk.order.precedes_bound(at, walk.tail) for at in answer.created]
        inside = len(ids)
        if inside and walk.order.is_behind(walk.window, answer.created[-1]):
            inside = sum(not walk.order.is_behind(walk.window, at) for at in answer.created)
        self.recent = frozenset(ids) or self.recent
        return Page(answer.created, known, answer.whole, inside)

    @property
    def walked(self) -> Walked | None:
        """What its walk took, for a later run to close; None if there is nothing of use."""
        walk, tail = self.walk, self.tail
        window = None if walk is None else walk.window if walk.closing else walk.taken
        if walk is None or window is None or tail is None:
            return None
        until = walk.order.far_end(window)
        if until is None or not walk.order.is_inside(window, tail[0]):
            return None
        near, _ = walk.order.split(window, tail[0])
        rows = walk.rows - (tail[1] if walk.tail is None else 0)
        return Walked(near, rows, until, tail[1], walk.order is Order.ASCENDING)

    def left(self) -> int | None:
        """Rows that are left of it if it is walked; None if unknown."""
        if self.walk is None or self.end is None:
            return None
        return max(0, self.end - self.begin - self.walk.skip)

    def next_hint(self, farthest: int) -> int | None:
        """The position at which a cut would help most; None if none is worth it.

        Args:
            farthest: The server skips no more rows than this.
        """
        if self.walk is None or self.walk.closing:
            return None
        here = self.begin + self.walk.skip
        left, hints = self.left(), self._hints_ahead(here)
        if left is None:
            ahead = max(FIRST_HINT, here) * HINT_GROWTH**hints
            possible = hints < GUESSES
        else:
            ahead = round(left * spread(hints + 1))
            possible = left / (hints + 1) >= WORTH
        guess = here + round(ahead / ADVANCE) * ADVANCE
        return guess if possible and guess - self.begin <= farthest else None

    def gain(self) -> float:
        """Rows that are left of it to each hint ahead and the next one; without end if unknown."""
        left = self.left()
        if self.walk is None or left is None:
            return float("inf")
        return left / (self._hints_ahead(self.begin + self.walk.skip) + 1)

    def _hints_ahead(self, here: int) -> int:
        return sum(map(here.__lt__, self.hints))


def best_hint(pieces: Iterable[Partition], farthest: int) -> tuple[Partition, int] | None:
    """The piece of which most rows are left to each hint in it, and where to cut it next."""
    hints = ((piece, piece.next_hint(farthest)) for piece in pieces)
    found = [(piece, at) for piece, at in hints if at is not None]
    return max(found, key=lambda each: each[0].gain(), default=None)


def cut_at(pieces: Iterable[Partition], order: Order, bound: int, at: int) -> Partition | None:
    """Cut the walked piece that holds a bound in two.

    Args:
        pieces: Those that there are.
        order: The order in which they are walked.
        bound: Where to cut.
        at: The position of the first row behind it.

    Returns:
        The new piece, behind the bound; None if the bound was passed already.
    """
    for piece in pieces:
        walk = piece.walk
        if walk is None or walk.closing or not order.is_inside(walk.rest, bound):
            continue
        near, behind = order.split(walk.window, bound)
        cut_off = Partition(Stretch(behind), listing=piece.listing, begin=at, end=piece.end)
        cut_off.hints = [hint for hint in piece.hints if hint > at]
        piece.hints = [hint for hint in piece.hints if hint <= at]
        piece.walk, piece.end = replace(walk, window=near), at
        return cut_off
    return None


def spread(number: int) -> float:
    """The shares 1/2, 1/4, 3/4, 1/8, 5/8 … (van der Corput): each cuts a widest part in two."""
    share, weight = 0.0, 0.5
    while number:
        number, digit = divmod(number, 2)
        share += digit * weight
        weight /= 2
    return share
