"""Pieces together are a whole scan, whatever the order and whatever changes meanwhile.

The driver's plan and each task's reading in process, on listings that share no code with them. The
oracle is the listing itself: who was there all along must be read, and nobody twice.
"""

from __future__ import annotations

import pickle
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.account.account import Procedure
from chakra_spark.reading import planning
from chakra_spark.reading.piece_rows import rows_of
from chakra_spark.reading.pieces import Asked
from chakra_spark.reading.planning import plan_pieces
from tap_chakra.reading.portions import Portions
from tap_chakra.scanning.beginning import Beginning
from tap_chakra.scanning.crew import Crew
from tap_chakra.scanning.extent import Extent
from tap_chakra.scanning.known import KnownAccount
from tap_chakra.scanning.scan import Listers, Readers, Scan
from tap_chakra.scanning.scheduler import Scheduler
from tap_chakra.settings import parse_settings
from tap_chakra.timeline.windows import Window
from tests.support.churning import DAY, Churn, Ways
from tests.support.clock import FakeClock
from tests.support.distributions import bursts, imports, recent, uniform
from tests.support.listing import NOW, ORDERS, Listing, make_rows
from tests.support.scanning import CELLS, SameThread
from tests.support.scheduling import questions_by_round

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Executor

    from chakra_spark.reading.pieces import Piece
    from tap_chakra.run.modes import Selection

LEAD = Procedure("lead", "1", "Lead")
ROWS = 3_000
TASKS = 4
READERS = 4
"""Of a task."""
UNDATED = 7
SPREADS = {"uniform": uniform, "recent": recent, "bursts": bursts, "imports": imports}


class OneListing:
    """What a plan and a task need of an account, of a listing in process."""

    def __init__(self, listing: Listing, executor: Executor | None = None) -> None:
        self._listing = listing
        self.executor = SameThread() if executor is None else executor
        self.known = KnownAccount({})
        together = {"api_key": "k", "concurrency": TASKS * READERS}
        self.settings = parse_settings(together, now=NOW, user_agent="test")

    def lister(self, _: Procedure, *, where: Any = None) -> Any:
        assert where is None
        return self._listing

    def begins(self, said: int | None) -> Beginning:
        return Beginning.at(said or NOW)

    def scan(self, _: Procedure, selection: Selection, _unfinished: None, *, known: Any) -> Scan:
        return Scan(
            Listers(self._listing, self._listing),
            Readers(self.executor, Crew(READERS, FakeClock().monotonic), Portions(READERS)),
            cells=CELLS,
            extent=Extent(selection.lower, upper=selection.upper, known=known),
            begins=self.begins,
        )


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "ROWS_A_PIECE", 500)
    monkeypatch.setattr(planning, "ROWS_A_READER", 150)


def listing_of(spread: str = "uniform", undated: int = 0, rows: int = ROWS, **ways: Any) -> Listing:
    rng = random.Random(f"pieces {spread}")
    created = [*SPREADS[spread](rows, rng), *[None] * undated]
    made = make_rows(created, seed=1)
    for row in made:  # changed at any time since: an order by updatedAt is another one
        row["updatedAt"] = rng.randrange(row["createdAt"] or NOW - DAY, NOW)
    return Listing(made, **ways)


def planned(listing: Listing, window: Window | None = None) -> list[Piece]:
    asked = Asked(window or Window())
    pieces = plan_pieces(OneListing(listing), LEAD, asked, TASKS)  # type: ignore[arg-type]
    return [pickle.loads(pickle.dumps(each)) for each in pieces]  # noqa: S301 - as Spark sends them


def read(listing: Listing, pieces: Iterable[Piece]) -> list[str]:
    source = OneListing(listing)
    return [
        row["id"]
        for piece in pieces
        for rows in rows_of(source, LEAD, piece)  # type: ignore[arg-type]
        for row in rows
    ]  # type: ignore[misc]


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("order", ORDERS)
def test_every_row_is_in_one_piece(order: str, spread: str) -> None:
    # No filter finds rows without a date: who lists them anywhere each time shows them by chance.
    undated = 0 if order == "unstable" else UNDATED
    listing = listing_of(spread, undated, order=order)
    pieces = planned(listing)
    assert len(pieces) > 2
    assert Counter(read(listing, pieces)) == Counter(row["id"] for row in listing.rows)


