"""A hint says where another reader may have a share of a partition that is walked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tap_chakra.reading.grain_probe import EXACT
from tap_chakra.scanning.hints import (
    ADVANCE_ROWS,
    FIRST_HINT_ROWS,
    HINT_GROWTH,
    MOST_GUESSES,
    ROWS_TO_SHARE_A_WALK,
    ROWS_TO_SHARE_WAITING,
    Hints,
    cut_at,
    gain,
    next_hint,
    spread,
)
from tap_chakra.scanning.partition import Partition, Taken
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.walk import Walk
from tap_chakra.timeline.windows import Stretch, Window

FAR = 10**9


def walked(
    window: Window, *, skip: int = 0, begin: int = 0, end: int | None = None, listing: int = 1
) -> Partition:
    partition = Partition(Stretch(window), taken=Taken(), listing=listing, begin=begin, end=end)
    partition.walk = Walk(Order.ASCENDING, window, skip=skip)
    return partition


def test_the_end_of_a_listing_of_unknown_length_is_looked_for_ever_farther() -> None:
    partition = walked(Window(0, 100))
    hints = []
    while (at := next_hint(partition, FAR)) is not None:
        hints.append(at)
        partition.hints.append(at)
    assert len(hints) == MOST_GUESSES
    for number, at in enumerate(hints):
        assert abs(at - FIRST_HINT_ROWS * HINT_GROWTH**number) < ADVANCE_ROWS


def test_a_partition_of_known_length_is_cut_in_halves_quarters_and_eighths() -> None:
    partition = walked(Window(0, 100), end=64_000)
    hints = []
    while (at := next_hint(partition, FAR)) is not None:
        hints.append(at)
        partition.hints.append(at)
    shares = [round(at / 64_000, 2) for at in hints[:3]]
    assert shares == [0.5, 0.25, 0.75]
    assert len(hints) == 64_000 // ROWS_TO_SHARE_A_WALK
    assert len(set(hints)) == len(hints)


def test_little_that_is_left_is_not_shared() -> None:
    assert next_hint(walked(Window(0, 9), end=ROWS_TO_SHARE_A_WALK - 1), FAR) is None
    assert next_hint(walked(Window(0, 9), skip=500, end=ROWS_TO_SHARE_A_WALK + 400), FAR) is None
    assert next_hint(walked(Window(0, 9), end=ROWS_TO_SHARE_A_WALK), FAR) is not None


def test_where_answers_are_waited_for_less_is_worth_a_cut() -> None:
    few = walked(Window(0, 9), end=ROWS_TO_SHARE_WAITING)
    hints = Hints(EXACT)
    assert hints.best([few]) is None
    assert hints.best([few], waiting=True) is not None
    few.end = ROWS_TO_SHARE_WAITING - 1
    assert hints.best([few], waiting=True) is None


def test_hints_that_a_walk_has_passed_share_nothing() -> None:
    passed = walked(Window(0, 100), skip=30_000, end=70_000)
    passed.hints = [10_000, 20_000, 30_000]
    halved = walked(Window(100, 200), end=60_000)
    halved.hints = [30_000]
    assert (gain(passed), gain(halved)) == (40_000, 30_000)
    found = Hints(EXACT).best([halved, passed])
    assert found is not None
    assert found[0] is passed


def test_no_hint_lies_beyond_what_the_server_skips() -> None:
    assert next_hint(walked(Window(0, 9)), 1_000) is None
    # Positions are those of the listing; the server skips from the beginning of the partition.
    assert next_hint(walked(Window(0, 9), begin=50_000, end=58_000), 5_000) is not None


def test_what_is_not_walked_any_more_is_not_cut() -> None:
    partition = walked(Window(0, 9), end=64_000)
    assert partition.walk is not None
    partition.walk = replace(partition.walk, closing=True)
    assert next_hint(partition, FAR) is None
    partition.walk = None
    assert next_hint(partition, FAR) is None
    assert partition.left() is None


def test_the_partition_with_most_rows_to_a_hint_is_cut_first() -> None:
    small, large = walked(Window(0, 9), end=8_000), walked(Window(9, 20), end=64_000)
    unknown = walked(Window(20, 30))
    assert Hints(EXACT).best([]) is None
    assert Hints(EXACT).best([small, large]) == (large, next_hint(large, FAR))
    assert (Hints(EXACT).best([small, large, unknown]) or (None,))[0] is unknown
    large.hints = [1] * 15
    assert (Hints(EXACT).best([small, large]) or (None,))[0] is small


@pytest.mark.parametrize("order", Order)
def test_a_cut_parts_the_partition_that_holds_the_bound(order: Order) -> None:
    before, partition = walked(Window(0, 40)), walked(Window(40, 100), end=9_000, listing=5)
    for each in (before, partition):
        assert each.walk is not None
        each.walk = replace(each.walk, order=order)
    partition.hints = [100, 4_000]
    cut_off = cut_at([before, partition], order, 70, 2_000)
    assert cut_off is not None
    assert partition.walk is not None
    assert (partition.walk.window, cut_off.stretch.window) == order.split(Window(40, 100), 70)
    assert (partition.end, cut_off.begin, cut_off.end, cut_off.listing) == (2_000, 2_000, 9_000, 5)
    assert (partition.hints, cut_off.hints) == ([100], [4_000])


@pytest.mark.parametrize("bound", [0, 30, 40, 100, 500])
def test_a_bound_that_was_passed_or_lies_elsewhere_cuts_nothing(bound: int) -> None:
    partition = walked(Window(0, 100))
    assert partition.walk is not None
    partition.walk = replace(partition.walk, edge=40)
    assert cut_at([partition], Order.ASCENDING, bound, 1) is None
    partition.walk = replace(partition.walk, edge=None, closing=True)
    assert cut_at([partition], Order.ASCENDING, 50, 1) is None


def test_shares_cut_a_widest_part_each_time() -> None:
    assert [spread(n) for n in range(1, 8)] == [0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875]
