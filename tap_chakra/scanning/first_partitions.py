"""The partitions that a scan begins with, by what is known of its time before. Pure.

Of a part of a listing that somebody has looked at (`known.py`) it is known where to cut it between
equally many rows, and how many those are: all readers begin at once, and end at about the same
time. Else one answer is all that is known. A wrong cut costs balance, never a row.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tap_chakra.reading.row_times import created_at
from tap_chakra.scanning.partition import Partition
from tap_chakra.timeline.sample import Sample
from tap_chakra.timeline.windows import Overfull, Stretch, Window, after_overfull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_chakra.scanning.known import KnownListing
    from tap_chakra.timeline.windows import Grain


def walked_from(whole: Window, top: int) -> list[Partition]:
    """The partitions of time whose rows are listed in a proven order.

    Args:
        whole: The time.
        top: The scan's beginning: rows after it are few.
    """
    return [Partition(Stretch(window)) for window in _cut_at(whole, [top])]


def by_answer(whole: Window, created: Sequence[int], began: int, grain: Grain) -> list[Partition]:
    """The partitions of time of which one answer is known.

    Args:
        whole: The time.
        created: The instants of the answer's rows as they were listed, 0 where unusable.
        began: The scan's beginning, epoch milliseconds.
        grain: How finely the server tells instants apart.
    """
    answer = Overfull(whole, [at for at in created if at and whole.holds(at)])
    parts = after_overfull(Stretch(whole), answer, horizon=began, grain=grain)
    return [Partition(Stretch(part.window)) for part in parts]


def of_known(whole: Window, known: KnownListing, grain: Grain, *, ordered: bool) -> list[Partition]:
    """The partitions of a part of a listing that somebody has looked at.

    Args:
        whole: The time of the part.
        known: What is known of the listing.
        grain: How finely the server tells instants apart; cuts are bounds of it.
        ordered: Whether its order is proven; else its rows are a sample of all rows.
    """
    top = grain.floor(known.beginning.horizon)
    cuts = [grain.floor(at) for at in known.cuts]
    windows = _cut_at(whole, [*(at for at in cuts if at < top), top])
    if ordered:
        # The time since the beginning has no rows that anybody has counted.
        return [
            Partition(
                Stretch(each),
                end=None
                if (each.lower or 0) >= top
                else known.rows_a_cut * max(1, each.count(cuts)),
            )
            for each in windows
        ]
    instants = sorted(at for row in known.sample.rows if (at := created_at(row)))
    weight = max(1.0, known.rows / max(1, len(instants)))
    first = windows[0]
    if first.lower is None:  # a window that is open below is asked for as it is
        seen = Overfull(first, [at for at in instants if first.holds(at)])
        parts = after_overfull(Stretch(first), seen, horizon=top, grain=grain)
        windows[:1] = [each.window for each in parts]
    return [Partition(_sampled(each, instants, weight)) for each in windows]


def _sampled(window: Window, instants: Sequence[int], weight: float) -> Stretch:
    """A window with what a sample of all rows says of it, each of which stands for so many."""
    inside = tuple(at for at in instants if window.holds(at))
    if not inside or not window.width:
        return Stretch(window)
    density = len(inside) * weight / window.width
    return Stretch(window, density, sample=Sample(inside, weight, window.upper))


def _cut_at(whole: Window, bounds: Sequence[int]) -> list[Window]:
    """A window, cut at those of the bounds that lie in it."""
    lower, upper = whole.lower, whole.upper
    inside = sorted(
        at for at in set(bounds) if (lower is None or at > lower) and (upper is None or at < upper)
    )
    return [Window(*ends) for ends in pairwise([lower, *inside, upper])]
