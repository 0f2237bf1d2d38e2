"""The rows of a listing are counted exactly, or as roughly as is asked for, in few turns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_spark.reading import row_count
from chakra_spark.reading.row_count import count_rows
from tests.support.listing import NOW, Listing, make_rows
from tests.support.scanning import SameThread


def listing_of(rows: int, max_skip: int | None = None) -> Listing:
    return Listing(make_rows([NOW - 1_000 * at for at in range(rows)]), max_skip=max_skip)


@given(rows=st.integers(0, 300), around=st.integers(0, 600))
def test_each_row_counts_however_wrong_the_guess(rows: int, around: int) -> None:
    assert count_rows(listing_of(rows), None, SameThread(), around=around) == rows


@pytest.mark.parametrize("rows", [1, 900, 5_000])
def test_roughly_is_never_too_much_and_seldom_much_too_little(rows: int) -> None:
    listing = listing_of(rows)
    counted = count_rows(listing, None, SameThread(), roughly=0.05)
    assert counted is not None
    assert rows * 0.95 - 1 <= counted <= rows
    assert listing.requests <= 5 * row_count.AT_A_TIME


def test_a_server_that_does_not_skip_so_far_is_not_counted() -> None:
    assert count_rows(listing_of(900, max_skip=400), None, SameThread()) is None


def test_a_server_that_skips_nothing_ends_the_count() -> None:
    class SkipsNothing(Listing):
        def __call__(self, where: object, *, skip: int = 0, limit: int = 100) -> object:  # type: ignore[override]
            return super().__call__(where, skip=0 * skip, limit=limit)

    assert count_rows(SkipsNothing(make_rows([NOW])), None, SameThread()) is None  # type: ignore[arg-type]
