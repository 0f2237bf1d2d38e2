"""The Singer streams: adapters that decide nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib import ActivateVersionMessage

from chakra_api.timestamps import iso_ms
from tap_chakra import bookmark as bookmarks
from tap_chakra.extraction import Extraction
from tap_chakra.incremental import since
from tap_chakra.progress import Reporter, misfit_line
from tap_chakra.rows import compile_row
from tap_chakra.schema import process_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chakra_api.account import Procedure
    from chakra_api.client import Row
    from tap_chakra.scan import Scan
    from tap_chakra.tap import TapChakra


FEWER_ROWS = (
    "%s: %s rows seen, %s the last time: nothing is said about deleted rows. If they are gone,"
    " run once with min_scan_share: 0; else check the role of the key"
)


class ChakraStream(Stream):
    """What all streams share: our own types, and a STATE that only a complete read moves.

    The records are typed before singer-sdk sees them (`rows.py`, `users.py`), so its own
    conformance is off.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    _tap: TapChakra

    def log(self, message: str, *args: object, level: int = logging.INFO, **options: Any) -> None:  # noqa: ANN401 - the SDK's signature
        """As the SDK does; its own word on a failure only says that one line more follows."""
        if message.startswith("An unhandled error occurred"):
            level = logging.DEBUG
        super().log(message, *args, level=level, **options)

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never: singer-sdk would send it before the first record (design decision 8)."""
        return False

    @property
    def full_table(self) -> bool:
        """Whether everything is to be emitted."""
        return self.replication_method == "FULL_TABLE"

    @property
    def versioned(self) -> bool:
        """Whether records carry a version, so that rows that are gone can leave a warehouse."""
        return self.full_table and self.get_batch_config(self.config) is None

    def get_replication_key_signpost(self, context: Mapping[str, Any] | None = None) -> None:
        """None: the bookmark comes from the scan's beginning, never from a record."""

    def _increment_stream_state(
        self, latest_record: Row, *, context: Mapping[str, Any] | None = None
    ) -> None:
        """Nothing: no record moves the bookmark."""

    def _write_starting_replication_value(self, context: Mapping[str, Any] | None) -> None:
        """Nothing: the bookmark itself says where the run began."""

    def activate_version(self, version: int) -> None:
        """Say that rows of no other version exist. Only after the last record of a whole read."""
        for stream_map in self.stream_maps:
            if not isinstance(stream_map, RemoveRecordTransform):
                self._tap.write_message(ActivateVersionMessage(stream_map.stream_alias, version))


class ListedStream(ChakraStream):
    """Users, or one collection of the configuration: one request brings all of it."""

    def __init__(
        self,
        tap: TapChakra,
        name: str,
        schema: dict[str, Any],
        *,
        keys: Sequence[str],
        rows: Iterable[Row],
    ) -> None:
        super().__init__(tap, schema=schema, name=name)
        self.primary_keys = keys
        self._rows = rows

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[Row]:  # noqa: ARG002 - the SDK's signature
        """All rows, typed."""
        if self.versioned:
            self._stream_version = self._tap.initialized_at
        for row in self._rows:
            self._tap.heed_signals()
            yield dict(row)
        if self.versioned:
            self.activate_version(self._tap.initialized_at)


class ProcessStream(ChakraStream):
    """The processes of one procedure."""

    primary_keys: ClassVar[Sequence[str]] = ("id",)
    replication_key = bookmarks.REPLICATION_KEY

    def __init__(self, tap: TapChakra, procedure: Procedure) -> None:
        self._procedure = procedure
        schema = dict(process_schema(procedure))
        super().__init__(tap, schema=schema, name=f"process_{procedure.short_id}")

    @property
    def versioned(self) -> bool:
        """Not where a setting leaves rows out: their absence proves nothing."""
        return super().versioned and not self._tap.source.settings.narrowed

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[Row]:  # noqa: ARG002 - the SDK's signature
        """The rows to emit; the bookmark moves after the last one, if the scan was complete."""
        source = self._tap.source
        before = bookmarks.from_state(self.name, self.stream_state)
        scan = source.scan(self._procedure)
        began = scan.open()
        if self.versioned:
            self._stream_version = began
        resumes = None if self.full_table else before.since
        wanted = since(resumes, source.settings.start_date, source.settings.lookback_ms)
        scope = _scope(wanted.threshold)
        self.logger.info("%s: scanning as of %s; %s", self.name, iso_ms(began), scope)
        typer = compile_row(self._procedure, source.directory)
        extraction = Extraction(scan, wanted, typer)
        yield from self._reported(scan, extraction)
        self._conclude(scan, extraction, before)
        for counts, what in (
            (typer.misfits, "did not fit their type and went to _extra_data"),
            (typer.coerced, "were coerced to their type"),
        ):
            if line := misfit_line(counts, what):
                self.logger.warning("%s: %s", self.name, line)

    def _reported(self, scan: Scan, extraction: Extraction) -> Iterable[Row]:
        client = self._tap.source.client
        reporter = Reporter(self._tap.clock, client.stats)
        for records in extraction.records():
            for record in records:
                self._tap.heed_signals()
                yield record
            if reporter.due():
                work = reporter.work(scan.progress, extraction.emitted, client.stats)
                self.logger.info("%s: %s", self.name, reporter.line(work))
        work = reporter.work(scan.progress, extraction.emitted, client.stats)
        self.logger.info("%s: %s", self.name, reporter.summary(work))

    def _conclude(self, scan: Scan, extraction: Extraction, before: bookmarks.Bookmark) -> None:
        """Move the bookmark and speak of deletes, as far as the scan allows."""
        outcome = extraction.outcome(before, min_share=self._tap.source.settings.min_scan_share)
        if not scan.progress.complete:
            self._tap.note_incomplete(self.name, scan.progress.unsure)
            return
        if outcome.lead:
            self.logger.warning(
                "%s: updatedAt runs up to %.1f s ahead of the server's Date; the overlap grows",
                self.name,
                outcome.lead / 1000,
            )
        self.stream_state.update(bookmarks.to_state(self._next(outcome.bookmark, before)))
        self.state_manager.is_flushed = False
        if self.versioned and outcome.speaks_of_deletes:
            self.activate_version(scan.began)
        elif self.versioned:
            self.logger.warning(FEWER_ROWS, self.name, outcome.bookmark.rows, before.rows)

    def _next(self, after: bookmarks.Bookmark, before: bookmarks.Bookmark) -> bookmarks.Bookmark:
        """The bookmark to keep: a narrowed or doubtful scan counts no rows."""
        settings = self._tap.source.settings
        enough = bookmarks.sees_enough(after.rows or 0, before, settings.min_scan_share)
        counted = after if enough and not settings.narrowed else before
        return bookmarks.Bookmark(
            None if self.full_table else after.since, counted.rows, counted.began
        )


def _scope(threshold: int | None) -> str:
    if threshold is None:
        return "every row is emitted"
    return f"rows changed since {iso_ms(threshold)} are emitted"
