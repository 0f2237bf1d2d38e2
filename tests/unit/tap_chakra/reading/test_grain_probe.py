"""How finely a server tells instants apart is seen, not assumed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_chakra.reading.grain_probe import BY_MILLISECOND, BY_SECOND, EXACT, GRAINS, proven_grain
from tests.support.listing import NOW, Listing, make_rows
from tests.support.scanning import SameThread

if TYPE_CHECKING:
    from tap_chakra.timeline.windows import Grain

DAY = 86_400_000


def grain_of(listing: Listing) -> Grain | None:
    return proven_grain(listing, listing(None).rows, SameThread())


def spread(count: int, seed: int = 0) -> Listing:
    rng = random.Random(seed)
    return Listing(make_rows([NOW - rng.randrange(DAY * 365) for _ in range(count)], seed))


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10**6),
    st.integers(10, 400),
    st.sampled_from([(1, False, EXACT), (1, True, BY_MILLISECOND), (1000, False, BY_SECOND)]),
    st.sampled_from(["created_asc", "id", "unstable"]),
)
def test_the_finest_way_of_asking_that_brings_the_rows_is_proven(
    seed: int, count: int, kind: tuple[int, bool, Grain], order: str
) -> None:
    listing = spread(count, seed)
    listing.order, (listing.precision, listing.gte_is_gt, expected) = order, kind
    assert grain_of(listing) == expected


def test_seconds_without_the_bound_itself_are_read_by_seconds() -> None:
    listing = spread(300)
    listing.precision, listing.gte_is_gt = 1000, True
    assert grain_of(listing) == BY_SECOND


@pytest.mark.parametrize("count", [5, 300])
def test_a_server_that_ignores_the_filter_is_noticed(count: int) -> None:
    listing = spread(count)
    listing.honours = lambda key: key != "createdAt"
    assert grain_of(listing) is None


@pytest.mark.parametrize("order", ["id", "created_asc", "created_desc"])
def test_that_all_rows_seen_share_an_instant_proves_no_filter(order: str) -> None:
    """The narrowest window finds no stranger among them, even where nothing is filtered."""
    import_of_one = make_rows([NOW - DAY] * 150)
    ignores = Listing(import_of_one, order=order, honours=lambda key: key != "createdAt")
    assert grain_of(ignores) is None
    assert grain_of(Listing(import_of_one, order=order)) == EXACT


@pytest.mark.parametrize("width", [1, 900, 3_000])
def test_nor_does_that_they_lie_close_together(width: int) -> None:
    rng = random.Random(1)
    close = make_rows([NOW - DAY + rng.randrange(width) for _ in range(90)])
    assert grain_of(Listing(close, honours=lambda key: key != "createdAt")) is None
    assert grain_of(Listing(close)) in GRAINS


def test_where_no_row_is_dated_the_coarsest_is_used() -> None:
    assert grain_of(Listing(make_rows([None, 0, None]))) == BY_SECOND
    assert grain_of(Listing([])) == BY_SECOND


def test_a_witness_that_is_deleted_meanwhile_spoils_no_proof() -> None:
    listing = spread(80, seed=3)
    rows = listing(None).rows
    listing.delete(0)
    assert proven_grain(listing, rows, SameThread()) == EXACT
