"""A fixed slice of `tests/campaigns/served.py`: each order and distribution, each rate in turn."""

from __future__ import annotations

from itertools import product

import pytest

from tests.campaigns.served import MOST_REQUESTS, ORDERS, RATES, Case, judge, listing_of
from tests.support.churning import ServedChurn
from tests.support.distributions import DISTRIBUTIONS

CHANGING = [name for name in RATES if name != "none"]
CASES = [
    (distribution, order, CHANGING[number % len(CHANGING)])
    for number, (order, distribution) in enumerate(product(ORDERS, DISTRIBUTIONS))
]


@pytest.mark.parametrize(("distribution", "order", "rates"), CASES)
def test_what_was_just_served_may_change_at_a_bounded_cost(
    distribution: str, order: str, rates: str
) -> None:
    verdict = judge(Case(distribution, order, RATES[rates]))
    assert verdict.is_good, verdict


def test_a_reader_by_offset_loses_the_rows_behind_those_that_go() -> None:
    listing = listing_of(Case("uniform", "created_asc", RATES["deletes 1"], rows=1000))
    churn = listing.churn = ServedChurn(listing, 1, RATES["deletes 1"])
    ids: list[str] = []
    while page := listing(None, skip=len(ids)).rows:
        ids += [str(row["id"]) for row in page]
    assert len(churn.throughout - set(ids)) > 5
    assert listing.requests < MOST_REQUESTS * 10
