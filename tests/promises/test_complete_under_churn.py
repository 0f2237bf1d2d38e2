"""Promise: every process that exists through a whole scan is emitted, or the scan says otherwise.

A reader that pages by offset runs through the same harness and loses rows: the check can fail.
"""

from __future__ import annotations

import random
import uuid

import pytest

from tests.support.listing import NOW, Listing, make_rows
from tests.support.scanning import read

DAY = 86_400_000


class Churn:
    """On each request one insert, one update and one delete; remembers who was there all along."""

    def __init__(self, listing: Listing, seed: int) -> None:
        self._rng = random.Random(f"churn {seed}")
        self.throughout = {row["id"] for row in listing.rows}

    def __call__(self, listing: Listing) -> None:
        rng = self._rng
        at = NOW + listing.requests if rng.random() < 0.5 else NOW - rng.randrange(200 * DAY)
        row = make_rows([at])[0] | {"id": str(uuid.UUID(int=rng.getrandbits(128)))}
        listing.rows.append(row)
        changed = rng.choice(listing.rows)
        changed["updatedAt"] = NOW + listing.requests
        changed["status"] = rng.choice(["OPEN", "COMPLETED", "CANCELLED"])
        gone = listing.rows.pop(rng.randrange(len(listing.rows)))
        self.throughout.discard(gone["id"])


def churning(seed: int, order: str, **options: object) -> tuple[Listing, Churn]:
    rng = random.Random(seed)
    instants = [NOW - rng.randrange(DAY, 200 * DAY) for _ in range(1500)]
    instants += [NOW - 50 * DAY] * rng.randrange(80, 300)
    listing = Listing(make_rows(instants, seed), order=order, seed=seed, **options)  # type: ignore[arg-type]
    churn = Churn(listing, seed)
    listing.churn = churn
    return listing, churn


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("order", ["created_asc", "created_desc", "random", "unstable"])
def test_no_row_that_lived_through_the_scan_is_missed(seed: int, order: str) -> None:
    listing, churn = churning(seed, order)
    scan, ids = read(listing, concurrency=1 + seed % 8)
    assert scan.progress.complete
    assert churn.throughout - set(ids) == set()
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    "options",
    [{"refuses": frozenset({"id"})}, {"precision": 1000}, {"has_more": "absent"}],
    ids=["no filter on id", "seconds", "no hasMore"],
)
def test_a_scan_that_calls_itself_complete_missed_nothing(
    seed: int, options: dict[str, object]
) -> None:
    listing, churn = churning(seed, "random", **options)
    scan, ids = read(listing)
    if scan.progress.complete:
        assert churn.throughout - set(ids) == set()


def test_a_reader_by_offset_loses_rows_in_the_same_harness() -> None:
    lost = 0
    for seed in range(10):
        listing, churn = churning(seed, "created_asc")
        ids: set[str] = set()
        received = 0
        while page := listing(None, skip=received).rows:
            ids |= {str(row["id"]) for row in page}
            received += len(page)
        lost += len(churn.throughout - ids)
    assert lost > 0
