"""The rows of a piece, read by the scan that reads everything else; or an error, on its task."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from chakra_api.values.zones import name_of
from chakra_spark.reading.undated import undated_rows
from tap_chakra.reading.row_times import created_at, updated_at
from tap_chakra.run.failures import after_doubts
from tap_chakra.run.incremental import Since
from tap_chakra.run.modes import Selection
from tap_chakra.run.procedure_run import ScanIncomplete
from tap_chakra.run.progress import odd_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.client import Row
    from chakra_spark.reading.pieces import Piece
    from tap_chakra.run.source import Source
    from tap_chakra.tables.table_builder import TableBuilder

TABLE_ROWS: Final = 1_000
"""Rows that become a table at a time."""

_log = logging.getLogger("tap-chakra")


def piece_tables(
    source: Source, procedure: Procedure, piece: Piece, builder: TableBuilder
) -> Iterator[pa.Table]:
    """The rows of a piece as tables.

    Args:
        source: The account.
        procedure: What to read.
        piece: Which rows of it.
        builder: Makes the tables.

    Raises:
        ChakraError: A request failed for good.
        ScanIncomplete: Rows may be missing, and the settings do not allow that.
    """
    pending: list[Row] = []
    for rows in rows_of(source, procedure, piece):
        pending += rows
        if len(pending) >= TABLE_ROWS:
            yield builder(pending)
            pending = []
    if pending:
        yield builder(pending)
    for line in odd_lines(builder, name_of(source.times.naive)):
        _log.warning("%s: %s", procedure.short_id, line)


def rows_of(source: Source, procedure: Procedure, piece: Piece) -> Iterator[Sequence[Row]]:
    """The rows of a piece as they came, an answer's at a time.

    Raises:
        ChakraError: A request failed for good.
        ScanIncomplete: Rows may be missing, and the settings do not allow that.
    """
    reads = _with_undated if piece.undated else _scanned
    asked = piece.asked
    for rows in reads(source, procedure, piece):
        yield rows if asked.changed is None else [x for x in rows if asked.takes(updated_at(x))]


def _with_undated(source: Source, procedure: Procedure, piece: Piece) -> Iterator[Sequence[Row]]:
    """The rows of a piece, and those without a usable `createdAt`.

    Whether there are any is found out beside the scan, one question after the other: as a task of
    its own that would be the last one to end.
    """
    beside = ThreadPoolExecutor(1, thread_name_prefix="undated")
    found = beside.submit(lambda: any(_undated(source, procedure, piece)))
    try:
        yield from _scanned(source, procedure, piece)
        if found.result():
            yield from _undated(source, procedure, piece)
    finally:
        beside.shutdown(wait=False)


def _undated(source: Source, procedure: Procedure, piece: Piece) -> Iterator[Sequence[Row]]:
    lister = source.lister(procedure, where=piece.asked.where)
    page = source.executor.submit(lister, None, limit=1).result()
    began = source.begins(page.server_time).began
    around = 0 if piece.listing is None else piece.listing.rows
    yield from undated_rows(lister, began, source.executor, around)


def _scanned(source: Source, procedure: Procedure, piece: Piece) -> Iterator[Sequence[Row]]:
    window = piece.asked.window
    selection = Selection(Since(), window.lower, piece.asked.where, window.upper)
    scan = source.scan(procedure, selection, None, known=piece.listing)
    scan.open()
    for reading in scan.readings():
        yield [row for row in reading.rows if _belongs(row, piece)]
    if not scan.progress.complete:
        say_incomplete(source, procedure.short_id, scan.progress.unsure)


def _belongs(row: Row, piece: Piece) -> bool:
    """Whether a row is the piece's, to the millisecond: a question may bring more."""
    created = created_at(row)
    if created is None:
        return piece.kind == "whole"
    return piece.asked.window.holds(created)


def say_incomplete(source: Source, what: str, reasons: Sequence[str]) -> None:
    """Say that rows may be missing.

    Raises:
        ScanIncomplete: The settings do not allow that.
    """
    said = f"{what}: not every row can be vouched for ({', '.join(reasons)})"
    if not source.settings.allow_incomplete:
        raise ScanIncomplete(
            said,
            f"{after_doubts(reasons)}; allow_incomplete gives out the rows that were read".strip(),
        )
    _log.warning("%s; they are given out, as allow_incomplete allows", said)
