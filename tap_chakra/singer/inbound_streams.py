"""The Singer streams of inbound events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tap_chakra.facts.columns import columns_of
from tap_chakra.facts.scan_facts import StreamFacts
from tap_chakra.records.stream_names import procedure_names
from tap_chakra.run.inbound_run import EventBookmark, InboundRun
from tap_chakra.singer.streams import ChakraStream, StreamTap
from tap_chakra.webhooks.event_records import FORMS, KEYS, SEQUENCE, EventTyper, inbound_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chakra_api.endpoints.client import Row

STATE_EVERY: Final = 1_000
"""Inbound events after which STATE says how far their stream is."""


class InboundStream(ChakraStream):
    """What webhook calls brought, in the order in which it came."""

    replication_key = SEQUENCE

    def __init__(self, tap: StreamTap, name: str) -> None:
        self._mask_of_columns = tap.source.masks.listed(name)
        schema = inbound_schema(name)
        if self._mask_of_columns is not None:
            schema = self._mask_of_columns.schema(schema)
        super().__init__(tap, name, schema)
        self.primary_keys = KEYS

    @property
    def versioned(self) -> bool:
        """Never: an event that is not there any more was cleared, and stays in a warehouse."""
        return False

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[Row]:  # noqa: ARG002 - the SDK's signature
        """The events behind the bookmark, typed; STATE moves behind what was passed on."""
        source = self._tap.source
        before = EventBookmark.from_state(self.name, self.stream_state)
        run = InboundRun(self.name, source.settings.webhooks, before, self._tap.clock)
        typer = EventTyper(self.name, procedure_names(source.account), self._mask_of_columns)
        rows, in_files = 0, self.get_batch_config(self.config) is not None
        for rows, event in enumerate(run.events(anew=self.full_table), 1):
            self._tap.heed_signals()
            if rows % STATE_EVERY == 0 and not in_files:
                self._save(run.bookmark, now=True)
            yield typer(event)
        self._save(run.bookmark, now=False)
        columns = columns_of(self.schema)
        self._tap.run_record.tell(StreamFacts(self.name, rows=rows, emitted=rows, columns=columns))

    def _save(self, bookmark: EventBookmark, *, now: bool) -> None:
        """Put into STATE how far the stream is."""
        if not bookmark.store:
            return
        self.stream_state.update(bookmark.to_state())
        self.state_manager.is_flushed = False
        if now:
            self._write_state_message()


def inbound_streams(tap: StreamTap) -> list[InboundStream]:
    """The streams of inbound events; none where no store of them is set."""
    return [InboundStream(tap, name) for name in FORMS if tap.source.settings.webhooks.store]
