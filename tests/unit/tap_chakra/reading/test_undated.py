"""Rows without a usable `createdAt` are looked for where no window holds them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.endpoints.answers import ProcessPage
from tap_chakra.reading.undated import Seen, is_dated, undated_of, undated_pages
from tests.support.listing import NOW, Listing, Row, make_rows

DAY = 86_400_000


class Placed(Listing):
    """Lists its rows as they were given, by windows too."""

    def __post_init__(self) -> None:
        given = list(self.rows)
        super().__post_init__()
        self.given = given

    def _sorted(self, rows: list[Row]) -> list[Row]:
        ids = {row["id"] for row in rows}
        return [row for row in self.given if row["id"] in ids]


class WithoutDate(Placed):
    """No filter on `createdAt` finds rows without one."""

    def _found(self, where: dict[str, Any]) -> list[Row]:
        rows = super()._found(where)
        return [row for row in rows if row["createdAt"]] if "createdAt" in where else rows


def rows_of(dated: int, undated: int, where: str, seed: int = 0) -> list[Row]:
    """Rows with and without a `createdAt`: those at the head, in the middle, or at the tail."""
    some = make_rows([NOW - DAY + n for n in range(dated)], seed)
    none = make_rows([random.Random(seed).choice([0, None]) for _ in range(undated)], seed + 1)
    at = {"head": 0, "middle": dated // 2, "tail": dated}[where]
    return [*some[:at], *none, *some[at:]]


def found(listing: Listing, seen: Seen) -> set[str]:
    pages = undated_pages(listing, seen)
    return {str(row["id"]) for page in pages for row in undated_of(page.rows)}


@settings(deadline=None, max_examples=80)
@given(
    st.integers(0, 700),
    st.integers(0, 40),
    st.sampled_from(["head", "middle", "tail"]),
    st.integers(0, 99),
)
def test_they_are_found_wherever_they_are_listed(
    dated: int, undated: int, where: str, seed: int
) -> None:
    rows = rows_of(dated, undated, where, seed)
    due = {row["id"] for row in rows if not row["createdAt"]}
    assert found(WithoutDate(rows), Seen(NOW, dated, 0)) == due


@pytest.mark.parametrize("where", ["head", "middle", "tail"])
def test_those_that_windows_brought_do_not_hide_the_others(where: str) -> None:
    rows = rows_of(500, 12, where)
    undated = [row["id"] for row in rows if not row["createdAt"]]
    known = frozenset(undated[:5])
    seen = Seen(NOW, 500 + len(known), 0, known)
    assert found(Placed(rows), seen) >= set(undated[5:])


def test_where_there_are_none_one_request_says_so() -> None:
    listing = Placed(rows_of(730, 0, "tail"))
    assert found(listing, Seen(NOW, 730, 0)) == set()
    assert listing.requests == 1


def test_rows_that_came_meanwhile_are_not_taken_for_them() -> None:
    rows = rows_of(900, 0, "tail")
    late = make_rows([NOW + n for n in range(30)], seed=5)
    listing = Placed([*rows, *late])
    assert found(listing, Seen(NOW, 910, 10)) == set()
    assert listing.requests < 7, "the whole listing was not looked through"


@pytest.mark.parametrize("gone", [5, 300, 899])
def test_rows_that_went_meanwhile_only_move_the_end(gone: int) -> None:
    rows = rows_of(900, 8, "tail")
    due = {row["id"] for row in rows if not row["createdAt"]}
    assert found(Placed(rows[gone:]), Seen(NOW, 900, 0)) == due


@pytest.mark.parametrize("where", ["head", "tail"])
@pytest.mark.parametrize("gone", [0, 5, 200, 700])
def test_many_of_them_at_an_end_are_found_where_more_rows_went_meanwhile(
    gone: int, where: str
) -> None:
    rows = rows_of(900, 350, where)
    due = {row["id"] for row in rows if not row["createdAt"]}
    left = [row for at, row in enumerate(rows) if row["id"] in due or at % 900 >= gone]
    seen = Seen(NOW, 900, 0, at_head=where == "head")
    assert found(Placed(left), seen) == due


@pytest.mark.parametrize("late", [1, 7, 40])
def test_rows_that_came_to_time_that_was_read_do_not_have_all_looked_through(late: int) -> None:
    """They look like rows without a date in the middle; there are no more rows than dated ones."""
    rows = rows_of(4000, 0, "tail")
    listing = WithoutDate([*make_rows([NOW - DAY] * late, 9), *rows])
    assert found(listing, Seen(NOW, 4000, 0)) == set()
    assert listing.requests < 10


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(0, 40), st.sampled_from(["head", "middle", "tail"]))
def test_nor_do_they_hide_others(undated: int, late: int, where: str) -> None:
    rows = rows_of(900, undated, where)
    due = {row["id"] for row in rows if not row["createdAt"]}
    listing = WithoutDate([*rows[:50], *make_rows([NOW - DAY] * late, 9), *rows[50:]])
    assert found(listing, Seen(NOW, 900, 0, at_head=where == "head")) == due


def test_where_the_order_is_proven_the_ends_are_enough() -> None:
    rows = rows_of(4000, 9, "tail")
    due = {row["id"] for row in rows if not row["createdAt"]}
    listing = Placed([*make_rows([NOW - DAY] * 30, 9), *rows])
    assert found(listing, Seen(NOW, 4000, 0, in_order=True)) == due
    assert listing.requests < 10


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(["head", "tail"]))
def test_at_an_end_they_are_found_while_rows_come_and_go(seed: int, where: str) -> None:
    rng = random.Random(seed)
    rows = rows_of(600, 9, where, seed)
    listing = Placed(rows)
    due = {row["id"] for row in rows if not row["createdAt"]}

    def churn(it: Placed) -> None:
        dated = [row for row in it.given if row["createdAt"]]
        it.given.remove(rng.choice(dated))
        it.rows = list(it.given)

    listing.churn = churn  # type: ignore[assignment]
    listing._found = lambda _: list(listing.given)  # type: ignore[method-assign]  # noqa: SLF001
    assert found(listing, Seen(NOW, 600, 0)) == due


def test_where_the_server_does_not_skip_so_far_the_beginning_is_looked_at() -> None:
    rows = rows_of(900, 8, "head")
    due = {row["id"] for row in rows if not row["createdAt"]}
    listing = Placed(rows, max_skip=200)
    assert found(listing, Seen(NOW, 900, 0)) == due
    assert listing.requests <= 3


@pytest.mark.parametrize(
    ("created", "dated"),
    [(5, True), (-5, True), (0, False), (None, False), ("", False), ("soon", False)],
)
def test_what_counts_as_dated(created: object, *, dated: bool) -> None:
    assert is_dated({"createdAt": created}) is dated
    assert is_dated({}) is False


@pytest.mark.parametrize("order", ["as it is", "another each time"])
def test_a_listing_without_end_is_left(order: str) -> None:
    """A server that skips nothing shows rows behind any place, in another order each time."""
    rng, asked = random.Random(4), 0

    def endless(_: object, *, skip: int = 0, limit: int = 100) -> ProcessPage:
        nonlocal asked
        asked += 1
        assert asked < 100, "it reads on and on"
        names = range(skip, skip + limit) if order == "as it is" else rng.sample(range(9**9), limit)
        rows = [{"id": f"r{name}", "createdAt": NOW} for name in names]
        return ProcessPage(rows, has_more=True, server_time=NOW, limit=limit)

    pages = list(undated_pages(endless, Seen(NOW, 400, 0)))
    assert len(pages) <= 20


def test_many_rows_without_a_date_behind_few_with_one_are_all_found() -> None:
    """Far more pages than are taken on trust."""
    rows = rows_of(30, 4000, "tail")
    due = {row["id"] for row in rows if not row["createdAt"]}
    assert found(Placed(rows), Seen(NOW, 30, 0)) == due


@pytest.mark.parametrize("order", ["insertion", "created_asc"])
def test_rows_that_come_as_fast_as_they_are_read_are_not_followed_for_ever(order: str) -> None:
    """Each answer says that there is more, and there is: the row that came meanwhile."""
    listing = Listing(rows_of(600, 9, "tail"), order=order, has_more="always")
    due = {row["id"] for row in listing.rows if not row["createdAt"]}
    listing.churn = lambda it: it.insert(make_rows([NOW + it.requests], 10**6 + it.requests)[0])
    assert found(listing, Seen(NOW, 600, 0)) == due
    assert listing.requests < 100
