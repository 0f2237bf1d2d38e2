"""A server that contradicts itself: its rows are read, and no scan is complete."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.endpoints.answers import ProcessPage
from tap_chakra.reading.window_reader import CONTRADICTION, UNCLEAR
from tap_chakra.scanning import repeats
from tap_chakra.scanning.repeats import Repeats
from tests.support.listing import NOW, Listing, Row, make_rows
from tests.support.scanning import scan_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_chakra.scanning.scan import Scan

    Answers = Callable[[Any, int, int], tuple[list[Row], bool | None]]

DAY = 86_400_000
MOST_REQUESTS = 2_000
NO_AGREEMENT = "the filter on createdAt does nothing, and no two reads agreed"


def answering(answers: Answers) -> Callable[..., ProcessPage]:
    """A lister; a scan that never ends fails."""
    requests = 0

    def lister(where: Any, *, skip: int = 0, limit: int = 100) -> ProcessPage:
        nonlocal requests
        requests += 1
        assert requests < MOST_REQUESTS, "the scan does not come to an end"
        rows, more = answers(where, skip, limit)
        return ProcessPage([dict(row) for row in rows], more, NOW, limit=limit)

    return lister


def spoiling(listing: Listing, spoil: Callable[[list[Row]], list[Row]]) -> Answers:
    """A server that spoils the rows of its answers."""

    def answers(where: Any, skip: int, limit: int) -> tuple[list[Row], bool | None]:
        page = listing(where, skip=skip, limit=limit)
        return spoil(page.rows), page.has_more

    return answers


def read(answers: Answers) -> tuple[Scan, list[Any]]:
    scan = scan_of(answering(answers))  # type: ignore[arg-type]  # a lister is all it needs
    scan.open()
    return scan, [row.get("id") for reading in scan.readings() for row in reading.rows]


def undated(count: int) -> list[Row]:
    return [{"id": f"u{number}"} for number in range(count)]


def dated(count: int) -> list[Row]:
    return [{"id": f"d{number}", "createdAt": NOW - 1000 * number} for number in range(count)]


def test_nothing_and_more_of_it_is_not_complete() -> None:
    scan, ids = read(lambda *_: ([], True))
    assert (ids, scan.progress.complete) == ([], False)
    assert scan.progress.unsure == (CONTRADICTION,)
    assert scan.unfinished is None


def test_it_may_say_so_once_where_a_row_went_meanwhile() -> None:
    said = iter([True])
    scan, _ = read(lambda *_: ([], next(said, False)))
    assert scan.progress.complete


@pytest.mark.parametrize("rows", [dated(5), undated(5), undated(100), dated(300)])
def test_a_server_that_always_shows_the_same_and_says_more_is_not_complete(rows: list[Row]) -> None:
    scan, ids = read(lambda *_: (rows, True))
    assert sorted(set(ids)) == sorted(row["id"] for row in rows)
    assert not scan.progress.complete


@pytest.mark.parametrize("more", [None, False, True])
@pytest.mark.parametrize("rows", [undated(100), dated(300)])
def test_full_answers_without_end_come_to_one(rows: list[Row], *, more: bool | None) -> None:
    scan, ids = read(lambda *_: (rows, more))
    assert len(ids) == len(rows)
    assert scan.progress.unsure == (NO_AGREEMENT,)


def test_a_part_of_time_that_says_more_and_shows_nothing_spoils_the_scan() -> None:
    """In one window of many, read in parallel."""
    rows = make_rows([NOW - DAY - 60_000 * number for number in range(900)])
    listing = Listing(rows, order="random")

    def answers(where: Any, skip: int, limit: int) -> tuple[list[Row], bool | None]:
        page = listing(where, skip=skip, limit=limit)
        return page.rows, page.has_more or not page.rows

    scan, ids = read(answers)
    assert len(ids) == 900
    assert scan.progress.unsure == (CONTRADICTION,)


@pytest.mark.parametrize("bad", [None, "", True, [], {}, "a\nb"])
def test_rows_without_a_usable_id_are_left_out_and_counted(bad: object) -> None:
    rows = make_rows([NOW - DAY - 60_000 * number for number in range(500)])
    lost = {row["id"] for row in rows[::4]}
    listing = Listing(rows, order="random")

    def spoil(page: list[Row]) -> list[Row]:
        return [row | {"id": bad} if row["id"] in lost else row for row in page]

    scan, ids = read(spoiling(listing, spoil))
    assert sorted(ids) == sorted({row["id"] for row in rows} - lost)
    said = "125 rows came without a usable id, and were left out"
    assert scan.progress.unsure == (said,)
    assert scan.unfinished is None


@pytest.mark.parametrize("order", ["created_asc", "random"])
@pytest.mark.parametrize("same", [True, False])
def test_rows_under_one_id_of_an_answer_are_one_and_counted(order: str, *, same: bool) -> None:
    rows = make_rows([NOW - DAY - 60_000 * number for number in range(90)])
    listing = Listing(rows, order=order)

    def spoil(page: list[Row]) -> list[Row]:
        if len(page) < 2:
            return page
        return [*page, page[0] | ({} if same else {"state": "OTHER"})]

    scan, ids = read(spoiling(listing, spoil))
    assert sorted(ids) == sorted(row["id"] for row in rows)
    assert scan.progress.unsure == ("1 row came under the id of another row of the answer",)


@pytest.mark.parametrize("order", ["created_asc", "created_desc", "random"])
def test_one_id_in_two_answers_is_no_row_twice(order: str) -> None:
    rows = make_rows([NOW - DAY - 60_000 * number for number in range(350)])
    rows[340]["id"] = rows[3]["id"]
    scan, ids = read(spoiling(Listing(rows, order=order), lambda page: page))
    assert len(set(ids)) == 349
    assert not scan.progress.complete
    assert "1 row came under the id of a row of another answer" in scan.progress.unsure


def test_ids_are_noticed_without_keeping_them(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Repeats()
    known.add(list(map(str, range(10_000))))
    assert known.count == 0
    known.add(["5", "6", "x"])
    assert known.count == 2
    monkeypatch.setattr(repeats, "MOST_IDS", 10_003)
    known.add(["7"])
    assert known.count == 2


@pytest.mark.parametrize("shown", [0, 5, 300])
def test_a_word_for_more_that_nobody_knows_is_not_complete(shown: int) -> None:
    listing = Listing(dated(shown), order="random")

    def lister(where: Any, *, skip: int = 0, limit: int = 100) -> ProcessPage:
        page = listing(where, skip=skip, limit=limit)
        return replace(page, has_more=None, unclear=True)

    scan = scan_of(lister)
    scan.open()
    assert len({row["id"] for reading in scan.readings() for row in reading.rows}) == shown
    assert scan.progress.unsure == (UNCLEAR,)


def test_numbers_are_ids_like_texts() -> None:
    rows = [{"id": number, "createdAt": NOW - 1000 * number} for number in range(50)]
    scan, ids = read(lambda _where, skip, limit: (rows[skip : skip + limit], False))
    assert ids == list(range(50))
    assert scan.progress.complete


def test_a_server_that_holds_fewer_rows_in_an_answer_than_asked_for_hides_no_undated_row() -> None:
    rows = make_rows([*(NOW - DAY - 60_000 * number for number in range(300)), *[None] * 60])
    listing = Listing(rows, order="random")

    def answers(where: Any, skip: int, limit: int) -> tuple[list[Row], bool | None]:
        page = listing(where, skip=skip, limit=min(limit, 25))
        return page.rows, page.has_more

    scan, ids = read(answers)
    assert sorted(set(ids)) == sorted(row["id"] for row in rows)
    assert scan.progress.complete
