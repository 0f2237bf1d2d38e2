"""Where to cut partitions that are walked, for readers without work.

A hint is the row at some position of the listing: its instant is where to cut. A wrong hint costs
balance, never a row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tap_chakra.scanning.partition import Partition
from tap_chakra.timeline.windows import Stretch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_chakra.reading.window_reader import Answer
    from tap_chakra.scanning.question import Question
    from tap_chakra.timeline.listing_order import Order
    from tap_chakra.timeline.windows import Grain

ADVANCE_ROWS: Final = 98
"""Rows by which a page takes its walk on: a partition of so many pages ends with a full one."""

ROWS_TO_SHARE_A_WALK: Final = 1_000
"""Rows that must be left of a walked partition for it to be cut: that costs a request or two."""

ROWS_TO_SHARE_WAITING: Final = 500
"""The same where answers are what is waited for: the last pages of a scan come one by one then."""

FIRST_HINT_ROWS: Final = 3_200
"""How far ahead to look first for the end of a listing whose length is unknown."""

HINT_GROWTH: Final = 4
"""How many times as far to look for it each further time."""

MOST_GUESSES: Final = 3
"""Hints under way at a time where the length is unknown: those beyond the end are wasted."""


class Hints:
    """The hints of a scan: which one to ask for next, and what follows from its answer.

    Args:
        grain: How finely the server tells instants apart.

    Attributes:
        weight: How many rows of a usual size a row counts for.
    """

    def __init__(self, grain: Grain) -> None:
        self._grain = grain
        self._farthest = 10**9
        self.weight = 1.0

    def best(
        self, partitions: Iterable[Partition], *, waiting: bool = False
    ) -> tuple[Partition, int] | None:
        """The partition of which most rows are left to each hint in it, and where to cut it next.

        None if no cut is worth its request.

        Args:
            partitions: Those that may be cut.
            waiting: Whether answers are what is waited for.
        """
        rows = ROWS_TO_SHARE_WAITING if waiting else ROWS_TO_SHARE_A_WALK
        least = rows / self.weight
        hints = ((each, next_hint(each, self._farthest, least)) for each in partitions)
        found = [(each, at) for each, at in hints if at is not None]
        return max(found, key=lambda it: gain(it[0]), default=None)

    def after(
        self,
        question: Question,
        answer: Answer,
        hinted: Partition,
        others: Iterable[Partition],
        order: Order | None,
    ) -> Partition | None:
        """Cut a partition at the row that a hint brought.

        Args:
            question: The hint.
            answer: Its answer: one row, or none behind the end of the listing.
            hinted: The partition that it was asked for.
            others: All partitions that are still to be read.
            order: The order in which they are walked; None if none is proven any more.

        Returns:
            The new partition, behind the cut; None if nothing is cut.
        """
        at, partitions = hinted.begin + question.skip, tuple(others)
        for each in partitions:
            if each.listing == hinted.listing:
                each.hints = [hint for hint in each.hints if hint != at]
        if answer.refused:
            self._farthest = min(self._farthest, question.skip // HINT_GROWTH)
        elif not answer.created:
            _end_listing(hinted, partitions, at)
        elif order is not None:
            bound = order.end_of(answer.created[0], self._grain)
            if (cut_off := cut_at(partitions, order, bound, at + 1)) is not None:
                return cut_off
            hinted.hints.append(at)  # in an instant that can't be cut: not to be asked again
        return None


def next_hint(
    partition: Partition, farthest: int, least: float = ROWS_TO_SHARE_A_WALK
) -> int | None:
    """The position at which a cut of a partition would help most; None if none is worth it.

    Args:
        partition: The partition.
        farthest: The server skips no more rows than this.
        least: Rows that must be left of it to each hint.
    """
    if partition.walk is None or partition.walk.closing:
        return None
    here = partition.begin + partition.walk.skip
    left, hints = partition.left(), _hints_ahead(partition, here)
    if left is None:
        ahead = max(FIRST_HINT_ROWS, here) * HINT_GROWTH**hints
        possible = hints < MOST_GUESSES
    else:
        ahead = round(left * spread(hints + 1))
        possible = left / (hints + 1) >= least
    guess = here + round(ahead / ADVANCE_ROWS) * ADVANCE_ROWS
    return guess if possible and guess - partition.begin <= farthest else None


def gain(partition: Partition) -> float:
    """Rows of a partition between each hint ahead and the next one; infinite if unknown."""
    left = partition.left()
    if partition.walk is None or left is None:
        return float("inf")
    return left / (_hints_ahead(partition, partition.begin + partition.walk.skip) + 1)


def _hints_ahead(partition: Partition, here: int) -> int:
    return sum(map(here.__lt__, partition.hints))


def cut_at(partitions: Iterable[Partition], order: Order, bound: int, at: int) -> Partition | None:
    """Cut the walked partition that holds a bound in two.

    Args:
        partitions: Those that there are.
        order: The order in which they are walked.
        bound: Where to cut.
        at: The position of the first row behind it.

    Returns:
        The new partition, behind the bound; None if the bound was passed already.
    """
    for each in partitions:
        walk = each.walk
        if walk is None or walk.closing or not order.is_inside(walk.rest, bound):
            continue
        near, behind = order.split(walk.window, bound)
        cut_off = Partition(Stretch(behind), listing=each.listing, begin=at, end=each.end)
        cut_off.hints = [hint for hint in each.hints if hint > at]
        each.hints = [hint for hint in each.hints if hint <= at]
        each.walk, each.end = replace(walk, window=near), at
        return cut_off
    return None


def _end_listing(hinted: Partition, partitions: Iterable[Partition], at: int) -> None:
    """Nothing is listed at a position: the listing that a partition was cut from ends before it."""
    for each in (hinted, *partitions):
        if each.listing == hinted.listing and (each.end is None or each is hinted):
            each.end = at if each.end is None else min(each.end, at)


def spread(number: int) -> float:
    """The shares 1/2, 1/4, 3/4, 1/8, 5/8 … (van der Corput): each cuts a widest part in two."""
    share, weight = 0.0, 0.5
    while number:
        number, digit = divmod(number, 2)
        share += digit * weight
        weight /= 2
    return share
