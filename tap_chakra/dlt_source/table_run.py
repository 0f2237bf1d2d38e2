"""One run of one procedure as Arrow tables, and the state that follows from what was taken.

When the next parcel is asked for, the one before was taken. The state, a plain dict that the caller
keeps, changes only then: it never says more than was delivered. It is the STATE of the Singer
tap (`run/bookmark.py`), with the reasons under `incomplete` if the last scan was not complete.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown, whole
from chakra_api.values.zones import name_of
from tap_chakra.by_id.id_run import id_run
from tap_chakra.by_id.named_changes import fetch_named
from tap_chakra.dlt_source.photo_tables import PhotoTables
from tap_chakra.photos.photo_records import PHOTOS
from tap_chakra.records import scan_ids
from tap_chakra.run import bookmark as bookmarks
from tap_chakra.run.failures import after_doubts
from tap_chakra.run.procedure_run import ScanIncomplete
from tap_chakra.run.progress import Reporter, odd_lines
from tap_chakra.run.resume import Beside
from tap_chakra.tables.attribute_columns import LAYOUTS
from tap_chakra.tables.record_tables import table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa

    from chakra_api.account.account import Procedure
    from chakra_api.clock import Clock
    from tap_chakra.by_id.named_changes import NamedChanges
    from tap_chakra.dlt_source.stream_tables import StreamTables
    from tap_chakra.run.procedure_run import Delivery, ProcedureRun, ScanResult
    from tap_chakra.run.source import Source
    from tap_chakra.tables.page_tables import Tables

INCOMPLETE: Final = "incomplete"
TABLE_ROWS: Final = 10_000
TABLE_BYTES: Final = 16 << 20
"""Bytes of rows, as they came, at which a table is delivered, however few rows they are."""

_log = logging.getLogger("tap-chakra")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A table that is to be delivered.

    Attributes:
        stream: `process_<shortId>`, `photos`, or a stream of `records/scan_ids.py`.
        table: Its rows.
    """

    stream: str
    table: pa.Table


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is delivered at a time.

    Attributes:
        run: Rows read at which a full scan is left unfinished; the next run resumes it. None for
            no end.
        table: Rows in a table.
    """

    run: int | None = None
    table: int = TABLE_ROWS


@dataclass(frozen=True, slots=True)
class TableLayout:
    """What the user wants of tables, beyond what the Singer tap has settings for.

    Attributes:
        nested: What becomes of `data`: one of `attribute_columns.LAYOUTS`.
        bounds: How much at a time.
    """

    nested: str
    bounds: Bounds


def parse_layout(config: Mapping[str, object]) -> TableLayout:
    """Give the settings their meaning.

    Raises:
        SettingsError: A value means nothing.
    """
    nested = config.get("nested", LAYOUTS[0])
    if nested not in LAYOUTS:
        raise SettingsError(
            f"The setting nested is {shown(nested)}, which is no layout",
            f"Choose one of {', '.join(LAYOUTS)}",
        )
    most = config.get("max_rows_per_run")
    bounds = Bounds(None if most is None else whole(config, "max_rows_per_run", 1, 1))
    return TableLayout(str(nested), bounds)


class TableRun:
    """One run of one procedure.

    Args:
        source: The account.
        procedure: What to read.
        typed: Makes what makes its tables, once it is known what times mean.
        state: What earlier runs left, and what this one leaves.
        bounds: How much at a time.
    """

    def __init__(
        self,
        source: Source,
        procedure: Procedure,
        typed: Callable[[], StreamTables],
        *,
        state: dict[str, object],
        bounds: Bounds,
    ) -> None:
        self.stream = source.streams[procedure.short_id]
        self._source = source
        self._procedure = procedure
        self._typed = typed
        self._state = state
        self._bounds = bounds
        self._ends_early = False

    def parcels(self, clock: Clock, changes: NamedChanges) -> Iterator[Parcel]:
        """What to deliver, in order.

        Args:
            clock: Times the lines of the log.
            changes: What change webhooks have named.

        Raises:
            SettingsError: The state is of another account.
            ChakraError: A request failed for good.
            ScanIncomplete: The scan was not complete, and the settings do not allow that.
        """
        bookmarks.refuse_other_account(self.stream, self._state, self._source.account.team_id)
        before = bookmarks.from_state(self.stream, self._state)
        run = id_run(self._source, self._procedure, before) or self._source.procedure_run(
            self._procedure,
            before,
            full_table=False,
            beside=Beside(ids=self._source.settings.emit_scan_ids),
            heads_only=self._source.settings.second_process_from > 0,
        )
        fetch_named(run, self._source, self._procedure, changes, self._state)
        run.open()
        photos = PhotoTables(self._source, self._procedure, self._state)
        tables = self._typed()
        _log.info("%s: %s", self.stream, run.opening)
        reporter = Reporter(clock, self._source.client.stats)
        yield from self._read(run, reporter, tables, photos)
        tables.ended()
        photos.ended(self.stream)
        work = reporter.work(run.progress, run.emitted, self._source.client.stats)
        _log.info("%s: %s", self.stream, reporter.summary(work, tables.coerced))
        for line in odd_lines(tables, name_of(self._source.times.naive)):
            _log.warning("%s: %s", self.stream, line)
        if not self._ends_early:
            yield from self._conclude(run)

    def _read(
        self, run: ProcedureRun, reporter: Reporter, tables: StreamTables, photos: PhotoTables
    ) -> Iterator[Parcel]:
        pending, read, delivered = _PendingRows(tables), 0, False
        for delivery in run.deliveries():
            seen = self._source.settings.emit_scan_ids and not run.leaves_state
            pending.add(delivery, seen=seen)
            photos.note(delivery)
            read += len(delivery.seen)
            self._ends_early = self._is_enough(read, run)
            if self._ends_early or pending.is_full(self._bounds.table):
                delivered = True
                yield from self._delivered(pending, run, photos)
                pending = _PendingRows(tables)
            if self._ends_early:
                _log.info("%s: %s rows read; the next run goes on", self.stream, f"{read:,}")
                return
            if reporter.due():
                stats = self._source.client.stats
                work = reporter.work(run.progress, run.emitted, stats)
                _log.info("%s: %s", self.stream, reporter.line(work))
        if pending.size or not delivered:
            yield from self._delivered(pending, run, photos)

    def _is_enough(self, read: int, run: ProcedureRun) -> bool:
        """Whether the run may end here: only where the next one can resume its scan further on."""
        if self._bounds.run is None or read < self._bounds.run:
            return False
        point = run.resume_point
        return point is not None and point.unfinished.rows > run.rows_resumed

    def _delivered(
        self, pending: _PendingRows, run: ProcedureRun, photos: PhotoTables
    ) -> Iterator[Parcel]:
        """Tables of pending rows, and then the state that they allow."""
        progress: dict[str, object] = {}
        run.keep_progress(progress)
        if not run.leaves_state:
            bookmarks.keep_account(progress, self._source.account.team_id)
        yield Parcel(self.stream, pending.table())
        if pending.seen:
            ids = scan_ids.id_records(self._procedure.short_id, run.began, pending.seen)
            yield Parcel(scan_ids.IDS, table_of(scan_ids.IDS_SCHEMA, ids))
        for table in photos.taken():
            yield Parcel(PHOTOS, table)
        self._state.update(progress)

    def _conclude(self, run: ProcedureRun) -> Iterator[Parcel]:
        """Move the bookmark and speak of deletes, as far as the run allows."""
        result = run.result(min_share=self._source.settings.min_scan_share)
        if not result.complete:
            allowed = self._source.settings.allow_incomplete
            note_incomplete(self.stream, result.unsure, allowed=allowed)
        if run.leaves_state:
            return
        self._state.pop(INCOMPLETE, None)
        if not result.complete:
            self._state[INCOMPLETE] = list(result.unsure)
        if result.full:
            yield from self._complete_scan(run, result)
        run.keep_end(self._state, result.bookmark)

    def _complete_scan(self, run: ProcedureRun, result: ScanResult) -> Iterator[Parcel]:
        if not result.sees_deletes:
            _log.warning("%s: %s", self.stream, result.fewer_rows("min_scan_share=0"))
        elif self._source.settings.emit_scan_ids:
            began = run.began
            record = scan_ids.scan_record(self._procedure.short_id, began, result.rows)
            yield Parcel(scan_ids.SCANS, table_of(scan_ids.SCANS_SCHEMA, [record]))


def note_incomplete(stream: str, reasons: tuple[str, ...], *, allowed: bool) -> None:
    """Say that a scan, or a list, was not complete.

    Raises:
        ScanIncomplete: The settings do not allow that.
    """
    said = f"{stream}: not every row can be vouched for ({', '.join(reasons)})"
    if not allowed:
        raise ScanIncomplete(
            said,
            f"Nothing of this run is kept and no bookmark moved: {after_doubts(reasons)};"
            " allow_incomplete loads the rows that were read",
        )
    _log.warning("%s; they are loaded, as allow_incomplete allows; no bookmark moved", said)


class _PendingRows:
    """Rows that were read and are not delivered yet.

    Args:
        tables: Makes their table.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._bytes = 0
        self.seen: list[str] = []

    @property
    def size(self) -> int:
        """Rows in the longest table that they would make."""
        return max(len(self._tables), len(self.seen))

    def is_full(self, rows: int) -> bool:
        """Whether they are to be delivered: so many rows, or what weighs as much."""
        return self.size >= rows or self._bytes >= TABLE_BYTES

    def add(self, delivery: Delivery, *, seen: bool) -> None:
        """Take the rows of a delivery; the ids of all rows read too, if they are wanted."""
        if seen:
            self.seen += delivery.seen
        size = delivery.size
        self._bytes += size
        self._tables.add(delivery.page, delivery.positions, size)

    def table(self) -> pa.Table:
        """All the rows as one table."""
        return self._tables.taken()
