"""A piece knows what it handed out, and where another reader may have a share of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.reading.window_reader import Answer
from tap_chakra.scanning.partition import (
    ADVANCE,
    FIRST_HINT,
    GUESSES,
    HINT_GROWTH,
    WORTH,
    Partition,
    Taken,
    best_hint,
    cut_at,
    spread,
)
from tap_chakra.timeline.coverage import Walked
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.walk import Walk
from tap_chakra.timeline.windows import Stretch, Window

FAR = 10**9


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1), min_size=1)))
def test_what_was_handed_out_is_known_and_nothing_else(pages: list[list[str]]) -> None:
    taken = Taken()
    for page in pages:
        taken.add(page)
        assert page[-1] in taken
    ids = {each for page in pages for each in page}
    assert all(each in taken for each in ids)
    assert "never seen" not in taken


def walked(
    window: Window, *, skip: int = 0, begin: int = 0, end: int | None = None, listing: int = 1
) -> Partition:
    piece = Partition(Stretch(window), taken=Taken(), listing=listing, begin=begin, end=end)
    piece.walk = Walk(Order.ASCENDING, window, skip=skip)
    return piece


def test_the_end_of_a_listing_of_unknown_length_is_looked_for_ever_farther() -> None:
    piece = walked(Window(0, 100))
    hints = []
    while (at := piece.next_hint(FAR)) is not None:
        hints.append(at)
        piece.hints.append(at)
    assert len(hints) == GUESSES
    for number, at in enumerate(hints):
        assert abs(at - FIRST_HINT * HINT_GROWTH**number) < ADVANCE


def test_a_piece_of_known_length_is_cut_in_halves_quarters_and_eighths() -> None:
    piece = walked(Window(0, 100), end=64_000)
    hints = []
    while (at := piece.next_hint(FAR)) is not None:
        hints.append(at)
        piece.hints.append(at)
    shares = [round(at / 64_000, 2) for at in hints[:3]]
    assert shares == [0.5, 0.25, 0.75]
    assert len(hints) == 64_000 // WORTH
    assert len(set(hints)) == len(hints)


def test_little_that_is_left_is_not_shared() -> None:
    assert walked(Window(0, 9), end=WORTH - 1).next_hint(FAR) is None
    assert walked(Window(0, 9), skip=500, end=WORTH + 400).next_hint(FAR) is None
    assert walked(Window(0, 9), end=WORTH).next_hint(FAR) is not None


def test_hints_that_a_walk_has_passed_share_nothing() -> None:
    passed = walked(Window(0, 100), skip=30_000, end=70_000)
    passed.hints = [10_000, 20_000, 30_000]
    halved = walked(Window(100, 200), end=60_000)
    halved.hints = [30_000]
    assert (passed.gain(), halved.gain()) == (40_000, 30_000)
    found = best_hint([halved, passed], FAR)
    assert found is not None
    assert found[0] is passed


def test_no_hint_lies_beyond_what_the_server_skips() -> None:
    assert walked(Window(0, 9)).next_hint(1_000) is None
    # Positions are those of the listing; the server skips from the beginning of the piece.
    assert walked(Window(0, 9), begin=50_000, end=58_000).next_hint(5_000) is not None


def test_what_is_not_walked_any_more_is_not_cut() -> None:
    piece = walked(Window(0, 9), end=64_000)
    assert piece.walk is not None
    piece.walk = replace(piece.walk, closing=True)
    assert piece.next_hint(FAR) is None
    piece.walk = None
    assert piece.next_hint(FAR) is None
    assert piece.left() is None


def test_the_piece_with_most_rows_to_a_hint_is_cut_first() -> None:
    small, large = walked(Window(0, 9), end=8_000), walked(Window(9, 20), end=64_000)
    unknown = walked(Window(20, 30))
    assert best_hint([], FAR) is None
    assert best_hint([small, large], FAR) == (large, large.next_hint(FAR))
    assert (best_hint([small, large, unknown], FAR) or (None,))[0] is unknown
    large.hints = [1] * 15
    assert (best_hint([small, large], FAR) or (None,))[0] is small


@pytest.mark.parametrize("order", Order)
def test_a_cut_parts_the_piece_that_holds_the_bound(order: Order) -> None:
    before, piece = walked(Window(0, 40)), walked(Window(40, 100), end=9_000, listing=5)
    for each in (before, piece):
        assert each.walk is not None
        each.walk = replace(each.walk, order=order)
    piece.hints = [100, 4_000]
    cut_off = cut_at([before, piece], order, 70, 2_000)
    assert cut_off is not None
    assert piece.walk is not None
    assert (piece.walk.window, cut_off.stretch.window) == order.split(Window(40, 100), 70)
    assert (piece.end, cut_off.begin, cut_off.end, cut_off.listing) == (2_000, 2_000, 9_000, 5)
    assert (piece.hints, cut_off.hints) == ([100], [4_000])


@pytest.mark.parametrize("bound", [0, 30, 40, 100, 500])
def test_a_bound_that_was_passed_or_lies_elsewhere_cuts_nothing(bound: int) -> None:
    piece = walked(Window(0, 100))
    assert piece.walk is not None
    piece.walk = replace(piece.walk, edge=40)
    assert cut_at([piece], Order.ASCENDING, bound, 1) is None
    piece.walk = replace(piece.walk, edge=None, closing=True)
    assert cut_at([piece], Order.ASCENDING, 50, 1) is None


def test_a_page_is_seen_as_the_window_is_now() -> None:
    piece = walked(Window(0, 40))
    assert piece.walk is not None
    piece.recent = frozenset({"a"})
    rows = ({"id": "a"}, {"id": "b"}, {"id": "c"})
    answer = Answer(Window(0, 100), rows, (10, 39, 40), whole=False, server_time=None)
    page = piece.seen(piece.walk, answer)
    assert (list(page.known), page.inside) == ([True, False, False], 2)
    assert piece.recent == {"a", "b", "c"}
    piece.seen(piece.walk, Answer(Window(), (), (), whole=True, server_time=None))
    assert piece.recent == {"a", "b", "c"}, "an empty page says nothing of what is known"


def test_a_resumed_walk_knows_the_rows_of_its_tail() -> None:
    piece = walked(Window(0, 100))
    assert piece.walk is not None
    walk = replace(piece.walk, tail=50, closing=True)
    rows = tuple({"id": str(n)} for n in range(3))
    answer = Answer(Window(), rows, (49, 50, 51), whole=True, server_time=None)
    assert list(piece.seen(walk, answer).known) == [False, True, True]


def test_what_was_walked_is_kept_without_its_tail() -> None:
    piece = walked(Window(0, 100))
    assert piece.walked is None
    assert piece.walk is not None
    piece.walk = replace(piece.walk, edge=60, rows=300)
    assert piece.walked is None, "without a tail nobody could close it"
    piece.tail = (45, 25)
    assert piece.walked == Walked(Window(0, 45), 275, 60, 25, ascending=True)
    piece.tail = (0, 300)
    assert piece.walked is None, "all of it is tail"


def test_shares_cut_a_widest_part_each_time() -> None:
    assert [spread(n) for n in range(1, 8)] == [0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875]
