"""What follows from an answer for a partition that is walked (`timeline/walk.py`).

The partition is taken on here: its walk, its tail, the rows that it knows. What concerns others
is returned as `Followed`: which rows to hand out, the time that was read for good, where the
partition waits, the part that another reader may have, and whether the order is refuted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tap_chakra.reading.window_reader import LIMIT
from tap_chakra.scanning.partition import Partition, Taken
from tap_chakra.timeline import walk as walks
from tap_chakra.timeline.coverage import Range
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.windows import Stretch

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from tap_chakra.reading.window_reader import Answer
    from tap_chakra.timeline.coverage import Walked
    from tap_chakra.timeline.walk import Walk
    from tap_chakra.timeline.windows import Grain, Window


CUT_AHEAD_ROWS = 200
"""Rows that a walk may still take when it is cut ahead: its last page, and one by mischance."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a scheduler has to do after an answer for a walked partition.

    Attributes:
        places: Places among the answer's rows of those to hand out now.
        covered: The window that was read for good, with its rows; None if none was.
        back: Where the partition waits for its next question: before all others (`first`) or
            behind them (`last`); None if nothing is left of it.
        onward: A new partition: the time behind the end of this one's walk; None if there is none.
        refuted: Whether the server's order did not hold: no partition may be walked any more.
    """

    places: Sequence[int] = ()
    covered: Range | None = None
    back: Literal["first", "last"] | None = None
    onward: Partition | None = None
    refuted: bool = False


def after_page(partition: Partition, answer: Answer, grain: Grain, rows_a_walk: int) -> Followed:
    """What follows from a page of a partition's walk.

    Args:
        partition: The partition; it is taken on.
        answer: The page.
        grain: How finely the server tells instants apart.
        rows_a_walk: Rows after which a walk ends.
    """
    walk = partition.walk
    if walk is None:  # it was given up while this page was on its way
        return Followed(back="last")
    if answer.refused:
        return _refused(partition, walk, rows_a_walk)
    page = partition.seen(walk, answer)
    verdict = walks.step(walk, page, grain)
    if isinstance(verdict, walks.Advanced | walks.Closing):
        partition.recent = frozenset(answer.ids)
    if isinstance(verdict, walks.Closing):
        return _closing(partition, walk, verdict.walk, answer)
    if isinstance(verdict, walks.Ended):
        places = _inside(verdict.part, answer)
        return Followed(places, covered=Range(walk.window, walk.rows + len(places)))
    if isinstance(verdict, walks.Advanced):
        places = _advance(partition, verdict, answer, grain)
        onward = _cut_ahead(partition, answer.created, grain, rows_a_walk)
        return Followed(places, back="first", onward=onward)
    return _ask_otherwise(partition, walk, verdict)


def _cut_ahead(
    partition: Partition, created: Sequence[int], grain: Grain, rows_a_walk: int
) -> Partition | None:
    """Cut a partition whose walk is long shortly before its end: the part behind; None if not.

    Args:
        partition: The partition; it is cut.
        created: The instants of the rows of its last page, as they were listed.
        grain: How finely the server tells instants apart.
        rows_a_walk: Rows after which a walk ends.
    """
    walk = partition.walk
    if walk is None or walk.closing or walk.rows < rows_a_walk - CUT_AHEAD_ROWS:
        return None
    bound = walks.cut_ahead(walk, created, grain)
    if bound is None:
        return None
    near, rest = walk.order.split(walk.window, bound)
    partition.walk = replace(walk, window=near)
    rows_ahead = walk.overlap + round(walks.LAST_PAGE * walk.limit)
    return _behind(partition, rest, partition.begin + walk.skip + rows_ahead)


def _behind(partition: Partition, rest: Window, begin: int) -> Partition:
    """The partition of the time behind one that was cut, whose first row has that position."""
    onward = Partition(Stretch(rest), listing=partition.listing, begin=begin, end=partition.end)
    onward.hints, partition.hints = partition.hints, []
    return onward


def after_crowd(partition: Partition, answer: Answer) -> Followed:
    """What follows from the rows of a crowded cell: what was walked is closed, and the rest begun.

    A walk that went on behind them would skip a part of the listing that nobody has seen: a row
    that stands there though it is of another instant would be lost.

    Args:
        partition: The partition; it is taken on.
        answer: All rows of its cell.
    """
    walk, cell = partition.walk, partition.cell
    partition.cell = None
    if walk is None or cell is None:  # it was given up meanwhile: all of it is read again
        return Followed(back="last")
    count = len(answer.rows)
    return _part(partition, walk, walks.behind(walk, cell), range(count), Range(cell, count))


def resumed(walked: Walked, possible: Container[Order]) -> Partition:
    """The partition that closes what an earlier run walked.

    Args:
        walked: The window that it walked, and did not close.
        possible: The orders that the server may list in: where that of the walk is no longer one
            of them, all of it is read again.
    """
    partition = Partition(Stretch(walked.window))
    order = Order.ASCENDING if walked.ascending else Order.DESCENDING
    if order in possible:
        partition.walk = walks.closing_of(walked)
        partition.tail = (partition.walk.tail or 0, walked.tail)
    return partition


def give_up_walk(partition: Partition) -> None:
    """Read all of a walked partition by windows: the order of its walk is refuted."""
    if partition.walk is not None:
        partition.stretch = Stretch(partition.walk.own)
        partition.walk = partition.cell = None


def _ask_otherwise(
    partition: Partition,
    walk: Walk,
    verdict: walks.Again | walks.Crowded | walks.Stuck | walks.Broken,
) -> Followed:
    """What is asked instead of a page of which no row is used."""
    if isinstance(verdict, walks.Broken):
        return Followed(back="last", refuted=True)
    if isinstance(verdict, walks.Stuck):
        return _read_by_windows(partition, walk)
    if isinstance(verdict, walks.Again):
        partition.walk = verdict.walk
    else:
        partition.cell = verdict.cell
    return Followed(back="first")


def _inside(part: Window, answer: Answer) -> list[int]:
    """Places of the rows that lie in a part of what was asked for."""
    begin = float("-inf") if part.lower is None else part.lower
    end = float("inf") if part.upper is None else part.upper
    return [place for place, at in enumerate(answer.created) if begin <= at < end]


def _closing(partition: Partition, walk: Walk, after: Walk | None, answer: Answer) -> Followed:
    """A closing page: the walk took all there is, but for late rows of its last instants."""
    taken, own = partition.taken, walk.own
    inside, ids = () if taken is None else _inside(own, answer), answer.ids
    late = [place for place in inside if taken is None or ids[place] not in taken]
    if after is None:
        return Followed(late, covered=Range(own, walk.rows + len(late)))
    partition.took(ids[place] for place in late)
    partition.walk = replace(after, rows=after.rows + len(late))
    return Followed(late, back="first")


def _advance(
    partition: Partition,
    verdict: walks.Advanced,
    answer: Answer,
    grain: Grain,
) -> list[int]:
    """Take a partition on by a good page: the places of its rows that were taken."""
    places = _inside(verdict.part, answer)
    if places:
        created = [answer.created[place] for place in places]
        partition.tail = walks.tail_of(verdict.walk, created, grain)
    partition.took([answer.ids[place] for place in places])
    partition.walk = verdict.walk
    return places


def _part(
    partition: Partition,
    walk: Walk,
    rest: Window | None,
    places: Sequence[int] = (),
    cell: Range | None = None,
) -> Followed:
    """End a walk where it is: what it took is closed, the rest is a partition of its own.

    Args:
        partition: The partition that is walked.
        walk: Its walk.
        rest: The time that is left; None if none is.
        places: Places of the rows to hand out.
        cell: The crowded cell between what the walk took and the rest; None if there is none.
    """
    onward = None
    if rest is not None:
        at = partition.begin + walk.skip + (0 if cell is None else cell.rows)
        onward = _behind(partition, rest, at)
    after = walks.closing(walk)
    if after is not None:
        partition.walk = after
    return Followed(places, cell, None if after is None else "first", onward)


def _refused(partition: Partition, walk: Walk, rows_a_walk: int) -> Followed:
    """The server does not skip as many rows as a page asked for: walks are to be shorter."""
    if rows_a_walk < LIMIT:
        return Followed(back="last", refuted=True)
    if not walk.closing and walk.edge is not None:
        return _part(partition, walk, walk.rest)
    if walk.closing and (nearer := walks.nearer(walk)) is not None:
        partition.walk = nearer
        return Followed(back="last")
    return _read_by_windows(partition, walk)


def _read_by_windows(partition: Partition, walk: Walk) -> Followed:
    """Read all of a walk by windows, without the rows that it took; other walks go on."""
    partition.stretch, partition.walk = Stretch(walk.own), None
    partition.taken = partition.taken or Taken()
    return Followed(back="last")
