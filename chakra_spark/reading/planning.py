"""Plans the pieces of a listing, on the driver: about equally many rows each.

One look proves what each piece would have to prove: how finely the server tells instants apart,
and in which order it lists. Where to cut is learned from rows at places of the listing: in a proven
order one row a cut, else answers from all over it, whose instants are a sample of all. A piece is
cut for its own readers in the same way, so that all of them begin at once. A wrong cut
costs balance, never a row: a piece is read by the same scan as everything else.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.where import created_between
from chakra_api.errors import BadRequest, ReportedErrors
from chakra_spark.reading.pieces import Piece
from chakra_spark.reading.row_count import count_rows
from tap_chakra.reading.grain_probe import proven_grain
from tap_chakra.reading.row_times import created_at, updated_at
from tap_chakra.reading.window_reader import LIMIT, FilterNotHonoured, page_of
from tap_chakra.scanning.known import KnownListing
from tap_chakra.timeline.listing_order import Evidence
from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.client import ProcessPage, Row
    from chakra_api.endpoints.where import Where
    from chakra_spark.reading.pieces import Asked
    from tap_chakra.reading.window_reader import Lister
    from tap_chakra.run.source import Source

ROWS_A_PIECE: Final = 2_000
"""Rows that are worth a task of their own: fewer are read sooner than a task begins."""
ROWS_A_READER: Final = 500
"""Rows of a piece that are worth a reader of their own: each cut costs half a page."""
LENGTH_ERROR: Final = 0.1
"""Share of the rows between two cuts by which a listing may be taken for too short."""
ANSWERS_A_PIECE: Final = 4
"""Answers of an order that nobody knows that are looked at for each piece."""

_log = logging.getLogger("tap-chakra")


def plan_pieces(source: Source, procedure: Procedure, asked: Asked, tasks: int) -> list[Piece]:
    """The pieces that together are all that is asked for, each row in one of them.

    Args:
        source: The account.
        procedure: What to read.
        asked: Which rows of it.
        tasks: How many tasks read at a time.

    Raises:
        ChakraError: A request failed for good.
    """
    lister = source.lister(procedure, where=asked.where)
    window = asked.window
    where = created_between(window.lower, window.upper) or None
    first = lister(where)
    account = source.known
    whole = Piece("whole", asked, account)
    if not first.is_full or tasks == 1:
        return [whole]
    try:
        grain = proven_grain(lister, first.rows, source.executor)
    except FilterNotHonoured:
        grain = None
    if grain is None:
        _log.warning("ChakraHQ does not filter on createdAt: one task reads everything")
        return [whole]
    sample = _stripped(first.rows, first)
    readers = source.settings.concurrency
    error = LENGTH_ERROR / max(tasks, readers)
    length = count_rows(lister, where, source.executor, roughly=error)
    if length is None:
        _log.warning("ChakraHQ does not skip as many rows as there are: one task reads everything")
        return [whole]
    places = _places(length, tasks, readers, proven=is_proven(sample.rows))
    sampled = list(_rows_at(lister, where, places, source.executor))
    if not places.proven:
        sample = _stripped(sampled, first)
        if is_proven(sampled):  # one answer alone did not show it
            places = _places(length, tasks, readers, proven=True)
            sampled = list(_rows_at(lister, where, places, source.executor))
    cuts = _cuts(sampled, window, places.parts)
    known = KnownListing(source.begins(first.server_time), grain, sample, length, cuts)
    return _pieces(whole, known, places.pieces)


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look at a listing, to learn where to cut it.

    Attributes:
        skips: Rows to skip, for each answer.
        limit: Rows of an answer.
        pieces: How many pieces are worth their tasks.
        parts: The same of parts that are worth their readers, of all pieces together.
        proven: Whether the order of the listing is proven: an answer is a cut then.
    """

    skips: tuple[int, ...]
    limit: int
    pieces: int
    parts: int
    proven: bool


def _places(length: int, tasks: int, readers: int, *, proven: bool) -> Places:
    """Where to look at a listing.

    Args:
        length: Rows in it, about.
        tasks: How many tasks read at a time.
        readers: How many readers they have together.
        proven: Whether the order of the listing is proven.
    """
    pieces = max(1, min(tasks, length // ROWS_A_PIECE))
    parts = pieces * max(1, min(readers, length // ROWS_A_READER) // pieces)
    answers, limit, first = (parts, 1, 1) if proven else (pieces * ANSWERS_A_PIECE, LIMIT, 0)
    skips = tuple(length * at // answers for at in range(first, answers)) if pieces > 1 else ()
    return Places(skips, limit, pieces, parts, proven)


def is_proven(rows: Sequence[Row]) -> bool:
    """Whether rows, as they were listed, prove the order of their listing."""
    dated = [row for row in rows if created_at(row)]
    created = [created_at(row) or 0 for row in dated]
    updated = [updated_at(row) or 0 for row in dated]
    return Evidence().with_answer(created, updated).proven is not None


def _rows_at(
    lister: Lister, where: Where | None, places: Places, executor: Executor
) -> Iterator[Row]:
    """Rows at some places of a listing, in its order; fewer where the server does not skip so."""

    def rows_behind(skip: int) -> list[Row]:
        try:
            return lister(where, skip=skip, limit=places.limit).rows
        except (BadRequest, ReportedErrors):
            return []

    for rows in executor.map(rows_behind, places.skips):
        yield from rows


def _cuts(sampled: Iterable[Row], window: Window, parts: int) -> tuple[int, ...]:
    """Where to cut a window, from its lower end: between equally many of the rows that were seen.

    Args:
        sampled: The rows: one for each cut, or many more.
        window: The window.
        parts: How many parts there are at the most.
    """
    instants = sorted(at for row in sampled if (at := created_at(row)) and window.holds(at))
    if len(instants) >= parts:
        instants = [instants[len(instants) * at // parts] for at in range(1, parts)]
    return tuple(instants)


def _pieces(whole: Piece, known: KnownListing, pieces: int) -> list[Piece]:
    """The pieces of a listing that was looked at; one if there is nowhere to cut it.

    Args:
        whole: All that is asked for.
        known: The listing.
        pieces: How many there are at the most.
    """
    window, parts = whole.asked.window, len(known.cuts) + 1
    chosen = (known.cuts[parts * at // pieces - 1] for at in range(1, min(pieces, parts)))
    inside = {known.grain.floor(at) for at in chosen}
    bounds = sorted(at for at in inside if window.lower is None or at > window.lower)
    if not bounds:
        return [whole]
    shared = replace(whole, kind="part", listing=known, sharing=len(bounds) + 1)
    windows = [Window(*ends) for ends in pairwise([window.lower, *bounds, window.upper])]
    # Who asks for rows since an instant asks for none without one.
    return [
        replace(shared, asked=replace(whole.asked, window=each), undated=each.lower is None)
        for each in windows
    ]


def _stripped(rows: Iterable[Row], page: ProcessPage) -> ProcessPage:
    """The rows as a page, with what tells of their order, and nothing of what people wrote."""
    told = ("id", "createdAt", "updatedAt")
    kept = [type(row)((name, row[name]) for name in told if name in row) for row in rows]
    return replace(page_of(kept, page.server_time), limit=page.limit)