@pytest.mark.parametrize("order", ["created_asc", "created_desc", "random", "updated"])
def test_pieces_hold_about_equally_many_rows(order: str) -> None:
    listing = listing_of("recent", order=order)
    parts = planned(listing)
    counts = [
        sum(each.asked.window.holds(row["createdAt"]) for row in listing.rows) for each in parts
    ]
    assert len(counts) == TASKS
    assert sum(counts) == ROWS
    assert max(counts) < 1.35 * ROWS / TASKS


@pytest.mark.parametrize(
    ("order", "spread", "most_rounds"),
    [
        # A page holds 98 rows that are new, and a reader's last one may hold a few.
        ("created_asc", "uniform", 1.2),
        ("created_desc", "uniform", 1.2),
        ("created_asc", "recent", 1.2),
        ("created_desc", "recent", 1.2),
        ("created_asc", "bursts", 1.7),
        ("random", "uniform", 2.2),
    ],
)
def test_all_readers_of_a_piece_begin_at_once_and_end_together(
    order: str, spread: str, most_rounds: float
) -> None:
    """So that twice as many tasks take half as long: no reader waits for another's answer."""
    listing = listing_of(spread, rows=16_000, order=order)
    pieces = planned(listing)
    assert len(pieces) == TASKS
    for piece in pieces:
        known, window = piece.listing, piece.asked.window
        assert known is not None
        scheduler = Scheduler.of_part(window, known, known.grain)
        rounds = questions_by_round(listing, scheduler, READERS)
        assert rounds[0] == READERS
        rows = sum(window.holds(row["createdAt"]) for row in listing.rows)
        assert len(rounds) <= most_rounds * rows / 98 / READERS + 2, rounds


def test_rows_of_few_instants_are_in_one_piece_each() -> None:
    """Many cuts fall together there."""
    rng = random.Random("crowds")
    crowds = [NOW - n * DAY for n in range(1, 40)]
    listing = Listing(make_rows([rng.choice(crowds) for _ in range(ROWS)]), order="created_asc")
    pieces = planned(listing)
    assert len(pieces) == TASKS
    assert Counter(read(listing, pieces)) == Counter(row["id"] for row in listing.rows)


@pytest.mark.parametrize("undated", [0, UNDATED])
def test_a_task_never_asks_for_more_at_a_time_than_its_readers(undated: int) -> None:
    listing = Busy(listing_of("uniform", undated))
    with ThreadPoolExecutor(READERS) as readers:
        source = OneListing(listing, readers)  # type: ignore[arg-type]
        pieces = plan_pieces(source, LEAD, Asked(), TASKS)  # type: ignore[arg-type]
        ids = [
            row["id"]
            for rows in rows_of(source, LEAD, pieces[0])  # type: ignore[arg-type]
            for row in rows
        ]
    assert pieces[0].undated
    window = pieces[0].asked.window
    wanted = [
        row["id"] for row in listing.rows if not row["createdAt"] or window.holds(row["createdAt"])
    ]
    assert sorted(ids) == sorted(wanted)
    assert listing.most == READERS


