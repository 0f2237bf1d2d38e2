"""What all Singer streams share, and those that are not of processes."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, cast

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib import ActivateVersionMessage

from chakra_api.values.zones import name_of
from tap_chakra.facts.columns import columns_of
from tap_chakra.facts.scan_facts import StreamFacts
from tap_chakra.lines.page_writer import Output
from tap_chakra.naming.column_names import SNAKE_CASE, column_names
from tap_chakra.records import scan_ids
from tap_chakra.run.progress import odd_lines
from tap_chakra.singer.batch_files import BatchOutput, record_content
from tap_chakra.singer.batch_settings import batch_config_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib import Catalog, Message, RecordMessage

    from chakra_api.clock import Clock
    from chakra_api.endpoints.client import Row
    from tap_chakra.facts.run_record import RunRecord
    from tap_chakra.records.config_collections import Collection
    from tap_chakra.run.progress import Screen
    from tap_chakra.run.source import Source
    from tap_chakra.singer.batch_files import FileNames, RecordContent


class StreamTap(Output, Protocol):
    """What a stream asks of its tap, which is where its lines go, too."""

    name: str
    screen: Screen

    @property
    def logger(self) -> logging.Logger:
        """Where the run's lines go that people read."""

    @property
    def clock(self) -> Clock:
        """The only clock of the run."""

    @property
    def initialized_at(self) -> int:
        """When the run began, epoch milliseconds."""

    @property
    def source(self) -> Source:
        """The account."""

    @property
    def file_names(self) -> FileNames:
        """Names the BATCH files of the run."""

    @property
    def run_record(self) -> RunRecord:
        """What there is to tell of the run."""

    def heed_signals(self) -> None:
        """End the run in order if a signal asked for it."""

    def write_message(self, message: Message) -> None:
        """Write a Singer message."""

    @property
    def ids(self) -> ScanIdStreams:
        """The streams of the ids that scans see."""

    def write_held(self) -> None:
        """Write what streams keep for files whose records come while others are read."""

    def note_incomplete(self, stream: str, reasons: tuple[str, ...]) -> None:
        """A scan was not complete."""


class ChakraStream(Stream):
    """What all streams share: our own types, and a STATE that only a complete read moves.

    The records are typed before singer-sdk sees them (`records/row_typer.py`, `records/users.py`),
    so its own conformance is off.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    _tap: StreamTap  # type: ignore[assignment]  # the SDK wants all of a tap

    def __init__(self, tap: StreamTap, name: str, schema: Mapping[str, Any]) -> None:
        self.names = column_names(tap.source.settings.column_names, schema)
        super().__init__(cast("Tap", tap), schema=self.names.schema(schema), name=name)

    def other_paths(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Paths as another `column_names` has them in a catalog, each with today's."""
        if self._tap.source.settings.column_names == SNAKE_CASE:
            yield from self.names.paths()
        else:
            for path, called in column_names(SNAKE_CASE, self.schema).paths():
                yield called, path

    def log(self, message: str, *args: object, level: int = logging.INFO, **options: Any) -> None:  # noqa: ANN401 - the SDK's signature
        """As the SDK does; its own word on a failure only says that one line more follows."""
        if message.startswith("An unhandled error occurred"):
            level = logging.DEBUG
        super().log(message, *args, level=level, **options)

    def apply_catalog(self, catalog: Catalog) -> None:
        """As the SDK does, but for the keys: those are the stream's own, whatever it names."""
        own, bookmarked = self.primary_keys, self.replication_key
        super().apply_catalog(catalog)
        self.primary_keys, self.replication_key = own, bookmarked

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

    @property
    def emitted_maps(self) -> list[StreamMap]:
        """The stream maps of which records go out."""
        return [each for each in self.stream_maps if not isinstance(each, RemoveRecordTransform)]

    def activate_version(self, version: int) -> None:
        """Say that rows of no other version exist. Only after the last record of a whole read."""
        for stream_map in self.emitted_maps:
            self._tap.write_message(ActivateVersionMessage(stream_map.stream_alias, version))

    def _generate_record_messages(self, record: Row) -> Generator[RecordMessage, None, None]:
        """As the SDK does, of a record in ChakraHQ's names.

        Nulls of columns that its flattening leaves no schema for are left out.
        """
        columns = {each.stream_alias: each.transformed_schema for each in self.emitted_maps}
        called = self.names.record(record) if self.names.are_changed else record
        for message in super()._generate_record_messages(called):
            known = columns[message.stream].get("properties", {})
            for name in message.record.keys() - known.keys():
                if message.record[name] is None:
                    del message.record[name]
            yield message

    def _write_state_message(self) -> None:
        """As the SDK does, behind all that STATE speaks of."""
        if not self.state_manager.is_flushed:
            self._tap.write_held()
        super()._write_state_message()

    # BATCH

    def record_contents(self, config: BatchConfig) -> dict[str, RecordContent]:
        """What keeps records for files, by the name under which they go out."""
        kind = config.encoding.format
        return {
            each.stream_alias: record_content(kind, each.stream_alias, each.transformed_schema)
            for each in self.emitted_maps
        }

    def keep_for_files(self, contents: Mapping[str, RecordContent], record: Row) -> None:
        """Keep what the RECORD messages of a record would hold, maps and flattening heeded."""
        for message in self._generate_record_messages(record):
            contents[message.stream].keep(message.record)

    def get_batch_config(self, config: Mapping[str, Any]) -> BatchConfig | None:
        """The files that the settings ask for, so that each reader of URLs finds them."""
        return batch_config_of(config)

    def write_files(self, output: BatchOutput) -> None:
        """Write files of what is kept, and tell of them."""
        for message in output.written():
            self._tap.write_message(message)
            self.state_manager.is_flushed = False

    def _sync_batches(self, batch_config: BatchConfig, context: Any = None) -> None:  # noqa: ANN401 - the SDK's signature
        """Write the records to files, as they would go out in RECORD messages."""
        contents = self.record_contents(batch_config)
        output = BatchOutput(batch_config, self._tap.file_names, contents)
        with self.get_record_counter() as counter, self.get_sync_timer():
            for record in self.get_records(context):
                self.keep_for_files(contents, cast("Row", record))
                counter.increment()
                if output.is_due:
                    self.write_files(output)
            self.write_files(output)
            self._write_state_message()


