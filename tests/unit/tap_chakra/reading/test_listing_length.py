"""The length of a listing is found exactly, and with few requests."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from chakra_api.endpoints.answers import ProcessPage
from chakra_api.errors import BadRequest
from tap_chakra.reading.listing_length import GROWTH, listing_length


class Rows:
    """A listing of so many rows, of a server that skips so many at most."""

    def __init__(self, count: int, most: int | None = None) -> None:
        self._count, self._most = count, most
        self.asked = 0

    def __call__(self, where: object, *, skip: int = 0, limit: int = 100) -> ProcessPage:
        assert where == {"status": "OPEN"}
        self.asked += 1
        if self._most is not None and skip > self._most:
            raise BadRequest("too far", status=400)
        rows = [{"id": str(n)} for n in range(skip, min(self._count, skip + limit))]
        return ProcessPage(list(rows), None, None)


@given(st.integers(0, 2_000_000))
def test_the_length_is_exact(count: int) -> None:
    listing = Rows(count)
    assert listing_length(listing, {"status": "OPEN"}) == count
    assert listing.asked <= 2 * math.log2(count + 2) + math.log2(GROWTH) + 3


@given(st.integers(0, 5_000), st.integers(0, 5_000))
def test_where_the_server_does_not_skip_so_far_nothing_is_made_up(count: int, most: int) -> None:
    found = listing_length(Rows(count, most), {"status": "OPEN"})
    assert found in {None, count}


@given(st.integers(0, 2_000_000))
def test_a_rough_length_is_never_too_large_and_off_by_no_more_than_was_asked_for(
    count: int,
) -> None:
    listing = Rows(count)
    found = listing_length(listing, {"status": "OPEN"}, roughly=0.1)
    assert found is not None
    assert count - max(1, 0.1 * count) <= found <= count
    assert listing.asked <= math.log(count + 2, GROWTH) + math.log2(GROWTH / 0.1) + 4
