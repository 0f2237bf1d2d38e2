"""Reads a window page by page where the server's order by `createdAt` is proven. Pure.

Without an order an answer that is not whole is worth nothing but its timestamps. With one, its
rows are the first ones of the window, and the next page goes on where it ended. `skip` is used,
but not believed:

- A page is used only if it is sorted, and *aligned*: it begins inside what was taken before, so
  that at least one of its rows is known. What is listed behind a known row, in an order that
  does not change, is all that there is behind it, whatever was created or deleted before it. A
  page that begins too far (rows before it were deleted) is asked again further back; and the more
  rows were deleted before a page, the more rows does the next one repeat.
- Rows of one instant may be listed in any order, and in another one the next time. So the rows
  of a page's last instant are left to the next page, and only whole instants are taken.
- A row that the order puts elsewhere than `createdAt` says stands among rows of other instants,
  in this window or behind its end: then the page is not sorted. The last row of a page may be one
  and the page still be sorted, so a full page is believed up to the row before it. A part of the
  listing that is not shown (a crowded instant is read by other means) might hide one, so a walk
  ends there, and the rest is one of its own. And a walk is *closed*, every `ROWS_A_WALK` rows,
  by the listing of just what it took, from shortly before its last row: there it must end, still
  sorted. A row of the last instant that comes to light there is taken, too. A walk that comes to
  the end of the listing needs no closing, since it saw all that is listed; one that comes to the
  end of its window alone does (the window was cut meanwhile, or questions are padded).

A walk that fails is read again, by windows. An answer that is out of order refutes the order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_chakra.timeline.coverage import Walked
    from tap_chakra.timeline.windows import Grain

FULL_PAGE = 100
"""Rows of a page, where they are not too large for it."""

ROWS_A_WALK = 2_000
"""Rows after which a walk ends: a server goes over those that a page skips, and over half of so
many on an average page. One that refuses to skip so many (Q15) has its walks closed where it does.
"""

LAST_PAGE = 0.7
"""Share of a page that is left to the last one of a walk that is cut ahead: chance may add rows."""

MOST_ROWS_TO_END = 98
"""Rows of a listing's end that an answer may show and still be seen to be whole."""

OVERLAP_ROWS = 20
"""Rows before the end of what was taken from which on its end is looked at."""

OVERLAP_GROWTH = 4
"""How many times as many rows a page repeats that is asked again, as it was not aligned."""

MOST_DETOURS = 30
"""How often a walk is led back, or past what it took, before it takes a row or ends."""

TAIL = 20
"""Rows of each walk that the run which resumes a scan reads again, so as to know its end."""

MOST_BEFORE_A_CROWD = 4
"""Rows before an instant that an answer may list and still be said to be full of it."""

PADDING_ROWS = 10
"""Rows asked for again of a page that holds nothing but rows which pad the question."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A window that is being read in order.

    Attributes:
        order: The order of the listing.
        window: The window whose listing is walked.
        skip: Position in that listing at which the next page begins.
        edge: The bound up to which rows were taken; None at the beginning.
        rows: Rows taken.
        closing: Whether only the end of what was taken is looked at.
        tail: Rows behind this bound are known without their ids: the resumed scan reads them again.
        overlap: Rows taken before that the next page repeats: more where rows are deleted.
        detours: How often it was led back, or past what it took, since it took a row.
        limit: Rows that its last page might hold: fewer where rows are large.
    """

    order: Order
    window: Window
    skip: int = 0
    edge: int | None = None
    rows: int = 0
    closing: bool = False
    tail: int | None = None
    overlap: int = 1
    detours: int = 0
    limit: int = FULL_PAGE

    @property
    def rows_to_end(self) -> int:
        """Rows of a listing's end that an answer may show and still be seen to be whole."""
        return self.limit - FULL_PAGE + MOST_ROWS_TO_END

    @property
    def taken(self) -> Window | None:
        """The part of the window whose rows were taken; None if none were."""
        return None if self.edge is None else self.order.split(self.window, self.edge)[0]

    @property
    def own(self) -> Window:
        """The window, without the tail that a resumed scan reads again elsewhere."""
        return self.window if self.tail is None else self.order.split(self.window, self.tail)[0]

    @property
    def rest(self) -> Window:
        """The part of the window that is still to be read."""
        return self.window if self.edge is None else self.order.split(self.window, self.edge)[1]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the listing.

    Attributes:
        created: The instants of its rows as they were listed, 0 where unusable.
        known: Whether each of them was listed to this walk before.
        whole: Whether nothing is listed behind it.
        inside: How many of them lie in the window or before it, if they are in order.
        limit: Rows that were asked for at the most.
    """

    created: Sequence[int]
    known: Sequence[bool]
    whole: bool
    inside: int
    limit: int = FULL_PAGE

    @property
    def is_small(self) -> bool:
        """Whether it holds fewer rows than a page because they are large."""
        return len(self.created) == self.limit < FULL_PAGE


@dataclass(frozen=True, slots=True)
class Advanced:
    """The page was good: its rows in `part` may be taken, and the walk goes on."""

    walk: Walk
    part: Window


@dataclass(frozen=True, slots=True)
class Ended:
    """The listing came to its end: the page's rows in `part` may be taken."""

    part: Window


