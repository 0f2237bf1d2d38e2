"""Which slots a list request returns: range or look-up, tests, order, skip and limit (Q10, Q15).

In order of creation, the common case, nothing is sorted and the walk stops at the end of the page.
Every other order sorts what the range holds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from zlib import crc32

from chakra_sandbox import exact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chakra_sandbox.messages import Row
    from chakra_sandbox.reads.query import Query
    from chakra_sandbox.rows.store import Store


@dataclass(frozen=True, slots=True)
class Page:
    """What part of the list is asked for.

    Attributes:
        order: A value of the knob `list_order`.
        skip: Rows to leave out.
        limit: Rows at most.
        seed: Of a shuffle.
    """

    order: str
    skip: int
    limit: int
    seed: int


@dataclass(frozen=True, slots=True)
class View:
    """The rows as lists show them at this moment (they may lag, and may show the dead).

    Attributes:
        store: The rows.
        listed: 1 for each slot that lists show.
        cell: A slot's row as JSON.
    """

    store: Store
    listed: bytearray
    cell: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Selected:
    """What a page shows.

    Attributes:
        slots: Of its rows.
        more: Whether more follow.
        skipped: Rows that were gone over before it, or seen to be none.
    """

    slots: list[int]
    more: bool
    skipped: int


def select(view: View, query: Query, page: Page) -> Selected:
    """Return the slots of a page."""
    taken = list(islice(_walk(view, query, page), page.limit + 1))
    skipped = page.skip
    if not taken:
        skipped = min(skipped, len(view.store.slot_range(query.lower_ms, query.upper_ms)))
    return Selected(taken[: page.limit], len(taken) > page.limit, skipped)


def _walk(view: View, query: Query, page: Page) -> Iterator[int]:
    if query.ids is None and query.keys is None and page.order.startswith("created_"):
        slots = view.store.slot_range(query.lower_ms, query.upper_ms)
        down = page.order == "created_desc"
        skip = 0 if query.is_tested else page.skip
        ordered: Iterable[int] = _listed(view.listed, slots, skip=skip, down=down)
        late_skip = page.skip - skip
    else:
        ordered, late_skip = _sorted(view, _candidates(view, query), page), page.skip
    return islice(_passing(view, query, ordered), late_skip, None)


def _passing(view: View, query: Query, slots: Iterable[int]) -> Iterable[int]:
    if query.id_tests:
        ids = view.store.ids
        slots = (slot for slot in slots if query.accepts_id(ids[slot]))
    if not query.predicates:
        return slots
    return (slot for slot in slots if query.accepts(_loads(view.cell(slot))))


def _loads(cell: bytes) -> Row:
    row: Row = exact_json.loads(cell)
    return row


def _listed(listed: bytearray, slots: range, *, skip: int, down: bool) -> Iterator[int]:
    """Go through the listed slots of a range after the first `skip` of them."""
    if down:
        return _listed_down(listed, slots, skip)
    start = _after(listed, slots, skip)
    return _listed_up(listed, range(start, slots.stop))


def _listed_up(listed: bytearray, slots: range) -> Iterator[int]:
    slot = listed.find(1, slots.start, slots.stop)
    while slot >= 0:
        yield slot
        slot = listed.find(1, slot + 1, slots.stop)


def _listed_down(listed: bytearray, slots: range, skip: int) -> Iterator[int]:
    total = listed.count(1, slots.start, slots.stop)
    stop = _after(listed, slots, total - skip) if skip < total else slots.start
    slot = listed.rfind(1, slots.start, stop)
    while slot >= 0:
        yield slot
        slot = listed.rfind(1, slots.start, slot)


def _after(listed: bytearray, slots: range, count: int) -> int:
    """Return the least slot that has `count` listed ones of the range before it."""
    low, high = slots.start, slots.stop
    while high - low > 0:
        middle = (low + high) // 2
        found = listed.count(1, low, middle + 1)
        if found < count:
            low, count = middle + 1, count - found
        else:
            high = middle
    return min(low + (1 if count > 0 else 0), slots.stop)


def _candidates(view: View, query: Query) -> list[int]:
    store, listed = view.store, view.listed
    slots = store.slot_range(query.lower_ms, query.upper_ms)
    if query.ids is None and query.keys is None:
        return list(_listed_up(listed, slots))
    found: set[int] | None = None
    if query.ids is not None:
        found = {slot for i in query.ids if (slot := store.slot_of_id(i)) is not None}
    if query.keys is not None:
        by_key = {slot for key in query.keys for slot in store.slots_that_had(key)}
        found = by_key if found is None else found & by_key
    return sorted(slot for slot in found or () if slot in slots and listed[slot])


def _sorted(view: View, slots: list[int], page: Page) -> list[int]:
    ids, updated = view.store.ids, view.store.updated
    if page.order == "created_desc":
        return slots[::-1]
    if page.order == "id":
        return sorted(slots, key=ids.__getitem__)
    if page.order == "updated_desc":
        return sorted(slots, key=lambda slot: -updated[slot])
    if page.order == "random_stable":
        return sorted(slots, key=lambda slot: crc32(ids[slot].encode()))
    if page.order == "shuffled_per_request":
        random.Random(page.seed).shuffle(slots)
    return slots
