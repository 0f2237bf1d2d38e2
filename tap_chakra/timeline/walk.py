"""Reads a window page by page where the server's order by `createdAt` is proven. Pure.

Without an order an answer that is not whole is worth nothing but its timestamps. With one, its
rows are the first ones of the window, and the next page goes on where it ended. `skip` is used,
but not believed:

- A page is used only if it is sorted, and *aligned*: it begins inside what was taken before, so
  that at least one of its rows is known. What is listed behind a known row, in an order that
  does not change, is all that there is behind it, whatever was created or deleted before it. A
  page that begins too far (rows before it were deleted) is asked again further back.
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

ROWS_A_WALK = 16_000
"""Rows after which a walk is closed: a server may take long to skip more. One that refuses to
skip so many (Q15) has its walks closed where it does."""

MOST_ROWS_TO_END = 98
"""Rows of a listing's end that an answer may show and still be seen to be whole."""

OVERLAP_ROWS = (20, 90)
"""Rows by which a page that is not aligned is asked again further back: first, then second."""

MOST_RESTARTS = 3
"""How often a closing walk begins anew, where rows came or went at its end meanwhile."""

MOST_DETOURS = 30
"""How often pages of few rows are asked again further back before a row is taken."""

TAIL = 20
"""Rows of each walk that the run which resumes a scan reads again, so as to know its end."""

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
        misses: How many pages in a row were not aligned.
        reached: The farthest position that a closing walk has come to.
        restarts: How often a closing walk has begun anew; of one that is not closing, how often
            pages of few rows were asked again further back since a row was taken.
        limit: Rows that its last page might hold: fewer where rows are large.
    """

    order: Order
    window: Window
    skip: int = 0
    edge: int | None = None
    rows: int = 0
    closing: bool = False
    tail: int | None = None
    misses: int = 0
    reached: int = 0
    restarts: int = 0
    limit: int = FULL_PAGE

    @property
    def overlaps(self) -> tuple[int, ...]:
        """Rows by which a page that is not aligned is asked again further back, one by one."""
        return OVERLAP_ROWS if self.limit == FULL_PAGE else (max(1, self.limit // 5), *OVERLAP_ROWS)

    @property
    def overlap(self) -> int:
        """Rows before the end of what was taken from which on its end is looked at."""
        return self.overlaps[0]

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
    if walk.skip and not _aligned(walk, page):
        return _onward(walk, page) if _is_before_tail(walk, page) else _further_back(walk)
    if walk.closing:
        return _closing(walk, page)
    if page.whole:
        return Ended(walk.rest)
    if page.inside < len(page.created):
        return _at_end(walk, page.created[: page.inside])
    return _advanced(walk, page, grain)


def _aligned(walk: Walk, page: Page) -> bool:
    """Whether a page lists a row that was taken before: then all that was not is listed behind.

    Before anything was taken, that is a row which pads the question.
    """
    if walk.closing:
        return any(page.known)
    edge = walk.order.near_end(walk.window) if walk.edge is None else walk.edge
    return any(
        known and (edge is None or walk.order.precedes_bound(at, edge))
        for at, known in zip(page.created, page.known, strict=True)
    )


def closing_of(walked: Walked) -> Walk:
    """The walk that closes what an earlier run walked; its tail is read again by other walks."""
    order = Order.ASCENDING if walked.ascending else Order.DESCENDING
    window = order.joined(walked.window, walked.until)
    skip = max(0, walked.rows + walked.tail - OVERLAP_ROWS[0])
    tail = order.far_end(walked.window)
    return Walk(order, window, skip=skip, rows=walked.rows, closing=True, tail=tail)


def closing(walk: Walk) -> Walk | None:
    """The walk that closes what another one took; None if that took nothing."""
    if walk.taken is None:
        return None
    skip = max(0, walk.skip - walk.overlap)
    return replace(walk, window=walk.taken, skip=skip, closing=True, misses=0, restarts=0)


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


def _restarted(walk: Walk) -> Again | Stuck:
    """A closing walk begun anew, a few times: rows at its end came or went while it looked.

    Else all of it would be read again; where an earlier run took it, that is the work of a run.
    """
    if not walk.closing or walk.restarts >= MOST_RESTARTS:
        return Stuck()
    skip = walk.skip + sum(walk.overlaps[: walk.misses])
    return Again(replace(walk, skip=skip, misses=0, restarts=walk.restarts + 1))


def _further_back(walk: Walk) -> Again | Stuck:
    """Ask again for a page that was not aligned, from further back."""
    if walk.misses >= len(walk.overlaps):
        return _restarted(walk)
    if not walk.closing and walk.limit < FULL_PAGE:
        # Pages of few rows, of one instant in another order each time, may lead to and fro.
        if walk.restarts >= MOST_DETOURS:
            return Stuck()
        walk = replace(walk, restarts=walk.restarts + 1)
    skip = max(0, walk.skip - walk.overlaps[walk.misses])
    return Again(replace(walk, skip=skip, misses=walk.misses + 1))


def nearer(walk: Walk) -> Walk | None:
    """A closing walk that skips fewer rows, as the server refused; None if this one does already.

    The last page that was taken began at most 99 rows before the end.
    """
    if walk.misses:
        return None
    return replace(walk, skip=max(0, walk.skip + walk.overlap - walk.rows_to_end), misses=1)


def _closing(walk: Walk, page: Page) -> Closing | Again | Stuck:
    """What follows from a page of a closing walk."""
    if page.whole:
        return Closing(None)
    if page.inside == len(page.created) and page.is_small:
        return _onward(walk, page)
    if page.inside == len(page.created):
        again = Again(replace(walk, misses=walk.misses + 1))
        return again if walk.misses < len(walk.overlaps) else _restarted(walk)
    # Rows that only pad the question are listed; a row that stands elsewhere would be behind them.
    return _onward(walk, page)


def _is_before_tail(walk: Walk, page: Page) -> bool:
    """Whether a resumed walk has not come to its tail: rows that pad the question are listed."""
    last = page.created[-1:]
    return walk.tail is not None and any(walk.order.precedes_bound(at, walk.tail) for at in last)


def _onward(walk: Walk, page: Page) -> Closing | Again | Stuck:
    """Go on with a closing walk. It ends: only one that gets farther may miss as often again."""
    if len(page.created) <= walk.rows_to_end:
        return _further_back(walk)  # its end could not be proven: a fuller page shows more of it
    skip = walk.skip + len(page.created) - 1
    misses = 0 if skip > walk.reached else walk.misses
    return Closing(replace(walk, skip=skip, misses=misses, reached=max(skip, walk.reached)))


def _at_end(walk: Walk, inside: Sequence[int]) -> Step:
    """What follows from a page that shows the window's end, where the listing goes on behind it."""
    taken = walk.rest.count(inside)
    edge, skip = walk.order.far_end(walk.window), walk.skip + len(inside)
    reached = replace(walk, skip=skip, edge=edge, rows=walk.rows + taken, misses=0)
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
    if not order.is_inside(rest, edge):
        if before <= 1 and not order.is_padding(rest, edge):
            return Crowded(order.split(rest, order.end_of(last, grain))[0])
        # Only rows that were taken before, or that pad the question, were listed so far.
        listed = (
            before if before > 1 else len(page.created) - walk.limit * PADDING_ROWS // FULL_PAGE
        )
        if listed <= 1:
            return Stuck()
        return Advanced(replace(walk, skip=walk.skip + listed - 1, misses=0), Window(edge, edge))
    if before == 0:
        return Crowded(order.split(rest, order.end_of(last, grain))[0])
    part = order.split(rest, edge)[0]
    rows = walk.rows + part.count(page.created)
    onward = replace(walk, skip=walk.skip + before - 1, edge=edge, rows=rows, misses=0)
    return Advanced(replace(onward, restarts=0) if walk.restarts else onward, part)
