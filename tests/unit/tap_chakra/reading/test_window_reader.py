"""An answer is believed to be whole only where nothing can be listed behind it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.endpoints.answers import ProcessPage
from tap_chakra.reading.grain_probe import BY_SECOND, EXACT
from tap_chakra.reading.window_reader import (
    LIMIT,
    Answer,
    FilterNotHonoured,
    read_page,
    read_window,
    row_id,
    within,
)
from tap_chakra.scanning.scan_reading import taken_from
from tap_chakra.timeline.windows import Window
from tests.support.listing import HAS_MORE, NOW, Listing, make_rows


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(HAS_MORE),
    st.sampled_from(["created_asc", "loose_asc", "loose_desc", "id", "random"]),
    st.integers(0, 260),
    st.integers(0, 99),
)
def test_whole_means_that_all_rows_came(has_more: str, order: str, count: int, seed: int) -> None:
    rng = random.Random(seed)
    rows = make_rows([NOW - rng.randrange(5_000) for _ in range(count)], seed)
    listing = Listing(rows, order=order, has_more=has_more, seed=seed)
    answer = read_window(listing, Window(NOW - 5_000, NOW), EXACT)
    due = {row["id"] for row in rows if NOW - 5_000 <= row["createdAt"] < NOW}
    if answer.whole:
        assert {row["id"] for row in answer.rows} == due
    if len(due) >= LIMIT:
        assert not answer.whole


@pytest.mark.parametrize("has_more", ["absent", "always"])
@pytest.mark.parametrize("order", ["loose_asc", "loose_desc"])
def test_the_end_is_known_where_ties_are_listed_anew_in_each_answer(
    has_more: str, order: str
) -> None:
    """Asked for once more, the last place may show another row of the same instant."""
    for seed in range(20):
        rows = make_rows([NOW] * 60, seed)
        listing = Listing(rows, order=order, has_more=has_more, seed=seed)
        assert read_window(listing, Window(NOW, NOW + 1), EXACT).whole
        page = read_page(listing, Window(NOW, NOW + 1), EXACT, skip=0)
        assert page.whole


def test_a_row_that_was_never_listed_behind_the_last_one_is_no_end() -> None:
    rows = make_rows([NOW + n for n in range(50)])
    listing = Listing(rows, has_more="absent")
    late = make_rows([NOW + 99], seed=7)[0]
    listing.churn = lambda it: it.insert(late) if it.requests == 1 else None
    assert not read_window(listing, Window(NOW, NOW + 200), EXACT).whole
    moved = Listing(rows, has_more="absent")
    moved.churn = lambda it: it.delete(0) if it.requests == 1 else None
    assert not read_window(moved, Window(NOW, NOW + 200), EXACT).whole


def test_in_an_order_that_holds_rows_that_came_before_move_the_end_and_hide_nothing() -> None:
    rows = make_rows([NOW + n for n in range(50)])
    listing = Listing(rows, order="created_desc", has_more="absent")
    newer = make_rows([NOW + 99], seed=7)[0]
    listing.churn = lambda it: it.insert(newer) if it.requests == 1 else None
    assert read_page(listing, Window(NOW, NOW + 200), EXACT).whole
    behind = Listing(rows, order="created_asc", has_more="absent")
    behind.churn = lambda it: it.insert(newer) if it.requests == 1 else None
    assert not read_page(behind, Window(NOW, NOW + 200), EXACT).whole


def test_has_more_beside_few_rows_is_not_believed_and_not_ignored() -> None:
    rows = make_rows([NOW + n for n in range(30)])
    for has_more, requests in (("exact", 1), ("always", 3), ("absent", 2), ("false_positive", 1)):
        listing = Listing(rows, has_more=has_more)
        assert read_window(listing, Window(NOW, None), EXACT).whole
        assert listing.requests == requests


def test_a_full_answer_is_never_whole() -> None:
    listing = Listing(make_rows([NOW + n for n in range(LIMIT)]))
    assert not read_window(listing, Window(NOW, None), EXACT).whole


def test_a_row_outside_of_the_question_refutes_the_filter() -> None:
    listing = Listing(make_rows([NOW, NOW - 9_000]), honours=lambda key: key != "createdAt")
    window = Window(NOW, NOW + 1_000)
    with pytest.raises(FilterNotHonoured) as refuted:
        read_window(listing, window, BY_SECOND)
    assert refuted.value.stranger == NOW - 9_000
    with pytest.raises(FilterNotHonoured):
        read_page(listing, window, BY_SECOND)


def test_padding_is_dropped_from_a_window_and_kept_in_a_page() -> None:
    listing = Listing(make_rows([NOW - 500, NOW, NOW + 1_500]), precision=1000)
    window = Window(NOW, NOW + 1_000)
    assert read_window(listing, window, BY_SECOND).created == (NOW,)
    assert read_page(listing, window, BY_SECOND).created == (NOW - 500, NOW, NOW + 1_500)


def test_a_page_that_the_server_does_not_skip_to_is_refused_and_the_first_one_fails() -> None:
    listing = Listing(make_rows([NOW] * 30), max_skip=10)
    page = read_page(listing, Window(), EXACT, skip=11)
    assert page.refused
    assert not page.rows
    listing.max_skip = -1
    with pytest.raises(Exception, match="skip"):
        read_page(listing, Window(), EXACT)


def test_rows_of_one_id_and_rows_without_an_instant_are_kept() -> None:
    """What they mean for the scan is decided where all answers are seen (`row_identity.py`)."""
    dated = {"id": "a", "createdAt": NOW}
    rows = [dated, dated, {"id": "b"}, {"createdAt": 0}]
    positions, created = within(rows, Window(NOW, NOW + 9), Window(NOW, NOW + 9))
    assert [row_id(rows[position]) for position in positions] == ["a", "a", "b", ""]
    assert created == (NOW, NOW, 0, 0)


def test_rows_are_those_of_a_page_and_are_handed_out_with_it() -> None:
    """They may be heads, whose other fields are in its body: without it there are no rows."""
    page = ProcessPage([{"id": "1"}, {"id": "2"}], None, 7, b"the answer", heads=True, limit=50)
    answer = Answer(Window(), page, (1,), (2,), ["2"], whole=True)
    assert answer.rows == ({"id": "2"},)
    assert (answer.server_time, answer.limit) == (7, 50)
    with pytest.raises(TypeError, match="page"):
        Answer(Window(), positions=(1,), created=(2,), ids=["2"], whole=True)  # type: ignore[call-arg]
    reading = taken_from(answer, [0])
    assert (reading.page, reading.positions, reading.ids) == (page, [1], ["2"])