class ListedStream(ChakraStream):
    """Users, or one collection of the configuration: one request brings all of it."""

    def __init__(
        self,
        tap: StreamTap,
        name: str,
        listed: Collection,
    ) -> None:
        super().__init__(tap, name, listed.schema)
        self.primary_keys = listed.keys
        self._listed = listed

    @property
    def versioned(self) -> bool:
        """Not where rows that do not come again are still there."""
        return super().versioned and not self._listed.grows

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[Row]:  # noqa: ARG002 - the SDK's signature
        """All rows, typed."""
        if self.versioned:
            self._stream_version = self._tap.initialized_at
        rows = 0
        for rows, row in enumerate(self._listed.rows, 1):  # noqa: B007 - told below
            self._tap.heed_signals()
            yield dict(row)
        doubts, columns = tuple(self._listed.doubts), columns_of(self.schema)
        told = StreamFacts(self.name, rows=rows, emitted=rows, unsure=doubts, columns=columns)
        self._tap.run_record.tell(told)
        for line in odd_lines(self._listed.tally, name_of(self._tap.source.times.naive)):
            self.logger.warning("%s: %s", self.name, line)
        if self._listed.doubts:
            self._tap.note_incomplete(self.name, tuple(self._listed.doubts))
        elif self.versioned:
            self.activate_version(self._tap.initialized_at)


class NarrowStream(ChakraStream):
    """A stream whose records come while others are read (`records/scan_ids.py`)."""

    def __init__(
        self, tap: StreamTap, name: str, schema: Mapping[str, object], keys: Sequence[str]
    ) -> None:
        super().__init__(tap, name, schema)
        self.primary_keys = keys
        self._announced = False
        self._contents: dict[str, RecordContent] = {}
        self._output: BatchOutput | None = None

    @property
    def is_emitted(self) -> bool:
        """Whether its records go out."""
        return self.selected and bool(self.emitted_maps)

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[Row]:  # noqa: ARG002 - the SDK's signature
        """None of its own: its turn only announces its schema, if nothing has before."""
        return ()

    def emit(self, records: Iterable[Row]) -> None:
        """Write records now, or keep them for a file, if the stream is selected."""
        if not self.is_emitted:
            return
        self._write_schema_message()
        output = self._opened_output()
        for record in records:
            if output is None:
                self._write_record_message(record)
            else:
                self.keep_for_files(self._contents, record)
                if output.is_due:
                    self.write_files(output)

    def write_held(self) -> None:
        """Write what is kept for a file."""
        if self._output is not None:
            self.write_files(self._output)

    def _write_schema_message(self) -> None:
        """Announce the schema, once: with the first record, wherever that comes."""
        if not self._announced:
            self._announced = True
            super()._write_schema_message()

    def _opened_output(self) -> BatchOutput | None:
        config = self.get_batch_config(self.config)
        if self._output is None and config is not None:
            self._contents = self.record_contents(config)
            self._output = BatchOutput(config, self._tap.file_names, self._contents)
        return self._output


class ScanIdStreams:
    """The streams of the ids that scans see, written while their processes are read.

    Args:
        tap: The tap.
        is_wanted: Whether there are such streams.
    """

    def __init__(self, tap: StreamTap, *, is_wanted: bool) -> None:
        self._tap = tap
        self._ids = NarrowStream(tap, scan_ids.IDS, scan_ids.IDS_SCHEMA, scan_ids.IDS_KEYS)
        self._scans = NarrowStream(tap, scan_ids.SCANS, scan_ids.SCANS_SCHEMA, scan_ids.SCANS_KEYS)
        self.streams = (self._ids, self._scans) if is_wanted else ()

    @cached_property
    def are_emitted(self) -> bool:
        """Whether every id that a scan sees goes out; a warning if it does not, and was to."""
        unemitted = [stream.name for stream in self.streams if not stream.is_emitted]
        if unemitted:
            self._tap.logger.warning(
                "emit_scan_ids is on, but not selected: %s. Nothing follows about deleted rows."
                " Run tap-chakra --discover again and select both streams",
                ", ".join(unemitted),
            )
        return bool(self.streams) and scan_ids.IDS not in unemitted

    def write_held(self) -> None:
        """Write what the streams hold back."""
        for stream in self.streams:
            stream.write_held()

    def note_seen(self, procedure: str, began: int, ids: Iterable[str]) -> None:
        """Emit the ids that a scan saw, where the user wants them."""
        if self.streams:
            self._ids.emit(scan_ids.id_records(procedure, began, ids))

    def note_complete(self, procedure: str, began: int, rows: int) -> None:
        """Emit that a scan saw all rows there are, where the user wants it."""
        if self.are_emitted:
            self.write_held()
            self._scans.emit([scan_ids.scan_record(procedure, began, rows)])