class Busy:
    """A listing that takes its time and knows how many asked for it at once."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._counting = threading.Lock()
        self._asking = self.most = 0
        self.rows = listing.rows

    def __call__(self, where: Any, *, skip: int = 0, limit: int = 100) -> Any:
        with self._counting:
            self._asking += 1
            self.most = max(self.most, self._asking)
        time.sleep(0.002)
        answer = self._listing(where, skip=skip, limit=limit)
        with self._counting:
            self._asking -= 1
        return answer

    @property
    def requests(self) -> int:
        return self._listing.requests


def test_a_task_that_is_not_read_to_its_end_asks_for_no_more() -> None:
    listing = Busy(listing_of("uniform", UNDATED))
    readers = ThreadPoolExecutor(READERS)
    source = OneListing(listing, readers)  # type: ignore[arg-type]
    piece, *_ = plan_pieces(source, LEAD, Asked(), TASKS)  # type: ignore[arg-type]
    rows = rows_of(source, LEAD, piece)  # type: ignore[arg-type]
    assert next(iter(rows))
    rows.close()  # type: ignore[attr-defined]
    readers.shutdown(wait=True, cancel_futures=True)
    asked = listing.requests
    time.sleep(0.1)
    assert listing.requests == asked


def test_the_listing_changes_between_answers_whoever_asks() -> None:
    """A piece looks for rows without a date in a thread of its own, beside its scan."""
    changing, most = [0], [0]

    def churn(_: Listing) -> None:
        changing[0] += 1
        time.sleep(0.001)
        most[0] = max(most[0], changing[0])
        changing[0] -= 1

    listing = listing_of(rows=200, churn=churn)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: listing(None), range(40)))
    assert (listing.requests, most[0]) == (40, 1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("order", ["created_asc", "created_desc", "random", "updated_desc"])
def test_who_is_there_all_along_is_read_whatever_changes(order: str, seed: int) -> None:
    listing = listing_of("uniform", order=order, seed=seed)
    churn = Churn(listing, seed, Ways(back_dated=0.2))
    listing.churn = churn
    pieces = planned(listing)
    random.Random(seed).shuffle(pieces)
    ids = read(listing, pieces)
    assert churn.throughout <= set(ids)
    assert max(Counter(ids).values()) == 1


@pytest.mark.parametrize("precision", [1, 1000])
def test_a_range_is_cut_into_pieces_to_the_millisecond(precision: int) -> None:
    listing = listing_of("uniform", UNDATED, precision=precision)
    window = Window(NOW - 300 * DAY + 1, NOW - 10 * DAY + 1)
    pieces = planned(listing, window)
    assert {each.kind for each in pieces} == {"part"}
    wanted = [x["id"] for x in listing.rows if x["createdAt"] and window.holds(x["createdAt"])]
    assert Counter(read(listing, pieces)) == Counter(wanted)


def test_one_task_reads_everything_where_the_filter_does_nothing() -> None:
    listing = listing_of(honours=lambda key: key != "createdAt")
    pieces = planned(listing)
    assert [each.kind for each in pieces] == ["whole"]
    assert Counter(read(listing, pieces)) == Counter(row["id"] for row in listing.rows)


def test_one_task_reads_everything_where_the_server_does_not_skip_so_far() -> None:
    listing = listing_of(max_skip=400, undated=0)
    pieces = planned(listing)
    assert [each.kind for each in pieces] == ["whole"]
    assert Counter(read(listing, pieces)) == Counter(row["id"] for row in listing.rows)


def test_a_task_asks_for_nothing_that_the_driver_has_found_out() -> None:
    listing = listing_of(order="created_asc")
    parts = [replace(each, undated=False) for each in planned(listing)]
    listing.log.clear()
    read(listing, parts)
    assert all(where for where, _, _ in listing.log), "a task looked at the whole listing again"
    assert len(listing.log) < ROWS / 98 + 8 * TASKS  # where to cut a walk, and to close it


def test_batches_of_changes_bring_each_change_once() -> None:
    """What changed from one instant on and before another, again and again, as a stream asks."""
    listing = listing_of("uniform", UNDATED)
    rng = random.Random("batches")
    seen: list[tuple[str, int]] = []
    bounds = [None, NOW, NOW + 100, NOW + 200, NOW + 300]
    for since, until in pairwise(bounds):
        for row in rng.sample(listing.rows, 200):  # changed while the batch is read, and behind it
            row["updatedAt"] = (until or NOW) + rng.randrange(90)
        changed = Window(since, until)
        pieces = plan_pieces(OneListing(listing), LEAD, Asked(changed=changed), TASKS)  # type: ignore[arg-type]
        ids = set(read(listing, pieces))
        told = {row["id"]: row["updatedAt"] for row in listing.rows}
        assert ids == {each for each, at in told.items() if changed.holds(at)}
        seen += [(each, told[each]) for each in ids]
    assert max(Counter(seen).values()) == 1
    settled = {row["id"] for row in listing.rows if row["updatedAt"] < NOW + 300}
    assert settled <= {each for each, _ in seen}
