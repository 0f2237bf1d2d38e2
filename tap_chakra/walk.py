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
  in this window or behind its end: then the page is not sorted. So a walk is *closed*, every
  `SPAN` rows, by the listing of just what it took, from shortly before its last row: behind that
  row there must be nothing. A walk that ends where its window ends needs no closing, since it
  saw all that is listed.

What fails any of it is a broken walk: what it took is read again, without any order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from tap_chakra.windows import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_chakra.order import Order
    from tap_chakra.windows import Grain

SPAN = 16_000
"""Rows after which a walk is closed: a server may take long to skip more. One that refuses to
skip so many (Q15) has its walks closed where it does."""

OVERLAPS = (20, 90)
"""How far back a page is asked again that is not aligned, one after the other."""


PADDING = 10
"""Rows of a page of nothing but padding that are asked for again."""


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
        misses: How many pages in a row were not aligned.
    """

    order: Order
    window: Window
    skip: int = 0
    edge: int | None = None
    rows: int = 0
    closing: bool = False
    misses: int = 0

    @property
    def taken(self) -> Window | None:
        """The part of the window whose rows were taken; None if none were."""
        return None if self.edge is None else self.order.split(self.window, self.edge)[0]

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
    """

    created: Sequence[int]
    known: Sequence[bool]
    whole: bool


@dataclass(frozen=True, slots=True)
class Advanced:
    """The page was good: the rows of `part` may be taken, and the walk goes on."""

    walk: Walk
    part: Window


@dataclass(frozen=True, slots=True)
class Ended:
    """The listing came to its end: the rows of `part` may be taken; None if all were."""

    part: Window | None


@dataclass(frozen=True, slots=True)
class Again:
    """The page says nothing; ask with this walk."""

    walk: Walk


@dataclass(frozen=True, slots=True)
class Crowded:
    """The next instants hold more rows than an answer: read this window by other means."""

    cell: Window


@dataclass(frozen=True, slots=True)
class Broken:
    """The order does not hold here."""


Step: TypeAlias = Advanced | Ended | Again | Crowded | Broken


def step(walk: Walk, page: Page, grain: Grain) -> Step:
    """What follows from a page that was asked for at `walk.skip`."""
    if not walk.order.sorts(page.created):
        return Broken()
    if walk.skip and not _aligned(walk, page):
        return _further_back(walk)
    if walk.closing:
        at_end = page.whole and (not page.known or page.known[-1])
        return Ended(None) if at_end else Broken()
    return Ended(walk.rest) if page.whole else _advanced(walk, page, grain)


def _aligned(walk: Walk, page: Page) -> bool:
    """Whether a row was listed that was taken before: then all that was not is listed behind."""
    return any(
        known and (walk.edge is None or walk.order.precedes_bound(at, walk.edge))
        for at, known in zip(page.created, page.known, strict=True)
    )


def closing(walk: Walk) -> Walk | None:
    """The walk that closes what was taken; None if nothing was."""
    if walk.taken is None:
        return None
    skip = max(0, walk.skip - OVERLAPS[0])
    return replace(walk, window=walk.taken, skip=skip, closing=True, misses=0)


def past(walk: Walk, cell: Window, rows: int) -> Walk:
    """The walk behind a crowded cell, of which all rows were taken: so many."""
    far = walk.order.far_end(cell)
    onward = replace(walk, edge=far, rows=walk.rows + rows, misses=0)
    onward = replace(onward, skip=walk.skip + max(0, rows - OVERLAPS[0]))
    at_end = far is None or walk.order.reaches_end(walk.rest, far)
    return (closing(replace(onward, skip=walk.skip + rows)) or onward) if at_end else onward


def closing_of(order: Order, window: Window, rows: int) -> Walk:
    """The walk that closes what an earlier run took: that many rows in a window."""
    return Walk(order, window, skip=max(0, rows - OVERLAPS[0]), rows=rows, closing=True)


def _further_back(walk: Walk) -> Again | Broken:
    if walk.misses >= len(OVERLAPS):
        return Broken()
    skip = max(0, walk.skip - OVERLAPS[walk.misses])
    return Again(replace(walk, skip=skip, misses=walk.misses + 1))


def _advanced(walk: Walk, page: Page, grain: Grain) -> Advanced | Ended | Crowded:
    order, rest = walk.order, walk.rest
    last = page.created[-1]
    edge = order.begin_of(last, grain)
    if order.reaches_end(rest, edge):
        return Ended(rest)
    before = sum(order.precedes_bound(at, edge) for at in page.created)
    if not order.is_inside(rest, edge):
        if before <= 1 and not order.is_padding(rest, edge):
            return Crowded(order.split(rest, order.end_of(last, grain))[0])
        # Only rows that were taken before, or that pad the question, were listed so far.
        listed = before if before > 1 else len(page.created) - PADDING
        return Advanced(replace(walk, skip=walk.skip + listed - 1, misses=0), Window(edge, edge))
    if before == 0:
        return Crowded(order.split(order.split(rest, edge)[1], order.end_of(last, grain))[0])
    part = order.split(rest, edge)[0]
    taken = sum(part.holds(at) for at in page.created)
    onward = replace(walk, skip=walk.skip + before - 1, edge=edge, rows=walk.rows + taken, misses=0)
    return Advanced(onward, part)
