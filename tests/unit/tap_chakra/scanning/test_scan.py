"""A scan reads every row once, whatever the server's habits, and says when it can't know."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.listing import NOW, Listing, make_rows
from tests.support.scanning import read

if TYPE_CHECKING:
    from chakra_api.endpoints.client import Row

DAY = 86_400_000
ORDERS = ["created_asc", "created_desc", "id", "random", "unstable"]


def spread(count: int, seed: int) -> list[int]:
    """A year with bursts, an import into single milliseconds, and quiet months."""
    rng = random.Random(seed)
    instants: list[int] = []
    while len(instants) < count:
        at = NOW - rng.randrange(DAY, 365 * DAY)
        kind = rng.random()
        if kind < 0.02:
            instants += [at] * rng.randrange(100, 350)
        elif kind < 0.05:
            instants += [at + 3 * i for i in range(150)]
        else:
            instants.append(at)
    return instants[:count]


def ids_of(rows: list[Row]) -> list[str]:
    return sorted(str(row["id"]) for row in rows)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(ORDERS), st.integers(0, 1500), st.integers(1, 9))
def test_every_row_is_read_exactly_once(
    seed: int, order: str, count: int, concurrency: int
) -> None:
    rows = make_rows(spread(count, seed), seed)
    scan, ids = read(Listing(rows, order=order, seed=seed), concurrency=concurrency)
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete
    assert scan.progress.rows == count


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("at_zero", [3, 130, 350])
def test_more_rows_than_an_answer_holds_may_stand_at_zero(at_zero: int, order: str) -> None:
    """A server takes 0 for an instant, and its filter on `createdAt` works none the less."""
    rows = make_rows([*spread(600, 2), *[0] * at_zero])
    scan, ids = read(Listing(rows, order=order))
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete


@pytest.mark.parametrize("has_more", ["absent", "always"])
@pytest.mark.parametrize("order", ["created_asc", "random"])
def test_an_odd_has_more_loses_nothing(has_more: str, order: str) -> None:
    rows = make_rows(spread(900, 1))
    scan, ids = read(Listing(rows, order=order, has_more=has_more))
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete


@pytest.mark.parametrize(
    ("precision", "gte_is_gt"), [(1, False), (1, True), (1000, False), (1000, True)]
)
def test_a_coarse_or_exclusive_filter_loses_nothing(*, precision: int, gte_is_gt: bool) -> None:
    rows = make_rows(spread(1200, 2))
    listing = Listing(rows, precision=precision, gte_is_gt=gte_is_gt, order="random")
    scan, ids = read(listing)
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete


@pytest.mark.parametrize("count", [99, 100, 101, 1000])
def test_one_millisecond_with_many_rows_is_cut_by_id(count: int) -> None:
    rows = make_rows([NOW - DAY] * count + [NOW - 2 * DAY] * 7)
    scan, ids = read(Listing(rows, order="random"))
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete


def test_one_millisecond_is_cut_by_cells_where_ids_are_no_filter() -> None:
    rows = make_rows([NOW - DAY] * 400)
    listing = Listing(rows, order="random", refuses=frozenset({"id"}))
    scan, ids = read(listing)
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete


def test_rows_that_no_cell_shows_are_found_by_pages() -> None:
    """A state of null is in no cell where the server compares as SQL does."""
    rows = make_rows([NOW - DAY] * 700)
    for row in rows:
        row["status"] = None
    scan, ids = read(Listing(rows, order="created_asc", refuses=frozenset({"id"})))
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete


def test_a_dense_millisecond_that_no_two_reads_agree_on_is_incomplete() -> None:
    rows = make_rows([NOW - DAY] * 700)
    listing = Listing(rows, order="unstable", refuses=frozenset({"id", "status"}))
    scan, ids = read(listing)
    assert not scan.progress.complete
    assert str(NOW - DAY) in scan.progress.unsure[0]
    assert set(ids) <= set(ids_of(rows))


@pytest.mark.parametrize("ignored", [{"id"}, {"id", "status", "state"}])
def test_an_ignored_filter_is_not_believed(ignored: set[str]) -> None:
    rows = make_rows([NOW - DAY] * 500)
    listing = Listing(rows, order="random", honours=lambda key: key not in ignored)
    scan, ids = read(listing)
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete


def test_without_a_filter_on_created_at_everything_is_read_by_id() -> None:
    rows = make_rows(spread(700, 3))
    for order in ("created_asc", "unstable"):
        listing = Listing(rows, order=order, honours=lambda key: key != "createdAt")
        scan, ids = read(listing)
        assert sorted(ids) == ids_of(rows)
        assert scan.progress.complete


def test_without_any_filter_two_walks_that_agree_are_needed() -> None:
    rows = make_rows(spread(700, 3))
    still = Listing(rows, order="created_asc", honours=lambda _: False)
    scan, ids = read(still)
    assert sorted(ids) == ids_of(rows)
    assert scan.progress.complete
    moving = Listing(rows, order="unstable", honours=lambda _: False)
    scan, _ = read(moving)
    assert not scan.progress.complete
    assert "createdAt" in scan.progress.unsure[0]
    assert scan.unfinished is None, "it is not resumed"


def test_created_after_reads_only_what_is_younger() -> None:
    rows = make_rows(spread(1000, 4))
    lower = NOW - 100 * DAY
    _, ids = read(Listing(rows), lower=lower)
    assert sorted(ids) == ids_of([row for row in rows if row["createdAt"] >= lower])


def test_the_beginning_is_the_servers_time_before_the_first_row_is_read() -> None:
    listing = Listing(make_rows(spread(300, 5)))
    scan, _ = read(listing)
    assert scan.began == NOW + 1


def test_few_requests_are_wasted() -> None:
    for order in ORDERS:
        listing = Listing(make_rows([NOW - DAY - i * 60_000 for i in range(3_000)]), order=order)
        read(listing)
        assert listing.requests < 30 * 2.5 + 15, order
