"""A partition: a part of a scan's time that one reader at a time reads.

It is read by windows (`timeline/windows.py`), or walked where the order is proven
(`timeline/walk.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_chakra.timeline.coverage import Walked
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.walk import Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_chakra.reading.window_reader import Answer
    from tap_chakra.timeline.walk import Walk
    from tap_chakra.timeline.windows import Stretch, Window


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
    """A part of a scan's time that is still to be read; no two of them overlap.

    Args:
        stretch: The time that is left of the partition, when it is read by windows.
        taken: Ids of rows that were handed out of it, and must not be again.
        listing: Number of the listing that it was cut from: positions count in that. None until
            it is walked.
        begin: Position of its first row.
        end: Position behind its last one; None if the length of the listing is unknown.

    Attributes:
        hints: Positions asked for in it, to cut it there.
        walk: How far it was walked; None if it is read by windows.
        recent: Ids of the last page that its walk used.
        cell: The crowded instant that its walk can't pass: it holds more rows than an answer.
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
        """A page as the partition's walk sees it.

        The window may have been cut while the page was on its way, and questions are padded.
        """
        ids = answer.ids
        if walk.tail is None:
            known = [each in self.recent for each in ids]
        else:
            known = [not walk.order.precedes_bound(at, walk.tail) for at in answer.created]
        inside = len(ids)
        if inside and walk.order.is_behind(walk.window, answer.created[-1]):
            inside = sum(not walk.order.is_behind(walk.window, at) for at in answer.created)
        if walk.skip and self.taken is not None and not any(known):
            # A page that is asked for further back may show none of the last one's.
            known = [each in self.taken for each in ids]
        return Page(answer.created, known, answer.whole, inside, answer.limit)

    @property
    def walked(self) -> Walked | None:
        """The time that its walk took, for a later run to close; None if it could close none."""
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
        """Rows that are left of a walked partition; None if that is unknown."""
        if self.walk is None or self.end is None:
            return None
        return max(0, self.end - self.begin - self.walk.skip)
