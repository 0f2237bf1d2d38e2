"""A filter on `updatedAt` is believed only where exactly the right rows come back."""

from __future__ import annotations

import operator
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.errors import ServerFault
from tap_chakra.reading.updated_filter_probe import FEWEST_ROWS, MOST_TRIES, filters_on_updated
from tests.support import listing as server
from tests.support.listing import NOW, Listing, make_rows

DAY = 86_400_000


class Updated(Listing):
    """A server whose filter on `updatedAt` compares as it is told to."""

    compares = staticmethod(lambda held, op, asked: server.OPERATORS[op](held, asked))

    def _found(self, where: dict[str, object]) -> list[server.Row]:
        tests = list(server._tests(where))  # noqa: SLF001 - a server of the same kind
        rows = super()._found({"and": [{k: {op: v}} for k, op, v in tests if k != "updatedAt"]})
        if "updatedAt" in self.refuses and any(key == "updatedAt" for key, _, _ in tests):
            return super()._found(where)
        for key, op, value in tests:
            if key == "updatedAt" and self.honours(key):
                asked = server.instant_of(value)
                rows = [row for row in rows if self.compares(row["updatedAt"], op, asked)]
        return rows


def rows_of(count: int, seed: int = 0) -> list[server.Row]:
    rng = random.Random(seed)
    rows = make_rows([NOW - DAY * 300 + rng.randrange(DAY * 200) for _ in range(count)], seed)
    for row in rows:
        row["updatedAt"] += rng.randrange(DAY * 90)
    return rows


def proves(listing: Listing) -> bool:
    return filters_on_updated(listing, listing(None))


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 10**6),
    st.integers(FEWEST_ROWS + 2, 600),
    st.sampled_from(["created_asc", "created_desc", "id", "random", "unstable"]),
)
def test_a_server_that_filters_is_believed_whatever_its_order(
    seed: int, count: int, order: str
) -> None:
    listing = Updated(rows_of(count, seed), order=order, seed=seed)
    assert proves(listing)
    assert listing.requests <= 14


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(0, 600))
def test_a_server_that_ignores_the_filter_is_never_believed(seed: int, count: int) -> None:
    listing = Updated(rows_of(count, seed), honours=lambda key: key != "updatedAt", seed=seed)
    assert not proves(listing)


def test_a_server_that_refuses_the_filter_is_not_believed() -> None:
    assert not proves(Updated(rows_of(300), refuses=frozenset({"updatedAt"})))


@pytest.mark.parametrize(
    "compares",
    [
        lambda _held, _op, _asked: False,
        lambda held, op, asked: server.OPERATORS[op](asked, held),
        lambda held, _op, asked: operator.ge(held, asked),
        lambda held, op, asked: server.OPERATORS[op](held, asked) or held % 5 == 0,
    ],
    ids=["finds nothing", "the wrong way", "one way", "too many"],
)
def test_a_server_that_compares_otherwise_is_not_believed(compares: object) -> None:
    listing = Updated(rows_of(300, seed=3), order="random")
    listing.compares = compares  # type: ignore[method-assign]
    assert not proves(listing)


def test_too_few_rows_prove_nothing() -> None:
    assert not proves(Updated(rows_of(FEWEST_ROWS - 1)))
    assert not proves(Updated([]))


def test_rows_that_all_changed_at_once_prove_nothing() -> None:
    rows = rows_of(80)
    for row in rows:
        row["updatedAt"] = NOW
    assert not proves(Updated(rows))


def test_a_row_that_changes_meanwhile_spoils_one_try_and_not_the_proof() -> None:
    listing = Updated(rows_of(80))
    spoilt = iter([False, True, False])

    def change(it: Listing) -> None:
        if next(spoilt, False):
            for row in it.rows[::7]:
                row["updatedAt"] = NOW + it.requests

    listing.churn = change
    assert proves(listing)
    assert MOST_TRIES > 1


def test_a_server_that_fails_otherwise_is_not_taken_for_one_that_refuses() -> None:
    listing = Updated(rows_of(80))
    sample = listing(None)

    def fails(_where: object, **_: object) -> object:
        raise ServerFault("the server fell over", status=500)

    with pytest.raises(ServerFault):
        filters_on_updated(fails, sample)  # type: ignore[arg-type]