@dataclass(frozen=True, slots=True)
class Closing:
    """Rows of the page not taken before may be taken; then `walk` goes on, or nothing is left."""

    walk: Walk | None


@dataclass(frozen=True, slots=True)
class Again:
    """The page says nothing: ask for the one that this walk says."""

    walk: Walk


@dataclass(frozen=True, slots=True)
class Crowded:
    """The next instants hold more rows than an answer: read this cell as a dense window."""

    cell: Window


@dataclass(frozen=True, slots=True)
class Stuck:
    """Too much changes meanwhile: read all of the walk by windows."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The order does not hold: the page contradicts it."""


Step: TypeAlias = Advanced | Ended | Closing | Again | Crowded | Stuck | Broken


def step(walk: Walk, page: Page, grain: Grain) -> Step:
    """What follows from a page that was asked for at `walk.skip`."""
    if not walk.order.sorts(page.created):
        return Broken()
    if walk.limit != page.limit:
        walk = replace(walk, limit=page.limit)
    repeated = _repeated(walk, page)
    if walk.skip and not repeated:
        return _not_aligned(walk, page)
    if walk.closing:
        return _closing(walk, page, repeated)
    if page.whole:
        return Ended(walk.rest)
    if page.inside < len(page.created):
        return _at_end(walk, page.created[: page.inside])
    overlap = _next_overlap(walk, repeated) if walk.skip else 1
    return _advanced(replace(walk, overlap=overlap), page, grain)


def _repeated(walk: Walk, page: Page) -> int:
    """How many rows of a page were taken before: behind any is listed all that was not.

    Before anything was taken, those are rows which pad the question.
    """
    if walk.closing:
        return sum(page.known)
    edge = walk.order.near_end(walk.window) if walk.edge is None else walk.edge
    return sum(
        known and (edge is None or walk.order.precedes_bound(at, edge))
        for at, known in zip(page.created, page.known, strict=True)
    )


def closing_of(walked: Walked) -> Walk:
    """The walk that closes what an earlier run walked; its tail is read again by other walks."""
    order = Order.ASCENDING if walked.ascending else Order.DESCENDING
    window = order.joined(walked.window, walked.until)
    skip = max(0, walked.rows + walked.tail - OVERLAP_ROWS)
    tail = order.far_end(walked.window)
    return Walk(
        order, window, skip, rows=walked.rows, closing=True, tail=tail, overlap=OVERLAP_ROWS
    )


