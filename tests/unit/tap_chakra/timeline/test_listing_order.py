"""An order is believed only when answers prove it, and no longer than they do."""

from __future__ import annotations

import pytest

from tap_chakra.timeline.listing_order import PAIRS_TO_BELIEVE, Evidence, Order
from tap_chakra.timeline.windows import Grain, Window

UP = list(range(0, 10 * (PAIRS_TO_BELIEVE + 1), 10))
TOUCHED = [at + 500 if at % 30 == 0 else at for at in UP]


def test_an_order_that_updatedAt_contradicts_is_proven() -> None:  # noqa: N802 - the field's name
    assert Evidence().with_answer(UP, TOUCHED).proven is Order.ASCENDING
    assert Evidence().with_answer(UP[::-1], TOUCHED[::-1]).proven is Order.DESCENDING


def test_rows_that_were_never_changed_prove_no_order_by_creation() -> None:
    evidence = Evidence().with_answer(UP, UP)
    assert evidence.proven is None
    assert evidence.likely is Order.ASCENDING


def test_a_few_rows_prove_nothing() -> None:
    assert Evidence().with_answer(UP[:5], TOUCHED[:5]).proven is None
    assert Evidence().with_answer([7] * 100, list(range(100))).proven is None


def test_one_answer_that_is_not_sorted_refutes_an_order_for_good() -> None:
    evidence = Evidence().with_answer(UP, TOUCHED).with_answer([3, 1, 2], [3, 1, 2])
    assert evidence.proven is evidence.likely is None
    assert evidence.with_answer(UP, TOUCHED).proven is None
    assert Evidence().with_answer(UP, TOUCHED).refuted().likely is None


@pytest.mark.parametrize("order", Order)
def test_a_bound_splits_a_window_as_it_is_listed(order: Order) -> None:
    near, behind = order.split(Window(0, 100), 40)
    assert {near, behind} == {Window(0, 40), Window(40, 100)}
    for at in range(100):
        assert near.holds(at) is order.precedes_bound(at, 40)


@pytest.mark.parametrize("order", Order)
def test_the_cell_of_an_instant_lies_between_its_bounds(order: Order) -> None:
    grain = Grain(1000, 1000)
    begin, end = order.begin_of(12_345, grain), order.end_of(12_345, grain)
    assert {begin, end} == {12_000, 13_000}
    assert not order.precedes_bound(12_345, begin)
    assert order.precedes_bound(12_345, end)
