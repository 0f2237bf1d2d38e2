"""An instant with more rows than an answer is read by the surest means that this server allows."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.endpoints.answers import ProcessPage
from tap_chakra.reading.dense import INSTANTS_A_CHECK, Cells, DenseAnswer, DenseReader
from tap_chakra.reading.grain_probe import BY_SECOND, EXACT
from tap_chakra.timeline.windows import Window
from tests.support.listing import NOW, Listing, Row, make_rows
from tests.support.scanning import CELLS

if TYPE_CHECKING:
    from collections.abc import Callable

AT = NOW - 5_000
INSTANT = Window(AT, AT + 1)
ID = frozenset({"id"})
NO_CELLS = frozenset({"id", "status", "state"})


def crowded(count: int, seed: int = 0) -> list[Row]:
    rows = make_rows([AT] * count + [AT - 1] * 20 + [AT + 1] * 20, seed)
    return [row | {"state": row["state"] or "LOST"} for row in rows]


def read(listing: Listing, cells: Cells = CELLS) -> DenseAnswer:
    reader = DenseReader(listing, cells)
    reader.began = NOW
    return reader.read(INSTANT, EXACT)


def due(rows: list[Row]) -> list[str]:
    return sorted(row["id"] for row in rows if row["createdAt"] == AT)


@pytest.mark.parametrize("order", ["id", "random", "unstable", "created_asc"])
@pytest.mark.parametrize(
    ("refused", "method"), [(frozenset(), "id"), (ID, "cells"), (NO_CELLS, "pages")]
)
def test_all_rows_of_the_instant_come_and_no_others(
    order: str, refused: frozenset[str], method: str
) -> None:
    rows = crowded(450)
    answer = read(Listing(rows, order=order, refuses=refused))
    unsure = method == "pages" and order == "unstable"
    assert answer.method == method
    assert answer.complete is not unsure
    assert set(answer.created) == {AT}
    if not unsure:
        assert sorted(str(row["id"]) for row in answer.rows) == due(rows)


@pytest.mark.parametrize("ignored", [{"id"}, {"id", "status"}, {"id", "status", "state"}])
def test_a_filter_that_is_ignored_is_not_believed(ignored: set[str]) -> None:
    rows = crowded(450)
    answer = read(Listing(rows, order="random", honours=lambda key: key not in ignored))
    assert answer.complete
    assert sorted(str(row["id"]) for row in answer.rows) == due(rows)


def test_rows_that_are_in_no_cell_are_noticed() -> None:
    """As SQL has it, null is neither a value nor none of the values."""
    rows = crowded(450)
    for row in rows[:7]:
        row["status"] = None
    answer = read(Listing(rows, order="random", refuses=ID))
    assert (answer.method, answer.complete) == ("pages", True)
    assert sorted(str(row["id"]) for row in answer.rows) == due(rows)


def test_cells_are_not_believed_where_the_server_does_not_skip_so_far() -> None:
    rows = crowded(450)
    answer = read(Listing(rows, order="random", refuses=ID, max_skip=100))
    assert not answer.complete
    by_id = read(Listing(rows, order="random", max_skip=100))
    assert (by_id.method, by_id.complete) == ("id", True)


def test_a_cell_that_no_field_cuts_is_left_to_pages() -> None:
    rows = crowded(450)
    answer = read(Listing(rows, order="random", refuses=ID), Cells((("status", ("OPEN",)),)))
    assert (answer.method, answer.complete) == ("pages", True)


def churned(listing: Listing, seed: int) -> set[str]:
    """Rows move from cell to cell, go, and come; the ids that were there all along."""
    rng = random.Random(seed)
    throughout = {row["id"] for row in listing.rows if row["createdAt"] == AT}

    def churn(it: Listing) -> None:
        row = rng.choice(it.rows)
        row["status"], row["state"] = rng.choice(["OPEN", "COMPLETED"]), rng.choice(["NEW", "WON"])
        if rng.random() < 0.3:
            throughout.discard(it.delete(rng.randrange(len(it.rows)))["id"])
        if rng.random() < 0.3:
            it.insert(make_rows([NOW + it.requests], rng.randrange(10**9))[0])

    listing.churn = churn
    return throughout


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10**6),
    st.integers(100, 500),
    st.sampled_from(["id", "random", "created_asc"]),
    st.sampled_from([frozenset(), ID, NO_CELLS]),
)
def test_what_changes_meanwhile_hides_no_row_of_a_complete_reading(
    seed: int, count: int, order: str, refused: frozenset[str]
) -> None:
    listing = Listing(crowded(count, seed), order=order, refuses=refused, seed=seed)
    throughout = churned(listing, seed)
    answer = read(listing)
    ids = [str(row["id"]) for row in answer.rows]
    assert len(ids) == len(set(ids))
    assert not answer.complete or throughout <= set(ids)


def test_a_row_that_comes_dated_back_is_not_one_that_ids_hide() -> None:
    listing = Listing(crowded(450), order="updated")
    late = make_rows([AT], seed=9)[0] | {"updatedAt": NOW}
    listing.churn = lambda it: it.insert(late) if it.requests == 3 else None
    answer = read(listing)
    assert (answer.method, answer.complete) == ("id", True)


def test_rows_that_come_dated_back_all_the_time_are_none_that_ids_hide() -> None:
    rows = crowded(450)
    listing = Listing(list(rows), order="updated")
    listing.churn = lambda it: it.insert(
        make_rows([AT], it.requests)[0] | {"updatedAt": NOW + it.requests}
    )
    answer = read(listing)
    assert (answer.method, answer.complete) == ("id", True)
    assert set(due(rows)) <= {row["id"] for row in answer.rows}
    assert listing.requests < 3 * 10


class HidesOne(Listing):
    """Ranges of id leave out one row, that a listing without them shows."""

    def _found(self, where: Any) -> list[Row]:
        hits = super()._found(where)
        hidden = max(row["id"] for row in self.rows)
        return [row for row in hits if row["id"] != hidden] if "id" in str(where) else hits


def test_ranges_that_hide_a_row_are_noticed_now_and_then() -> None:
    rows = crowded(450)
    answer = read(HidesOne(rows, order="id"))
    assert answer.method != "id"
    assert sorted(str(row["id"]) for row in answer.rows) == due(rows)


def test_ids_are_checked_on_the_first_instant_and_then_now_and_then() -> None:
    listing = Listing(crowded(450), order="random")
    reader = DenseReader(listing, CELLS)
    checks = []
    for _ in range(INSTANTS_A_CHECK + 1):
        listing.log.clear()
        reader.read(INSTANT, EXACT)
        checks.append(any(skip for _, skip, _ in listing.log))
    assert checks == [True] + [False] * (INSTANTS_A_CHECK - 1) + [True]


@pytest.mark.parametrize("order", ["random", "unstable", "created_desc"])
@pytest.mark.parametrize("refused", [frozenset(), NO_CELLS])
def test_rows_that_came_since_the_beginning_are_read_once_for_they_may_never_end(
    order: str, refused: frozenset[str]
) -> None:
    """With every answer one more comes to the second that is read: no two reads can agree."""
    rows = make_rows([NOW + 1_000] * 250)
    listing = Listing(rows, order=order, refuses=refused, precision=1_000, has_more="always")
    listing.churn = lambda it: it.insert(make_rows([NOW + 1_500], 10**6 + it.requests)[0])
    reader = DenseReader(listing, CELLS)
    reader.began = NOW
    answer = reader.read(Window(NOW + 1_000, NOW + 2_000), BY_SECOND)
    assert answer.complete
    assert len(answer.rows) > 100
    assert listing.requests < 60


@pytest.mark.parametrize("order", ["random", "unstable"])
def test_a_server_that_always_says_that_there_is_more_hides_no_rows_by_that(order: str) -> None:
    """Rows that came meanwhile stand before known ones: what is behind those tells."""
    listing = Listing(crowded(450), order=order, has_more="always")

    def churn(it: Listing) -> None:
        if it.requests % 2:
            it.insert(make_rows([AT], 10**6 + it.requests)[0])

    listing.churn = churn
    before = {row["id"] for row in listing.rows if row["createdAt"] == AT}
    answer = read(listing)
    assert (answer.method, answer.complete) == ("id", True)
    assert before <= {row["id"] for row in answer.rows}
    assert listing.requests < 120


def test_a_server_that_skips_nothing_and_holds_few_rows_proves_nothing_by_its_end() -> None:
    rows = crowded(450)
    listing = Listing(rows, order="created_asc", has_more="always", holds=lambda: 40)

    def skips_nothing(where: Any, *, skip: int = 0, limit: int = 100) -> ProcessPage:
        del skip
        page = listing(where, limit=limit)
        return ProcessPage(page.rows, has_more=True, server_time=page.server_time)

    reader = DenseReader(skips_nothing, CELLS)
    reader.began = NOW
    assert not reader.read(INSTANT, EXACT).complete
    assert listing.requests < 3_000


def everything(listing: Listing) -> tuple[dict[str, Any], bool, str]:
    reader = DenseReader(listing, CELLS)
    reader.began = NOW
    return reader.read_everything()


@pytest.mark.parametrize(
    ("refused", "order", "method", "complete"),
    [
        (frozenset(), "unstable", "id", True),
        (NO_CELLS, "created_asc", "pages", True),
        (NO_CELLS, "unstable", "pages", False),
    ],
)
def test_everything_is_read_by_id_or_by_pages_that_agree(
    *, refused: frozenset[str], order: str, method: str, complete: bool
) -> None:
    rows = crowded(700)
    found, sure, how = everything(Listing(rows, order=order, refuses=refused))
    assert (how, sure) == (method, complete)
    assert not complete or sorted(found) == sorted(row["id"] for row in rows)


def late(listing: Listing) -> Row:
    return make_rows([NOW + listing.requests], listing.requests)[0]


@pytest.mark.parametrize(
    ("change", "agree"),
    [
        (lambda it: it.insert(late(it)) if it.requests % 3 == 0 else None, True),
        (lambda it: it.insert(late(it)), False),
        (lambda it: it.delete(0) if it.requests < 4 else None, True),
        (lambda it: it.delete(0), False),
    ],
    ids=[
        "rows come",
        "rows come as fast as they are read",
        "rows go for a while",
        "rows go all the time",
    ],
)
def test_pages_agree_on_what_was_there_before(
    change: Callable[[Listing], None], *, agree: bool
) -> None:
    listing = Listing(crowded(700), refuses=NO_CELLS)
    listing.churn = change
    _, complete, _ = everything(listing)
    assert complete is agree


def test_pages_beyond_what_the_server_skips_are_no_end() -> None:
    _, complete, how = everything(Listing(crowded(700), refuses=NO_CELLS, max_skip=300))
    assert (complete, how) == (False, "pages")
