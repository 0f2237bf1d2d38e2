"""Orders, skip and limit of a list, with holes where rows were deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_sandbox.reads.query import Query
from chakra_sandbox.reads.selection import Page, View, select
from chakra_sandbox.rows.store import Store

Make = Callable[..., Any]
ORDERS = (
    "created_asc",
    "created_desc",
    "id",
    "updated_desc",
    "random_stable",
    "shuffled_per_request",
)


def store_of(count: int, dead: set[int]) -> Store:
    store = Store("key")
    for n in range(count):
        store.insert(
            {
                "id": f"{(n * 7) % 100:03d}-{n}",
                "createdAt": n // 3,
                "updatedAt": (n * 31) % 50,
                "data": {"key": n},
            }
        )
    for slot in dead & set(range(count)):
        store.kill(slot, 99)
    return store


def page_of(store: Store, query: Query, page: Page) -> tuple[list[int], bool]:
    selected = select(View(store, store.alive, store.cells.__getitem__), query, page)
    return selected.slots, selected.more


@given(
    st.integers(0, 40),
    st.sets(st.integers(0, 40)),
    st.integers(0, 45),
    st.integers(0, 12),
    st.sampled_from(["created_asc", "created_desc"]),
)
def test_a_page_is_a_slice_of_the_living_in_order(
    count: int, dead: set[int], skip: int, limit: int, order: str
) -> None:
    store = store_of(count, dead)
    living = [slot for slot in range(count) if slot not in dead]
    if order == "created_desc":
        living.reverse()
    slots, more = page_of(store, Query(), Page(order, skip, limit, 0))
    assert slots == living[skip : skip + limit]
    assert more == (skip + limit < len(living))


@given(st.integers(0, 14), st.integers(0, 14), st.sampled_from(ORDERS))
def test_every_order_shows_the_same_rows_of_a_range(lower: int, upper: int, order: str) -> None:
    store = store_of(40, {3, 4, 20})
    slots, _ = page_of(store, Query(lower, upper), Page(order, 0, 50, 7))
    expected = [s for s in range(40) if lower <= s // 3 < upper and s not in {3, 4, 20}]
    assert sorted(slots) == expected


def test_orders_sort_by_what_they_say() -> None:
    store = store_of(40, set())
    by_id, _ = page_of(store, Query(), Page("id", 0, 50, 0))
    assert by_id == sorted(range(40), key=store.ids.__getitem__)
    newest, _ = page_of(store, Query(), Page("updated_desc", 0, 50, 0))
    assert [store.updated[slot] for slot in newest] == sorted(store.updated, reverse=True)


def test_a_random_stable_order_survives_inserts_and_a_shuffle_differs_per_request() -> None:
    store = store_of(40, set())
    before, _ = page_of(store, Query(), Page("random_stable", 0, 50, 1))
    store.insert({"id": "new", "createdAt": 50, "updatedAt": 50, "data": {}})
    after, _ = page_of(store, Query(), Page("random_stable", 0, 50, 2))
    assert before == [slot for slot in after if slot != 40]
    assert before != sorted(before)
    first, _ = page_of(store, Query(), Page("shuffled_per_request", 0, 50, 1))
    second, _ = page_of(store, Query(), Page("shuffled_per_request", 0, 50, 2))
    assert first != second


@pytest.mark.parametrize("order", ORDERS)
def test_skip_and_limit_page_through_all_rows_in_a_stable_order(order: str) -> None:
    store = store_of(37, {5})
    seen: list[int] = []
    more = True
    while more:
        slots, more = page_of(store, Query(), Page(order, len(seen), 10, 3))
        seen += slots
    assert sorted(seen) == [slot for slot in range(37) if slot != 5]


def test_rows_are_found_by_id_and_key_within_the_range() -> None:
    store = store_of(40, {2})
    by_key = page_of(store, Query(keys=(1, "2", 39, "no")), Page("created_asc", 0, 9, 0))
    # The dead row 2 keeps its key; that it is not listed hides it.
    assert by_key == ([1, 39], False)
    both = Query(ids=(store.ids[7], store.ids[8]), keys=(8, 9), lower_ms=0)
    assert page_of(store, both, Page("id", 0, 9, 0)) == ([8], False)
    assert page_of(store, Query(ids=(store.ids[7],), upper_ms=1), Page("id", 0, 9, 0)) == (
        [],
        False,
    )
