"""The Singer stream of a procedure: an adapter that decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from singer_sdk.mapper import SameRecordTransform

from chakra_api.values.timestamps import iso_ms
from chakra_api.values.zones import name_of
from tap_chakra.by_id.id_run import id_run
from tap_chakra.by_id.named_changes import fetch_named
from tap_chakra.catalogs.entries import breadcrumb
from tap_chakra.lines.page_writer import PageWriter
from tap_chakra.lines.record_names import RecordNames
from tap_chakra.masking.masked_procedure import spelled_mask
from tap_chakra.records.row_parser import RowParser
from tap_chakra.records.row_typer import compile_row
from tap_chakra.records.schema import process_schema
from tap_chakra.run import bookmark as bookmarks
from tap_chakra.run.progress import LIVE_SECONDS, PLAIN_SECONDS, Reporter, odd_lines
from tap_chakra.run.resume import Beside
from tap_chakra.run.told import stream_facts, with_result
from tap_chakra.second.beginning import Beginning
from tap_chakra.singer.batch_files import BATCH_BYTES, PARQUET, BatchOutput
from tap_chakra.singer.kept_rows import KeptRows, Typing, kept_columns, kept_lines
from tap_chakra.singer.streams import ChakraStream, StreamTap

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from singer_sdk.helpers._batch import BatchConfig

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.client import Row
    from tap_chakra.by_id.named_changes import NamedChanges
    from tap_chakra.records.row_typer import Counts
    from tap_chakra.run.procedure_run import Delivery, ProcedureRun, ScanResult
    from tap_chakra.singer.photo_streams import PhotosBeside


class ProcessTap(StreamTap, Protocol):
    """What a stream of processes asks of its tap."""

    @property
    def photos(self) -> PhotosBeside:
        """The stream of the photos that rows name."""

    @property
    def changes(self) -> NamedChanges:
        """What change webhooks have named."""


class ProcessStream(ChakraStream):
    """The processes of one procedure."""

    _tap: ProcessTap

    primary_keys: ClassVar[Sequence[str]] = ("id",)

    def __init__(self, tap: ProcessTap, procedure: Procedure) -> None:
        self._procedure = procedure
        super().__init__(tap, tap.source.streams[procedure.short_id], process_schema(procedure))
        self.replication_key = self.names.root[bookmarks.REPLICATION_KEY]

    @property
    def versioned(self) -> bool:
        """Not where a setting leaves rows out: their absence proves nothing."""
        return super().versioned and not self._tap.source.settings.narrowed

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[Row]:  # noqa: ARG002 - the SDK's signature
        """The rows to emit."""
        run, source = self.opened_run(), self._tap.source
        deselected = tuple(self._deselected())
        typer = compile_row(self._procedure, source.directory, source.times, deselected)
        for delivery in self.deliveries(run, typer):
            for row in delivery.rows:
                self._tap.heed_signals()
                yield typer(row)

    def _sync_records(
        self, context: Mapping[str, Any] | None = None, *, write_messages: bool = True
    ) -> Generator[Row, Any, Any]:
        """As the SDK does, a page at a time where its records go out as they were typed."""
        plain = write_messages and self.ABORT_AT_RECORD_COUNT is None and self._is_unmapped
        if not plain:
            yield from super()._sync_records(context, write_messages=write_messages)
            return
        with self.get_record_counter() as counter, self.get_sync_timer():
            run = self.opened_run(heads_only=True)
            writer = self._page_writer()
            for delivery in self.deliveries(run, writer):
                self._tap.heed_signals()
                extracted = iso_ms(int(self._tap.clock.now() * 1000))
                page, positions = delivery.page, delivery.positions
                if positions:
                    writer.write(page, positions, self._stream_version, extracted)
                    self.state_manager.is_flushed = False
                    counter.increment(len(positions))
        self._finalize_state(self.stream_state)
        self._write_state_message()

    @property
    def _is_unmapped(self) -> bool:
        """Whether no stream map and no flattening changes a record."""
        first, *others = self.stream_maps
        return isinstance(first, SameRecordTransform) and not (others or first.flattening_enabled)

    def _page_writer(self) -> PageWriter:
        source, beginning = self._tap.source, self._beginning()
        parser = RowParser(self._procedure, source.directory, source.times, beginning.deselected)
        return PageWriter(parser, beginning, self._tap, RecordNames(self.names))

    def _beginning(self) -> Beginning:
        source = self._tap.source
        naive = source.settings.naive_timezone
        return Beginning(
            config=source.config,
            users=source.user_rows,
            procedure=self._procedure.short_id,
            stream=self.stream_maps[0].stream_alias,
            deselected=tuple(self._deselected()),
            naive=None if naive is None else name_of(naive),
            unit_ms=source.times.unit_ms,
            mask=spelled_mask(self._procedure),
            column_names=source.settings.column_names,
        )

    def _deselected(self) -> Iterable[tuple[str, ...]]:
        """Paths of the properties that are not selected, in ChakraHQ's names."""
        gone = set[tuple[str, ...]]()
        for path, called in self.names.paths():
            if path[:1] not in gone and not self.mask[breadcrumb(called)]:
                gone.add(path)
                yield path

    def _sync_batches(self, batch_config: BatchConfig, context: Any = None) -> None:  # noqa: ANN401, ARG002 - the SDK's signature
        """Write the rows to files, and STATE behind each that says no more than is in them.

        Columns, or JSON as it came, where the records go out as they were typed.
        """
        kept = self._kept_rows(batch_config)
        output = BatchOutput(batch_config, self._tap.file_names, kept.contents)
        read = weight = 0
        with self.get_record_counter() as counter, self.get_sync_timer():
            for delivery in self._reported(kept.run, kept.counts):
                kept.keep(delivery)
                counter.increment(len(delivery.positions))
                self._note_seen(kept.run, delivery)
                read += len(delivery.seen)
                weight += delivery.size
                due = output.is_due or weight >= BATCH_BYTES
                if due or (not output.rows and read >= batch_config.batch_size):
                    read = weight = 0
                    self._write_files(output, kept.run)
            self.write_files(output)
            self._conclude(kept.run, kept.counts)

    def _write_files(self, output: BatchOutput, run: ProcedureRun) -> None:
        """Write files, and then how far the scan was when they were begun."""
        progress: dict[str, object] = {}
        run.keep_progress(progress)
        self.write_files(output)
        self._tap.photos.finish(self.stream_state)
        self.stream_state.update(progress)
        self.state_manager.is_flushed = False
        self._write_state_message()

    def _kept_rows(self, config: BatchConfig) -> KeptRows:
        """How rows are kept for files: as few steps a row as maps and flattening allow."""
        in_columns = config.encoding.format == PARQUET
        run = self.opened_run(heads_only=self._is_unmapped and not in_columns)
        source, deselected = self._tap.source, tuple(self._deselected())
        typing = Typing(self._procedure, source.directory, source.times, deselected)
        name = self.stream_maps[0].stream_alias
        if self._is_unmapped and not in_columns:
            return kept_lines(run, name, typing, RecordNames(self.names))
        if self._is_unmapped and not self.names.are_changed:
            return kept_columns(run, name, typing)
        contents = self.record_contents(config)
        typer = compile_row(self._procedure, source.directory, source.times, deselected)

        def keep(delivery: Delivery) -> None:
            for row in delivery.rows:
                self._tap.heed_signals()
                self.keep_for_files(contents, typer(row))

        return KeptRows(run, contents, typer, keep)

    def opened_run(self, *, heads_only: bool = False) -> ProcedureRun:
        """A run of the procedure, opened: from then on the unit of the account's times is known.

        Args:
            heads_only: Whether most fields of a row are to be had in the body of its page alone.
        """
        before = bookmarks.from_state(self.name, self.stream_state)
        source = self._tap.source
        run = id_run(source, self._procedure, before) or source.procedure_run(
            self._procedure,
            before,
            full_table=self.full_table,
            beside=Beside(self.versioned, self._tap.ids.are_emitted),
            heads_only=heads_only,
        )
        if not self.full_table:
            fetch_named(run, source, self._procedure, self._tap.changes, self.stream_state)
        began = run.open()
        if not run.leaves_state:
            bookmarks.keep_account(self.stream_state, source.account.team_id)
        self._tap.photos.begin(self._procedure, tuple(self._deselected()), self.stream_state)
        if self.versioned:
            self._stream_version = began
        self._say_beginning(run)
        return run

    def deliveries(self, run: ProcedureRun, counts: Counts) -> Iterable[Delivery]:
        """The rows to emit, an answer's at a time.

        When the next page is asked for, the one before was passed on: STATE says so then. The
        bookmark moves after the last one, if the run was complete.

        Args:
            run: The run, opened.
            counts: Of the values that were not as their type has them.
        """
        crew = self._tap.source.crew
        for delivery in self._reported(run, counts):
            yield delivery
            self._note_seen(run, delivery)
            if run.state_is_due(crew.count):
                self._save(run)
        self._conclude(run, counts)

    def _note_seen(self, run: ProcedureRun, delivery: Delivery) -> None:
        if not run.leaves_state:
            self._tap.ids.note_seen(self._procedure.short_id, run.began, delivery.seen)
        self._tap.photos.note(delivery)

    def _say_beginning(self, run: ProcedureRun) -> None:
        self.logger.info("%s: %s; %s", self.name, run.opening, run.emitting)
        if run.resuming:
            self.logger.info("%s: %s", self.name, run.resuming)

    def _reported(self, run: ProcedureRun, counts: Counts) -> Iterable[Delivery]:
        client, screen = self._tap.source.client, self._tap.screen
        every = LIVE_SECONDS if screen.is_live else PLAIN_SECONDS
        reporter = Reporter(self._tap.clock, client.stats, every)
        record = self._tap.run_record
        try:
            for delivery in run.deliveries():
                yield delivery
                record.beat(lambda: (run.progress.rows, run.emitted))
                if reporter.due():
                    work = reporter.work(run.progress, run.emitted, client.stats)
                    self._show(reporter.line(work))
        except BaseException:
            # The second process, which counts, may be what broke: it is not asked.
            record.tell(stream_facts(self.name, self.schema, run, None))
            raise
        record.tell(stream_facts(self.name, self.schema, run, counts))
        work = reporter.work(run.progress, run.emitted, client.stats)
        self.logger.info("%s: %s", self.name, reporter.summary(work, counts.coerced))

    def _show(self, line: str) -> None:
        if self._tap.screen.is_live:
            self._tap.screen.show(f"{self.name}: {line}")
        else:
            self.logger.info("%s: %s", self.name, line)

    def _save(self, run: ProcedureRun) -> None:
        """Put into STATE how far a full scan is, its photos fetched."""
        self._tap.photos.finish(self.stream_state)
        if run.keep_progress(self.stream_state):
            self.state_manager.is_flushed = False
            self._write_state_message()

    def _conclude(self, run: ProcedureRun, counts: Counts) -> None:
        """Move the bookmark and speak of deletes, as far as the run allows."""
        self._tap.photos.conclude(self.name, self.stream_state)
        result = run.result(min_share=self._tap.source.settings.min_scan_share)
        if not result.complete:
            self._tap.note_incomplete(self.name, result.unsure)
        if result.lead:
            self.logger.warning(
                "%s: updatedAt runs up to %.1f s ahead of the server's Date; the overlap grows",
                self.name,
                result.lead / 1000,
            )
        self._speak_of_deletes(run, result)
        self._keep(run, result.bookmark)
        for line in odd_lines(counts, name_of(self._tap.source.times.naive)):
            self.logger.warning("%s: %s", self.name, line)
        facts = stream_facts(self.name, self.schema, run, counts)
        now = int(self._tap.clock.now() * 1000)
        self._tap.run_record.tell(with_result(facts, result, now, versioned=self.versioned))

    def _speak_of_deletes(self, run: ProcedureRun, result: ScanResult) -> None:
        if not result.full:
            return
        if not result.sees_deletes:
            self.logger.warning("%s: %s", self.name, result.fewer_rows("min_scan_share: 0"))
            return
        self._tap.ids.note_complete(self._procedure.short_id, run.began, result.rows)
        if self.versioned:
            self.activate_version(run.began)

    def _keep(self, run: ProcedureRun, bookmark: bookmarks.Bookmark) -> None:
        """Put what the run leaves into STATE.

        A FULL_TABLE run does not read from it, and leaves it: a later INCREMENTAL one goes on
        there, since all that had changed before was emitted.
        """
        if run.leaves_state:
            return
        run.keep_end(self.stream_state, bookmark)
        self.state_manager.is_flushed = False
