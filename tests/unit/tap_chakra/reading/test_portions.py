"""Fewer rows are asked for where they are large: each comes, and no answer is beyond its bound."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.endpoints.answers import ProcessPage
from chakra_api.errors import AnswerTooLarge, TooLarge
from tap_chakra.reading.portions import (
    FEWEST,
    FLIGHT_BYTES,
    WIDEST_BYTES,
    Portions,
    Slot,
    in_portions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MEGABYTE = 1 << 20
MOST_CUTS = 6
"""Answers in a row that may be cut off before one is read."""


class Server:
    """Lists rows of given sizes; an answer beyond its bound is cut off, as the transport does."""

    def __init__(self, sizes: Sequence[int], *, tells: bool = True) -> None:
        self.sizes = sizes
        self.tells = tells
        self.asked: list[tuple[int, int | None]] = []
        self.held: list[int] = []

    def __call__(
        self,
        where: Any,  # noqa: ARG002 - as a lister takes it
        *,
        skip: int = 0,
        limit: int = 100,
        most_bytes: int | None,
    ) -> ProcessPage:
        self.asked.append((limit, most_bytes))
        size = sum(self.sizes[skip : skip + limit])
        if most_bytes is not None and size > most_bytes:
            raise AnswerTooLarge("large", size=size if self.tells else None)
        self.held.append(size)
        rows: list[dict[str, object]] = [{"id": str(at)} for at in range(len(self.sizes))]
        page = rows[skip : skip + limit]
        return ProcessPage(page, None, None, bytes(size), limit=limit)


def read_all(server: Server, portions: Portions) -> list[object]:
    ids: list[object] = []
    lister = partial(in_portions, server, portions)
    while (page := lister(None, skip=len(ids))).rows:
        assert len(page.rows) <= page.limit
        ids += [row["id"] for row in page.rows]
    return ids


def test_usual_rows_are_asked_for_a_page_at_a_time_by_all_readers() -> None:
    server, portions = Server([2_000] * 1_000), Portions(8)
    assert len(read_all(server, portions)) == 1_000
    assert {limit for limit, _ in server.asked} == {100}
    assert portions.readers == 8


@given(st.integers(0, 9_000), st.integers(1, 256))
def test_answers_of_usual_rows_are_as_many_as_may_be_held(size: int, readers: int) -> None:
    portions = Portions(readers)
    in_portions(Server([size] * 100), portions, None)
    assert portions.readers == readers or (portions.readers + 1) * size * 100 > FLIGHT_BYTES
    assert portions.readers * size * 100 <= FLIGHT_BYTES


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from([100, 20_000, 300_000, 2 * MEGABYTE, 9 * MEGABYTE]), max_size=60),
    st.integers(1, 40),
    st.booleans(),
)
def test_every_row_comes_whatever_it_weighs(
    sizes: list[int],
    readers: int,
    tells: bool,  # noqa: FBT001 - drawn
) -> None:
    server, portions = Server(sizes, tells=tells), Portions(readers)
    assert read_all(server, portions) == [str(at) for at in range(len(sizes))]
    for (limit, bound), size in zip(server.asked[-1:], server.held[-1:], strict=True):
        assert limit <= FEWEST or bound is None or size <= bound
    assert len(server.asked) <= (len(server.held)) * MOST_CUTS
    assert portions.readers * min(portions.answer_bytes, WIDEST_BYTES) <= max(
        FLIGHT_BYTES, readers * MEGABYTE
    )


def test_suddenly_large_rows_are_few_at_a_time_and_small_ones_many_again() -> None:
    server, portions = Server([1_000] * 500 + [MEGABYTE] * 40 + [1_000] * 2_000), Portions(8)
    assert len(read_all(server, portions)) == 2_540
    limits = [limit for limit, _ in server.asked]
    assert limits[0] == limits[-1] == 100
    assert min(limits) <= WIDEST_BYTES // MEGABYTE
    assert max(server.held) <= WIDEST_BYTES


class Refuses(Server):
    """Answers 413 to requests for more than so many rows."""

    most = 10

    def __call__(
        self, where: Any, *, skip: int = 0, limit: int = 100, most_bytes: int | None
    ) -> ProcessPage:
        if limit > self.most:
            self.asked.append((limit, most_bytes))
            raise TooLarge("413", status=413)
        return super().__call__(where, skip=skip, limit=limit, most_bytes=most_bytes)


def test_a_server_that_finds_an_answer_too_large_is_asked_for_less() -> None:
    server = Refuses([2_000] * 5)
    assert len(in_portions(server, Portions(8), None).rows) == 5
    assert len(server.asked) <= MOST_CUTS
    server.most = 0
    with pytest.raises(TooLarge):
        in_portions(server, Portions(8), None)


def test_one_answer_at_a_time_may_be_of_any_size() -> None:
    slot, taken = Slot(), threading.Event()
    slot.take("first")
    slot.take("first")

    def wait() -> None:
        slot.take("second")
        taken.set()

    waits = threading.Thread(target=wait, daemon=True)
    waits.start()
    assert not taken.wait(0.05)
    slot.free("second")
    assert not taken.wait(0.05), "only the one that has it lets go"
    slot.free("first")
    assert taken.wait(5)
    late = threading.Thread(target=slot.take, args=("third",), daemon=True)
    late.start()
    slot.end()
    late.join(5)
    assert not late.is_alive(), "nobody waits where nothing is handed out any more"
