"""A partition knows what it handed out, what its walk saw, and what of it a later run closes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.scanning.partition import Partition, Taken
from tap_chakra.timeline.coverage import Walked
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.walk import Walk
from tap_chakra.timeline.windows import Stretch, Window
from tests.support.answers import answer_of


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1), min_size=1)))
def test_what_was_handed_out_is_known_and_nothing_else(pages: list[list[str]]) -> None:
    taken = Taken()
    for page in pages:
        taken.add(page)
        assert page[-1] in taken
    ids = {each for page in pages for each in page}
    assert all(each in taken for each in ids)
    assert "never seen" not in taken


def walked(window: Window) -> Partition:
    partition = Partition(Stretch(window), taken=Taken(), listing=1)
    partition.walk = Walk(Order.ASCENDING, window)
    return partition


def test_a_page_is_seen_as_the_window_is_now() -> None:
    partition = walked(Window(0, 40))
    assert partition.walk is not None
    partition.recent = frozenset({"a"})
    rows = ({"id": "a"}, {"id": "b"}, {"id": "c"})
    answer = answer_of(Window(0, 100), rows, (10, 39, 40))
    page = partition.seen(partition.walk, answer)
    assert (list(page.known), page.inside) == ([True, False, False], 2)


def test_a_page_that_shows_no_row_of_the_last_one_is_known_by_all_that_was_taken() -> None:
    partition = walked(Window(0, 40))
    assert partition.walk is not None
    partition.recent = frozenset({"z"})
    partition.took(["a", "b"])
    rows = ({"id": "a"}, {"id": "b"}, {"id": "c"})
    answer = answer_of(Window(0, 100), rows, (10, 20, 30))
    page = partition.seen(replace(partition.walk, skip=70), answer)
    assert list(page.known) == [True, True, False]


def test_a_resumed_walk_knows_the_rows_of_its_tail() -> None:
    partition = walked(Window(0, 100))
    assert partition.walk is not None
    walk = replace(partition.walk, tail=50, closing=True)
    rows = tuple({"id": str(n)} for n in range(3))
    answer = answer_of(Window(), rows, (49, 50, 51), whole=True)
    assert list(partition.seen(walk, answer).known) == [False, True, True]


def test_what_was_walked_is_kept_without_its_tail() -> None:
    partition = walked(Window(0, 100))
    assert partition.walked is None
    assert partition.walk is not None
    partition.walk = replace(partition.walk, edge=60, rows=300)
    assert partition.walked is None, "without a tail nobody could close it"
    partition.tail = (45, 25)
    assert partition.walked == Walked(Window(0, 45), 275, 60, 25, ascending=True)
    partition.tail = (0, 300)
    assert partition.walked is None, "all of it is tail"
