"""What follows from an answer for a walked partition: rows, time read for good, who waits where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tap_chakra.reading.grain_probe import EXACT
from tap_chakra.reading.window_reader import LIMIT, Answer
from tap_chakra.scanning.partition import Partition, Taken
from tap_chakra.scanning.walked import Followed, after_crowd, after_page, give_up_walk, resumed
from tap_chakra.timeline.coverage import Range, Walked
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.walk import Walk
from tap_chakra.timeline.windows import Stretch, Window

ROWS_A_WALK = 1_000
REFUSED = Answer(Window(), (), (), whole=False, server_time=None, refused=True)


def walked(**walk: int) -> Partition:
    """A partition of all before 1,000 whose listing begins at position 5,000."""
    window = Window(0, 1_000)
    partition = Partition(Stretch(window), taken=Taken(), listing=3, begin=5_000, end=9_000)
    partition.walk = replace(Walk(Order.ASCENDING, window), **walk)  # type: ignore[arg-type]  # ints
    return partition


def answer(instants: list[int], *, whole: bool = False) -> Answer:
    rows = tuple({"id": f"row {n}"} for n in range(len(instants)))
    return Answer(Window(), rows, tuple(instants), whole=whole, server_time=None)


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
    beyond = replace(answer([*range(400, 500)]), rows=strangers)
    followed = after_page(partition, beyond, EXACT, ROWS_A_WALK)
    assert (followed.places, followed.back) == ((), "first")
    assert partition.recent == used


def test_a_long_walk_is_closed_and_the_rest_is_a_partition_of_its_own() -> None:
    partition, page = walked(), answer([*range(100, 199), 300])
    partition.hints = [7_000]
    followed = after_page(partition, page, EXACT, rows_a_walk=98)
    onward = followed.onward
    assert (followed.places, followed.back, followed.covered) == ([*range(98)], "first", None)
    assert onward is not None
    assert onward.stretch == Stretch(Window(198, 1_000))
    assert (onward.listing, onward.begin, onward.end) == (3, 5_097, 9_000)
    assert (onward.hints, partition.hints) == ([7_000], [])
    assert partition.walk is not None
    assert (partition.walk.closing, partition.walk.window) == (True, Window(0, 198))


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
