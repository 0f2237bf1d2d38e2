"""Pieces together are a whole scan, whatever the order and whatever changes meanwhile.

The driver's plan and each task's reading in process, on listings that share no code with them. The
oracle is the listing itself: who was there all along must be read, and nobody twice.
"""

from __future__ import annotations

import pickle
import random
from collections import Counter
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
from tap_chakra.settings import parse_settings
from tap_chakra.timeline.windows import Window
from tests.support.churning import DAY, Churn, Ways
from tests.support.clock import FakeClock
from tests.support.distributions import bursts, imports, recent, uniform
from tests.support.listing import NOW, ORDERS, Listing, make_rows
from tests.support.scanning import CELLS, SameThread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chakra_spark.reading.pieces import Piece
    from tap_chakra.run.modes import Selection

LEAD = Procedure("lead", "1", "Lead")
ROWS = 3_000
TASKS = 4
UNDATED = 7
SPREADS = {"uniform": uniform, "recent": recent, "bursts": bursts, "imports": imports}


class OneListing:
    """What a plan and a task need of an account, of a listing in process."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self.executor = SameThread()
        self.known = KnownAccount({})
        self.settings = parse_settings({"api_key": "k"}, now=NOW, user_agent="test")

    def lister(self, _: Procedure, *, where: Any = None) -> Any:
        assert where is None
        return self._listing

    def begins(self, said: int | None) -> Beginning:
        return Beginning.at(said or NOW)

    def scan(self, _: Procedure, selection: Selection, _unfinished: None, *, known: Any) -> Scan:
        return Scan(
            Listers(self._listing, self._listing),
            Readers(SameThread(), Crew(4, FakeClock().monotonic), Portions(4)),
            cells=CELLS,
            extent=Extent(selection.lower, upper=selection.upper, known=known),
            begins=self.begins,
        )


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "ROWS_A_PIECE", 500)


def listing_of(spread: str = "uniform", undated: int = 0, **ways: Any) -> Listing:
    rng = random.Random(f"pieces {spread}")
    created = [*SPREADS[spread](ROWS, rng), *[None] * undated]
    rows = make_rows(created, seed=1)
    for row in rows:  # changed at any time since: an order by updatedAt is another one
        row["updatedAt"] = rng.randrange(row["createdAt"] or NOW - DAY, NOW)
    return Listing(rows, **ways)


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
    parts = [each for each in planned(listing) if each.kind == "part"]
    counts = [
        sum(each.asked.window.holds(row["createdAt"]) for row in listing.rows) for each in parts
    ]
    assert len(counts) == TASKS
    assert sum(counts) == ROWS
    assert max(counts) < 1.35 * ROWS / TASKS


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
    parts = [each for each in planned(listing) if each.kind == "part"]
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
