"""A walk takes what a proven order lists, and notices where it does not hold."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra import walk as walks
from tap_chakra.order import Order
from tap_chakra.walk import Page, Walk
from tap_chakra.windows import Grain, Window

LIMIT = 10
GRAIN = Grain()
orders = st.sampled_from(list(Order))


@dataclass
class Listing:
    """Rows as (instant, id); ties are listed anew in each answer, and rows vanish meanwhile."""

    rows: list[tuple[int, int]]
    order: Order
    rng: random.Random
    deletes: float = 0.0
    gone: set[int] = field(default_factory=set)

    def page(self, window: Window, skip: int) -> list[tuple[int, int]]:
        self.rng.shuffle(self.rows)
        hits = [row for row in self.rows if window.holds(row[0])]
        hits.sort(key=lambda row: row[0] * self.order.value)
        if self.rows and self.rng.random() < self.deletes:
            self.gone.add(self.rows.pop()[1])
        return hits[skip : skip + LIMIT + 1]


def walk_all(listing: Listing, window: Window) -> tuple[list[int], bool]:
    """The ids taken, and whether the walk came to its end."""
    walk, recent, taken = Walk(listing.order, window), set[int](), list[int]()
    for _ in range(1000):
        listed = listing.page(walk.window, walk.skip)
        rows, whole = listed[:LIMIT], len(listed) <= LIMIT
        page = Page([at for at, _ in rows], [each in recent for _, each in rows], whole)
        verdict = walks.step(walk, page, GRAIN)
        recent = {each for _, each in rows} or recent
        if isinstance(verdict, walks.Broken):
            return taken, False
        if isinstance(verdict, walks.Crowded):
            ids = [each for at, each in listing.rows if verdict.cell.holds(at)]
            taken, recent = taken + ids, set(ids)
            walk = walks.past(walk, verdict.cell, len(ids))
            continue
        if isinstance(verdict, (walks.Advanced, walks.Ended)) and verdict.part is not None:
            part = verdict.part
            taken += [each for at, each in rows if part.holds(at)]
        if isinstance(verdict, walks.Ended):
            return taken, True
        walk = verdict.walk
    raise AssertionError("the walk does not come to an end")


@given(
    st.lists(st.integers(0, 60), max_size=80),
    orders,
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_a_walk_that_ends_took_every_row_that_was_there_all_along(
    instants: list[int], order: Order, seed: int, deletes: float
) -> None:
    rows = list(zip(instants, range(len(instants)), strict=True))
    listing = Listing(rows, order, random.Random(seed), deletes)
    window = Window(10, 50)
    due = {each for at, each in rows if window.holds(at)}
    taken, ended = walk_all(listing, window)
    assert len(taken) == len(set(taken))
    if ended:
        assert due - listing.gone <= set(taken) <= due
    assert ended or deletes


def test_a_page_out_of_order_breaks_a_walk() -> None:
    walk = Walk(Order.ASCENDING, Window(0, 100))
    page = Page([1, 3, 2], [False] * 3, whole=True)
    assert isinstance(walks.step(walk, page, GRAIN), walks.Broken)


def test_a_page_that_begins_too_far_is_asked_again_further_back() -> None:
    walk = Walk(Order.ASCENDING, Window(0, 100), skip=200, edge=40)
    page = Page([50, 51], [False, False], whole=True)
    first = walks.step(walk, page, GRAIN)
    assert isinstance(first, walks.Again)
    assert first.walk.skip == 180
    second = walks.step(first.walk, page, GRAIN)
    assert isinstance(second, walks.Again)
    assert second.walk.skip == 90
    assert isinstance(walks.step(second.walk, page, GRAIN), walks.Broken)


def test_knowing_a_row_that_was_not_taken_is_not_enough() -> None:
    walk = Walk(Order.ASCENDING, Window(0, 100), skip=9, edge=40)
    page = Page([40, 41], [True, False], whole=True)
    assert isinstance(walks.step(walk, page, GRAIN), walks.Again)


@pytest.mark.parametrize(
    ("known", "whole", "closes"),
    [
        ([True, True], True, True),
        ([True, False], True, False),
        ([False, True], True, True),
        ([True, True], False, False),
        ([], True, True),
    ],
)
def test_behind_what_was_taken_there_must_be_nothing(
    *, known: list[bool], whole: bool, closes: bool
) -> None:
    walk = walks.closing(Walk(Order.ASCENDING, Window(0, 100), skip=15, edge=40, rows=15))
    assert walk is not None
    assert (walk.window, walk.skip) == (Window(0, 40), 0)
    page = Page(list(range(len(known))), known, whole)
    assert isinstance(walks.step(walk, page, GRAIN), walks.Ended) is closes


def test_an_instant_with_more_rows_than_an_answer_is_left_to_other_means() -> None:
    walk = Walk(Order.DESCENDING, Window(0, 100), skip=4, edge=61)
    page = Page([70] + [60] * 9, [True] * 4 + [False] * 6, whole=False)
    assert walks.step(walk, page, GRAIN) == walks.Crowded(Window(60, 61))
    after = walks.past(walk, Window(60, 61), 500)
    assert (after.edge, after.rows, after.rest) == (60, 500, Window(0, 60))


def test_padding_is_walked_over() -> None:
    walk = Walk(Order.ASCENDING, Window(10_000, 20_000))
    verdict = walks.step(walk, Page([9_100] * 100, [False] * 100, whole=False), Grain(1000, 1000))
    assert isinstance(verdict, walks.Advanced)
    assert verdict.walk.edge is None
    assert 80 < verdict.walk.skip < 100
