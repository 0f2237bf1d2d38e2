"""Scans of a churning server, in process: one seed is one case, and the seed decides all of it.

A case draws the shape of time, the server's order and habits, how rows change, and how the scan
is run, or cut off and resumed. A row is lost if it existed all through a scan that called itself
complete and was not read. `tests/campaigns/scan_proof.py` runs a thousand.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from tests.support.churning import Churn, Rates, ServedChurn, Ways
from tests.support.distributions import DISTRIBUTIONS
from tests.support.listing import HAS_MORE, NOW, ORDERS, Listing, make_rows
from tests.support.scanning import scan_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.listing import Row

    Reader = Callable[["Case", Listing], "Told"]

PAGE = 100
SORTED = ("created_asc", "created_desc", "loose_asc", "loose_desc")
"""Orders in which a walk may trust."""

SERVED_SHARE = 0.4
"""Share of the cases whose deleted rows are hidden in which only what was served changes."""

MOST_REQUESTS = 1_000
"""For a page: a scan that asks more often than that does not end."""
FILTERS = {
    "works": (frozenset(), frozenset()),
    "id refused": (frozenset(), frozenset({"id"})),
    "id ignored": (frozenset({"id"}), frozenset()),
    "id and cells refused": (frozenset(), frozenset({"id", "status", "state"})),
    "createdAt ignored": (frozenset({"createdAt"}), frozenset()),
}
"""What the server's filters do: the keys that it ignores, and those that it refuses."""


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        seed: From it follows all else.
        count: Rows at the beginning.
        distribution: Of `createdAt`.
        order: In which the server lists.
        filters: What its filters do; a key of `FILTERS`.
        precision: Milliseconds that its filter on `createdAt` tells apart.
        gte_is_gt: Whether `>=` means `>`.
        has_more: What it says of further rows.
        max_skip: Beyond it a request is refused; None if nothing is.
        churn: `hidden` or `listed`: what becomes of deleted rows; `served`: they are hidden, and
            all that changes was just served, or comes beside that; `none`: nothing changes.
        touched: Share of the rows whose `updatedAt` is not their `createdAt`.
        odd: Whether some rows have a `createdAt` of 0, of the future, or none.
        concurrency: Windows read at a time.
        cut: Answers after which the scan is cut off, to be resumed; None for never.
        large: Whether rows are so large that an answer holds few: `all`, `late` (those behind the
            first ten requests), `some` (now and then) or `none`.
    """

    seed: int
    count: int
    distribution: str
    order: str
    filters: str
    precision: int
    gte_is_gt: bool
    has_more: str
    max_skip: int | None
    churn: str
    touched: float
    odd: bool
    concurrency: int
    cut: int | None
    large: str = "none"


def case_of(seed: int, count: int) -> Case:
    """Draw a case. Distribution and order go round, so that any 70 seeds in a row have all."""
    rng = random.Random(f"case {seed}")
    case = Case(
        seed=seed,
        count=count,
        distribution=list(DISTRIBUTIONS)[seed % len(DISTRIBUTIONS)],
        order=ORDERS[seed % len(ORDERS)],
        filters=rng.choices(list(FILTERS), [14, 2, 1, 1, 2])[0],
        precision=rng.choice([1, 1, 1, 1000]),
        gte_is_gt=rng.random() < 0.2,
        has_more=rng.choice([*HAS_MORE, "exact"]),
        max_skip=rng.choice([None, None, None, 500]),
        churn=rng.choice(["hidden", "hidden", "listed", "none"]),
        touched=rng.choice([0.0, 0.02, 0.5, 1.0]),
        odd=rng.random() < 0.3,
        concurrency=rng.choice([1, 2, 4, 8, 32]),
        cut=rng.randrange(1, count // PAGE * 2) if rng.random() < 0.4 else None,
        large=rng.choice(["none", "none", "none", "all", "late", "some"]),
    )
    if case.churn == "hidden" and rng.random() < SERVED_SHARE:
        # Where answers hold five rows, or the end of each is asked for again, one that comes with
        # every request may leave none whole: nobody can know then whether there are more.
        said = "exact" if case.has_more in {"absent", "always"} else case.has_more
        case = replace(case, churn="served", has_more=said, large="none")
    # Without filters few rows at a time are read for ever while others come and go.
    return case if case.filters == "works" else replace(case, large="none")


def listing_of(case: Case) -> Listing:
    """The server of a case."""
    rng = random.Random(f"rows {case.seed}")
    instants: list[int | None] = sorted(DISTRIBUTIONS[case.distribution](case.count, rng))
    if case.order == "insertion":
        for _ in range(rng.choice([1, 5, case.count // 20])):  # rows that were dated back
            instants.append(instants.pop(rng.randrange(case.count)))
    rows = make_rows(instants, case.seed, case.touched)
    for row in rng.sample(rows, 12) if case.odd else ():
        row["createdAt"] = rng.choice([0, None, NOW + 10**9])
    ignored, refused = FILTERS[case.filters]
    listing = Listing(
        rows,
        order=case.order,
        precision=case.precision,
        gte_is_gt=case.gte_is_gt,
        honours=lambda key: key not in ignored,
        refuses=refused,
        has_more=case.has_more,
        max_skip=case.max_skip,
        seed=case.seed,
    )
    if case.large != "none":
        listing.holds = lambda: _rows_held(case.large, listing.requests, rng)
    return listing


def churn_of(case: Case, listing: Listing) -> Churn | ServedChurn:
    """What changes the rows of a case, if anything does."""
    if case.churn != "served":
        return Churn(listing, case.seed, Ways(hidden=case.churn != "listed"))
    rng = random.Random(f"rates {case.seed}")
    inserts, deletes = rng.choice([0.0, 0.5, 1.0]), rng.choice([0.0, 0.5, 1.0])
    return ServedChurn(listing, case.seed, Rates(inserts, deletes=deletes))


def _rows_held(large: str, requests: int, rng: random.Random) -> int:
    """Rows that an answer holds, as they are large."""
    if large == "all":
        return rng.randrange(5, 13)
    if large == "late":
        return PAGE if requests < 10 else rng.randrange(5, 13)
    return rng.choice([5, 8, 20, 60, PAGE, PAGE])


@dataclass
class Told:
    """What a reader brought.

    Attributes:
        runs: The ids of each run, in the order in which they were read.
        complete: Whether it calls itself complete.
        unsure: Why not.
        resumed: Whether the second run went on with the first one.
    """

    runs: list[list[str]]
    complete: bool
    unsure: tuple[str, ...] = ()
    resumed: bool = False


def scanned(case: Case, listing: Listing) -> Told:
    """Scan; where the case says so, stop at some answer and go on in a scan of its own."""
    scan = scan_of(listing, concurrency=case.concurrency)
    scan.open()
    readings = scan.readings()
    first = _ids(readings if case.cut is None else islice(readings, case.cut))
    if case.cut is None or scan.progress.ended:
        return Told([first], scan.progress.complete, scan.progress.unsure)
    unfinished = scan.unfinished
    readings.close()
    later = scan_of(listing, concurrency=case.concurrency, unfinished=unfinished)
    later.open()
    second = _ids(later.readings())
    progress = later.progress
    return Told([first, second], progress.complete, progress.unsure, unfinished is not None)


def by_offset(_: Case, listing: Listing) -> Told:
    """The reader that everyone writes: pages by offset until one is empty."""
    ids: list[str] = []
    while page := listing(None, skip=len(ids)).rows:
        ids += [str(row["id"]) for row in page]
    return Told([ids], complete=True)


def _ids(readings: Iterable[object]) -> list[str]:
    return [str(row["id"]) for reading in readings for row in reading.rows]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Verdict:
    """What became of a case.

    Attributes:
        case: The case.
        complete: Whether the scan called itself complete.
        lost: Rows that lived through it and were not read, but for those without a `createdAt`.
        undated: Rows without a `createdAt` that lived through it and were not read.
        doubled: Ids that one run brought twice.
        again: Rows of the first run that the second brought again.
        requests: What it cost.
        pages: Pages that the rows read would fill.
        faults: The promises that were broken.
    """

    case: Case
    complete: bool
    lost: int
    undated: int
    doubled: int
    again: int
    requests: int
    pages: int = 1
    faults: tuple[str, ...] = field(default=())


def judge(case: Case, reader: Reader = scanned) -> Verdict:
    """Run a case and judge it."""
    listing = listing_of(case)
    churn = churn_of(case, listing)
    listing.churn = _Ending(churn, case.count // PAGE * MOST_REQUESTS, changes=case.churn != "none")
    excused = _no_two_reads_can_agree(case, listing.rows)
    dated = {row["id"] for row in listing.rows if row["createdAt"] is not None}
    told = reader(case, listing)
    missing = churn.throughout - {row_id for run in told.runs for row_id in run}
    # A scan that is unsure of what it read is not gone on with.
    again = set(told.runs[0]) & set(told.runs[1]) if told.resumed else ()
    verdict = Verdict(
        case,
        complete=told.complete,
        lost=len(missing & dated),
        undated=len(missing - dated),
        doubled=sum(len(run) - len(set(run)) for run in told.runs),
        again=len(again),
        requests=listing.requests,
        pages=max(1, -(-sum(len(run) for run in told.runs) // PAGE)),
    )
    faults = list(_faults(verdict))
    if not told.complete and not excused:
        faults.append(f"incomplete without need: {told.unsure}")
    return replace(verdict, faults=tuple(faults))


class _Endless(Exception):
    """A scan that never ends."""


@dataclass(frozen=True)
class _Ending:
    """Lets rows change, if they are to, and ends a scan that asks without end."""

    churn: Churn | ServedChurn
    most: int
    changes: bool

    def __call__(self, listing: Listing) -> None:
        if listing.requests > self.most:
            raise _Endless(f"{listing.requests} requests, and no end")
        if self.changes:
            self.churn(listing)


def _faults(it: Verdict) -> Iterable[str]:
    if it.complete and it.lost:
        yield f"{it.lost} rows lost by a scan that calls itself complete"
    # They are in no window. An order by createdAt puts them at an end; elsewhere they can't be
    # told from rows that came meanwhile. A server that does not skip so far, or lists in another
    # order each time, hides them.
    still = it.case.churn == "none" and it.case.order != "unstable"
    findable = still or it.case.order in SORTED
    if it.complete and it.undated and findable and it.case.max_skip is None:
        yield f"{it.undated} rows without createdAt lost by a scan that calls itself complete"
    if it.doubled:
        yield f"{it.doubled} ids twice in one run"
    # What was walked in an order that did not hold, or can't be closed since the server does not
    # skip so far, is not finished: it is read again.
    walks_hold = it.case.order != "insertion" and it.case.max_skip is None
    holds = it.case.filters != "createdAt ignored" and walks_hold
    if it.again > it.case.concurrency * PAGE and holds:
        yield f"{it.again} rows of finished work were read again"


def _no_two_reads_can_agree(case: Case, rows: list[Row]) -> bool:
    """Whether a scan may be incomplete: no filter cuts what one answer can't hold."""
    if case.filters == "createdAt ignored":
        return True
    if case.filters == "works":
        return False
    cells = Counter((row["createdAt"] or 0) // case.precision for row in rows)
    widest = max(sum(cells[cell + n] for n in (-2, -1, 0, 1, 2)) for cell in cells)
    return widest >= PAGE * 9 // 10


def judge_safely(case: Case) -> Verdict:
    """Judge a case; an exception is a fault like any other, so that the seed is told."""
    try:
        return judge(case)
    except Exception as error:  # noqa: BLE001 - reported with its seed
        fault = f"{type(error).__name__}: {error}"
        return Verdict(
            case, complete=False, lost=0, undated=0, doubled=0, again=0, requests=0, faults=(fault,)
        )
