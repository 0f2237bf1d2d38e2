"""What all Singer streams share, and those that one request or other streams fill."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol, cast

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib import ActivateVersionMessage

from chakra_api.values.zones import name_of
from tap_chakra.lines.page_writer import Output
from tap_chakra.run.progress import odd_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.singerlib import Message

    from chakra_api.clock import Clock
    from chakra_api.endpoints.client import Row
    from tap_chakra.records.config_collections import Collection
    from tap_chakra.run.progress import Screen
    from tap_chakra.run.source import Source


class StreamTap(Output, Protocol):
    """What a stream asks of its tap, which is where its lines go, too."""

    name: str
    screen: Screen

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
    def run_name(self) -> str:
        """A name that tells the files of this run from those of other runs."""

    def heed_signals(self) -> None:
        """End the run in order if a signal asked for it."""

    def write_message(self, message: Message) -> None:
        """Write a Singer message."""

    def note_seen(self, procedure: str, began: int, ids: Iterable[str]) -> None:
        """A scan saw the rows with these ids."""

    def note_complete(self, procedure: str, began: int, rows: int) -> None:
        """A scan saw all rows there are."""

    def note_incomplete(self, stream: str, reasons: tuple[str, ...]) -> None:
        """A scan was not complete."""


class ChakraStream(Stream):
    """What all streams share: our own types, and a STATE that only a complete read moves.

    The records are typed before singer-sdk sees them (`records/row_typer.py`, `records/users.py`),
    so its own conformance is off.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    _tap: StreamTap  # type: ignore[assignment]  # the SDK wants all of a tap

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
        tap: StreamTap,
        name: str,
        listed: Collection,
    ) -> None:
        super().__init__(cast("Tap", tap), schema=dict(listed.schema), name=name)
        self.primary_keys = listed.keys
        self._listed = listed

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[Row]:  # noqa: ARG002 - the SDK's signature
        """All rows, typed."""
        if self.versioned:
            self._stream_version = self._tap.initialized_at
        for row in self._listed.rows:
            self._tap.heed_signals()
            yield dict(row)
        for line in odd_lines(self._listed.tally, name_of(self._tap.source.times.naive)):
            self.logger.warning("%s: %s", self.name, line)
        if self.versioned:
            self.activate_version(self._tap.initialized_at)


class NarrowStream(ChakraStream):
    """A stream whose records come while others are read (`records/scan_ids.py`)."""

    def __init__(
        self, tap: StreamTap, name: str, schema: Mapping[str, object], keys: Sequence[str]
    ) -> None:
        super().__init__(cast("Tap", tap), schema=dict(schema), name=name)
        self.primary_keys = keys

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[Row]:  # noqa: ARG002 - the SDK's signature
        """None of its own: its turn only announces its schema."""
        return ()

    def emit(self, records: Iterable[Row]) -> None:
        """Write records now, if the stream is selected."""
        if self.selected:
            for record in records:
                self._write_record_message(record)
