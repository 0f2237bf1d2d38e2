"""How finely a server tells instants apart is seen, not assumed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_chakra.reading.grain_probe import (
    BY_MILLISECOND,
    BY_SECOND,
    EXACT,
    GRAINS,
    WHOLE_SECONDS,
    proven_grain,
)
from tests.support.distributions import DISTRIBUTIONS
from tests.support.listing import LATEST, NOW, Listing, instant_of, make_rows
from tests.support.scanning import SameThread, read

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
    st.sampled_from([(1, False, EXACT), (1, True, BY_MILLISECOND), (1000, False, WHOLE_SECONDS)]),
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


class CutsBounds(Listing):
    """Takes whole seconds for bounds, and compares them with milliseconds."""

    def _range(self, op: str, text: str) -> tuple[int, int]:
        if self.gte_is_gt and op in {">=", "<="}:
            op = op[0]
        at = instant_of(text) // 1000 * 1000
        return {
            ">=": (at, LATEST),
            ">": (at + 1, LATEST),
            "<": (-LATEST, at),
            "<=": (-LATEST, at + 1),
        }[op]


@pytest.mark.parametrize("gte_is_gt", [False, True])
def test_a_row_at_the_beginning_of_a_second_is_in_no_doubt(*, gte_is_gt: bool) -> None:
    """What `>` brings of a second proves nothing of its first millisecond under `>=`."""
    rng = random.Random(2)
    begins = [NOW - 1000 * rng.randrange(10**6) for _ in range(400)]
    within = [NOW - DAY - rng.randrange(DAY) for _ in range(110)]
    rows = make_rows([*begins, *within])
    listing = CutsBounds(rows, gte_is_gt=gte_is_gt)
    assert proven_grain(listing, rows[-100:], SameThread()) == BY_SECOND
    scan, ids = read(CutsBounds(rows, gte_is_gt=gte_is_gt, order="created_desc"))
    assert sorted(ids) == sorted(row["id"] for row in rows)
    assert scan.progress.complete


@pytest.mark.parametrize("order", ["created_asc", "random"])
@pytest.mark.parametrize("shape", ["uniform", "imports"])
def test_whole_seconds_cost_little_more_than_milliseconds(shape: str, order: str) -> None:
    rows = make_rows(sorted(DISTRIBUTIONS[shape](6000, random.Random(1))))
    asked = []
    for precision in (1, 1000):
        listing = Listing(rows, order=order, precision=precision)
        _, ids = read(listing)
        assert sorted(ids) == sorted(row["id"] for row in rows)
        asked.append(listing.requests)
    crowds = len({row["createdAt"] // 1000 for row in rows}) if shape == "imports" else 0
    assert asked[1] < asked[0] * 1.15 + 3 * crowds


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


@pytest.mark.parametrize("precision", [1, 1000])
def test_nor_do_three_that_all_are(precision: int) -> None:
    listing = spread(900, seed=3)
    rows = listing(None).rows
    listing = Listing(listing.rows[100:], precision=precision)
    expected = EXACT if precision == 1 else WHOLE_SECONDS
    assert proven_grain(listing, rows, SameThread()) == expected