def closing(walk: Walk) -> Walk | None:
    """The walk that closes what another one took; None if that took nothing."""
    if walk.taken is None:
        return None
    overlap = max(1, OVERLAP_ROWS * walk.limit // FULL_PAGE)
    skip = max(0, walk.skip + walk.overlap - overlap)
    return replace(walk, window=walk.taken, skip=skip, closing=True, overlap=overlap, detours=0)


def cut_ahead(walk: Walk, created: Sequence[int], grain: Grain) -> int | None:
    """Where to cut what is left of a walk so that the next page is likely to end it.

    It then sees the end of all that is listed of the walk's window, which needs no closing.

    Args:
        walk: The walk, of which rows were taken.
        created: The instants of the rows of its last page, as they were listed.
        grain: How finely the server tells instants apart.

    Returns:
        None if not much more than a page is left.
    """
    edge, far = walk.edge, walk.order.far_end(walk.window)
    span = max(grain.width, abs(created[-1] - created[0]))
    if edge is None or (far is not None and abs(far - edge) <= 2 * span):
        return None
    bound = grain.floor(edge + walk.order.value * max(grain.width, round(LAST_PAGE * span)))
    return bound if walk.order.is_inside(walk.rest, bound) else None


def behind(walk: Walk, cell: Window) -> Window | None:
    """The time left of a walk behind a crowded cell; None if there is none."""
    far = walk.order.far_end(cell)
    if far is None or walk.order.reaches_end(walk.rest, far):
        return None
    return walk.order.split(walk.rest, far)[1]


def tail_of(walk: Walk, created: Sequence[int], grain: Grain) -> tuple[int, int]:
    """The tail of a walk: the bound before the last rows taken, and how many there are behind it.

    Args:
        walk: The walk that took them.
        created: The instants of the rows that it took last, as they were listed; not empty.
        grain: How finely the server tells instants apart.
    """
    bound = walk.order.begin_of(created[-min(TAIL, len(created))], grain)
    return bound, len(created) - walk.order.count_before(created, bound)


def _not_aligned(walk: Walk, page: Page) -> Closing | Again | Stuck:
    """What follows from a page that repeats no row: rows before it were deleted."""
    if _is_before_tail(walk, page):
        return _onward(walk, page, walk.overlap)
    return _further_back(walk)


def _further_back(walk: Walk) -> Again | Stuck:
    """Ask again for a page that was not aligned, from further back: at last from the beginning.

    Else all of the walk would be read again; where an earlier run took it, that is its work.
    """
    if walk.detours >= MOST_DETOURS:
        return Stuck()
    overlap = walk.overlap * OVERLAP_GROWTH
    skip = max(0, walk.skip - (overlap - walk.overlap))
    return Again(replace(walk, skip=skip, overlap=overlap, detours=walk.detours + 1))


def nearer(walk: Walk) -> Walk | None:
    """A closing walk that skips fewer rows, as the server refused; None if this one does already.

    The last page that was taken began at most 99 rows before the end.
    """
    if walk.overlap >= walk.rows_to_end:
        return None
    skip = max(0, walk.skip + walk.overlap - walk.rows_to_end)
    return replace(walk, skip=skip, overlap=walk.rows_to_end)


def _closing(walk: Walk, page: Page, repeated: int) -> Closing | Again | Stuck:
    """What follows from a page of a closing walk."""
    if page.whole:
        return Closing(None)
    if page.inside == len(page.created) and not page.is_small:
        # More rows than were taken: they came meanwhile, or the listing never ends.
        if walk.detours >= MOST_DETOURS:
            return Stuck()
        walk = replace(walk, detours=walk.detours + 1)
    # Rows that only pad the question are listed; a row that stands elsewhere would be behind them.
    return _onward(walk, page, repeated)


def _is_before_tail(walk: Walk, page: Page) -> bool:
    """Whether a resumed walk has not come to its tail: rows that pad the question are listed."""
    last = page.created[-1:]
    return walk.tail is not None and any(walk.order.precedes_bound(at, walk.tail) for at in last)


def _onward(walk: Walk, page: Page, repeated: int) -> Closing | Again | Stuck:
    """Go on with a closing walk."""
    if len(page.created) <= walk.rows_to_end:
        return _further_back(walk)  # its end could not be proven: a fuller page shows more of it
    overlap = _next_overlap(walk, repeated)
    return Closing(replace(walk, skip=walk.skip + len(page.created) - overlap, overlap=overlap))


def _next_overlap(walk: Walk, repeated: int) -> int:
    """Rows that the next page is to repeat: twice as many as were deleted before this one, and one.

    Args:
        walk: The walk; this page was to repeat so many rows.
        repeated: How many of its rows were taken before.
    """
    calm = walk.overlap - max(1, walk.overlap // 4)
    gone = walk.overlap - repeated
    return min(max(1, calm, 2 * gone + 1), max(1, walk.limit // 2))


def _at_end(walk: Walk, inside: Sequence[int]) -> Step:
    """What follows from a page that shows the window's end, where the listing goes on behind it."""
    taken = walk.rest.count(inside)
    edge, skip = walk.order.far_end(walk.window), walk.skip + len(inside) - walk.overlap
    reached = replace(walk, skip=skip, edge=edge, rows=walk.rows + taken)
    after = closing(reached)
    return Broken() if after is None else Advanced(after, walk.rest)


def _advanced(walk: Walk, page: Page, grain: Grain) -> Step:
    """What follows from a good page of a listing that goes on behind it."""
    order, rest = walk.order, walk.rest
    # The last row may stand far before its time: the one before it stands between two others.
    last = page.created[-2 if page.limit == FULL_PAGE and len(page.created) > 1 else -1]
    edge = order.begin_of(last, grain)
    if order.reaches_end(rest, edge):
        return _at_end(walk, page.created)
    before = order.count_before(page.created, edge)
    if order.is_inside(rest, edge) and before:
        part = order.split(rest, edge)[0]
        rows = walk.rows + part.count(page.created)
        return Advanced(_moved(replace(walk, edge=edge, rows=rows, detours=0), before), part)
    if before <= MOST_BEFORE_A_CROWD and not order.is_padding(rest, edge):
        return Crowded(order.split(rest, order.end_of(last, grain))[0])
    # Only rows that were taken before, or that pad the question, were listed so far.
    listed = before if before > 1 else len(page.created) - walk.limit * PADDING_ROWS // FULL_PAGE
    return Advanced(_moved(walk, listed), Window(edge, edge)) if listed > 1 else Stuck()


def _moved(walk: Walk, listed: int) -> Walk:
    """A walk whose next page repeats the last of so many rows that the last one listed."""
    overlap = min(walk.overlap, max(1, listed - 1))
    return replace(walk, skip=max(0, walk.skip + listed - overlap), overlap=overlap)
