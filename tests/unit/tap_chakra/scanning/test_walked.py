"""What follows from an answer for a walked partition: rows, time read for good, who waits where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tap_chakra.reading.grain_probe import EXACT
from tap_chakra.reading.window_reader import LIMIT, Answer
from tap_chakra.scanning.partition import Partition, Taken
from tap_chakra.scanning.walked import (
    CUT_AHEAD_ROWS,
    Followed,
    after_crowd,
    after_page,
    give_up_walk,
    resumed,
)
from tap_chakra.timeline.coverage import Range, Walked
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.walk import Walk
from tap_chakra.timeline.windows import Stretch, Window
from tests.support.answers import answer_of

ROWS_A_WALK = 1_000
REFUSED = replace(answer_of(Window(), (), ()), refused=True)


def walked(**walk: int) -> Partition:
    """A partition of all before 1,000 whose listing begins at position 5,000."""
    window = Window(0, 1_000)
    partition = Partition(Stretch(window), taken=Taken(), listing=3, begin=5_000, end=9_000)
    partition.walk = replace(Walk(Order.ASCENDING, window), **walk)  # type: ignore[arg-type]  # ints
    return partition


def answer(instants: list[int], *, whole: bool = False) -> Answer:
    rows = tuple({"id": f"row {n}"} for n in range(len(instants)))
    return answer_of(Window(), rows, instants, whole=whole)


def test_a_page_of_a_walk_that_was_given_up_meanwhile_says_nothing() -> None:
    partition = walked()
    give_up_walk(partition)
    assert partition.stretch == Stretch(Window(0, 1_000))
    assert after_page(partition, answer([1, 2]), EXACT, ROWS_A_WALK) == Followed(back="last")


def test_the_end_of_the_listing_ends_the_partition() -> None:
    page = answer([100, 200, 300], whole=True)
    followed = after_page(walked(rows=40), page, EXACT, ROWS_A_WALK)
    assert followed == Followed([0, 1, 2], covered=Range(Window(0, 1_000), 43))


def test_a_good_page_hands_out_all_but_its_last_two_instants_and_is_gone_on_from_first() -> None:
    partition, page = walked(), answer([*range(100, 199), 300])
    followed = after_page(partition, page, EXACT, ROWS_A_WALK)
    assert followed == Followed([*range(98)], back="first")
    assert partition.walk is not None
    assert (partition.walk.rows, partition.walk.skip) == (98, 97)
    assert partition.tail == (178, 20)


def test_only_a_page_that_was_used_is_what_the_next_one_is_known_by() -> None:
    partition = walked()
    after_page(partition, answer([*range(100, 199), 300]), EXACT, ROWS_A_WALK)
    used = partition.recent
    assert len(used) == LIMIT
    strangers = tuple({"id": f"stranger {n}"} for n in range(LIMIT))
    beyond = answer_of(Window(), strangers, [*range(400, 500)])
    followed = after_page(partition, beyond, EXACT, ROWS_A_WALK)
    assert (followed.places, followed.back) == ((), "first")
    assert partition.recent == used


@pytest.mark.parametrize("ascending", [True, False])
def test_a_long_walk_is_cut_ahead_so_that_its_next_page_ends_it(*, ascending: bool) -> None:
    partition, instants = walked(), [*range(100, 199), 300]
    if not ascending:
        partition.walk = Walk(Order.DESCENDING, Window(0, 1_000))
        instants = [1_000 - at for at in instants]
    partition.hints = [7_000]
    page = answer(instants)
    followed = after_page(partition, page, EXACT, rows_a_walk=98 + CUT_AHEAD_ROWS)
    onward = followed.onward
    assert (followed.places, followed.back, followed.covered) == ([*range(98)], "first", None)
    assert onward is not None
    # The page took 200 ms; seven tenths of that are cut off behind the 98 rows.
    near, rest = Window(0, 198 + 140), Window(198 + 140, 1_000)
    if not ascending:
        near, rest = Window(803 - 140, 1_000), Window(0, 803 - 140)
    assert onward.stretch == Stretch(rest)
    assert (onward.listing, onward.begin, onward.end) == (3, 5_000 + 98 + 70, 9_000)
    assert (onward.hints, partition.hints) == ([7_000], [])
    assert partition.walk is not None
    assert (partition.walk.closing, partition.walk.window) == (False, near)


def test_a_walk_is_not_cut_ahead_of_its_time_nor_shortly_before_its_end() -> None:
    page = answer([*range(100, 199), 300])
    long = after_page(walked(), page, EXACT, rows_a_walk=99 + CUT_AHEAD_ROWS)
    assert (long.back, long.onward) == ("first", None)
    partition = walked()
    partition.walk = Walk(Order.ASCENDING, Window(0, 198 + 2 * 200))
    short = after_page(partition, page, EXACT, rows_a_walk=98 + CUT_AHEAD_ROWS)
    assert (short.back, short.onward) == ("first", None)


def test_a_page_out_of_order_refutes_the_order() -> None:
    followed = after_page(walked(), answer([5, 4]), EXACT, ROWS_A_WALK)
    assert followed == Followed(back="last", refuted=True)


def test_a_server_that_skips_less_than_an_answer_is_not_walked() -> None:
    followed = after_page(walked(skip=90), REFUSED, EXACT, LIMIT - 1)
    assert followed == Followed(back="last", refuted=True)


def test_a_walk_whose_page_is_refused_is_closed_there_and_read_by_windows_where_it_took_none() -> (
    None
):
    partition = walked(skip=400, edge=600, rows=401)
    followed = after_page(partition, REFUSED, EXACT, ROWS_A_WALK)
    assert (followed.back, followed.refuted) == ("first", False)
    assert followed.onward is not None
    assert followed.onward.stretch == Stretch(Window(600, 1_000))
    fresh = walked(skip=400)
    assert after_page(fresh, REFUSED, EXACT, ROWS_A_WALK) == Followed(back="last")
    assert (fresh.walk, fresh.stretch) == (None, Stretch(Window(0, 1_000)))


def test_at_a_crowded_cell_the_walk_is_closed_and_the_rest_begun() -> None:
    partition, crowd = walked(skip=50, edge=500, rows=51), answer([500] * 120)
    partition.cell = Window(500, 501)
    followed, count = after_crowd(partition, crowd), len(crowd.rows)
    assert partition.cell is None
    assert partition.walk is not None
    assert (partition.walk.closing, partition.walk.window) == (True, Window(0, 500))
    assert (followed.places, followed.covered) == (range(count), Range(Window(500, 501), count))
    assert (followed.back, followed.refuted) == ("first", False)
    assert followed.onward is not None
    assert followed.onward.stretch == Stretch(Window(501, 1_000))
    assert followed.onward.begin == 5_000 + 50 + count


def test_a_crowd_of_a_walk_that_was_given_up_meanwhile_is_read_again() -> None:
    partition = walked(skip=50, edge=500, rows=51)
    partition.cell = Window(500, 501)
    give_up_walk(partition)
    assert after_crowd(partition, answer([500] * 120)) == Followed(back="last")


@pytest.mark.parametrize("ascending", [True, False])
def test_a_walk_of_an_earlier_run_is_closed_only_where_its_order_may_still_hold(
    *, ascending: bool
) -> None:
    before = Walked(
        Window(100, 200), 300, until=210 if ascending else 90, tail=20, ascending=ascending
    )
    order = Order.ASCENDING if ascending else Order.DESCENDING
    closes = resumed(before, {order})
    assert closes.walk is not None
    assert closes.walk.closing
    assert closes.tail == (order.far_end(before.window), 20)
    again = resumed(before, frozenset())
    assert (again.walk, again.stretch) == (None, Stretch(Window(100, 200)))
