"""Plans the pieces of a listing, on the driver: about equally many rows each.

One look proves what each piece would have to prove: how finely the server tells instants apart,
and in which order it lists. Where to cut is learned from rows at places of the listing: in a proven
order one row a cut, else answers from all over it, whose instants are a sample of all. A wrong cut
costs balance, never a row: a piece is read by the same scan as everything else.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
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
    from tap_chakra.timeline.windows import Grain

ROWS_A_PIECE: Final = 2_000
"""Rows that are worth a task of their own: fewer are read sooner than a task begins."""
LENGTH_ERROR: Final = 0.05
"""Share of its length by which a listing may be taken for too short: it saves requests."""
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
    length = count_rows(lister, where, source.executor, roughly=LENGTH_ERROR)
    places = _places(length, tasks, sample)
    sampled = list(_rows_at(lister, where, places, source.executor))
    cuts = _cuts(sampled, window, grain, places.pieces)
    if not cuts:
        return [whole]
    telling = sample if places.proven else _stripped(sampled, first)
    known = KnownListing(source.begins(first.server_time), grain, telling)
    return _pieces(Piece("whole", asked, account, known, rows=length or 0), cuts)


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look at a listing, to learn where to cut it.

    Attributes:
        skips: Rows to skip, for each answer.
        limit: Rows of an answer.
        pieces: How many pieces are worth their tasks.
        proven: Whether the order of the listing is proven: an answer is a cut then.
    """

    skips: tuple[int, ...]
    limit: int
    pieces: int
    proven: bool


def _places(length: int | None, tasks: int, sample: ProcessPage) -> Places:
    """Where to look at a listing.

    Args:
        length: Rows in it, about; None if the server does not skip so many.
        tasks: How many tasks read at a time.
        sample: Rows as they were listed.
    """
    if length is None:
        _log.warning("ChakraHQ does not skip as many rows as there are: one task reads everything")
    pieces = max(1, min(tasks, (length or 0) // ROWS_A_PIECE))
    proven = is_proven(sample.rows)
    answers, limit, first = (pieces, 1, 1) if proven else (pieces * ANSWERS_A_PIECE, LIMIT, 0)
    if pieces == 1:
        return Places((), limit, pieces, proven)
    skips = tuple((length or 0) * at // answers for at in range(first, answers))
    return Places(skips, limit, pieces, proven)


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


def _cuts(sampled: Iterable[Row], window: Window, grain: Grain, pieces: int) -> list[int]:
    """Where to cut a window, from its lower end: between equally many of the rows that were seen.

    Args:
        sampled: The rows: one for each cut, or many more.
        window: The window.
        grain: Cuts are bounds of it.
        pieces: How many pieces there are at the most.
    """
    instants = sorted(at for row in sampled if (at := created_at(row)) and window.holds(at))
    if len(instants) >= pieces:
        instants = [instants[len(instants) * at // pieces] for at in range(1, pieces)]
    bounds = {grain.floor(at) for at in instants}
    return sorted(at for at in bounds if window.lower is None or at > window.lower)


def _pieces(whole: Piece, cuts: Sequence[int]) -> list[Piece]:
    window = whole.asked.window
    lowers, uppers = (window.lower, *cuts), (*cuts, window.upper)
    windows = [Window(lower, upper) for lower, upper in zip(lowers, uppers, strict=True)]
    undated = window.lower is None  # who asks for rows since an instant asks for none without one
    shared = replace(whole, kind="part", sharing=len(windows) + undated)
    parts = [replace(shared, asked=replace(whole.asked, window=each)) for each in windows]
    return [*parts, replace(shared, kind="undated")] if undated else parts


def _stripped(rows: Iterable[Row], page: ProcessPage) -> ProcessPage:
    """The rows as a page, with what tells of their order, and nothing of what people wrote."""
    told = ("id", "createdAt", "updatedAt")
    kept = [type(row)((name, row[name]) for name in told if name in row) for row in rows]
    return replace(page_of(kept, page.server_time), limit=page.limit)
