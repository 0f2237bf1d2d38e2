"""The resources of inbound events: Arrow tables of what webhook calls brought, in its order."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import dlt

from tap_chakra.records.stream_names import procedure_names
from tap_chakra.run.inbound_run import EventBookmark, InboundRun
from tap_chakra.tables.record_tables import table_of
from tap_chakra.webhooks.event_records import FORMS, KEYS, EventTyper, inbound_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt.extract import DltResource

    from tap_chakra.dlt_source.shared_source import SharedSource
    from tap_chakra.dlt_source.stream_errors import Guard

TABLE_ROWS: Final = 1_000


def inbound_resources(guard: Guard) -> list[DltResource]:
    """The resources of inbound events; none where no store of them is set."""
    names = FORMS if guard.shared.settings.webhooks.store else ()
    return [
        dlt.resource(_inbound, name=name, primary_key=KEYS, write_disposition="merge")(guard, name)
        for name in names
    ]


def _inbound(guard: Guard, name: str) -> Iterator[Any]:
    yield from guard.watched(name, partial(_tables, guard.shared, name))


def _tables(shared: SharedSource, name: str) -> Iterator[Any]:
    """The events behind the bookmark; dlt keeps the state beside them, and both or neither."""
    state = dlt.current.resource_state()
    with shared.opened() as source:
        mask, schema = source.masks.listed(name), inbound_schema(name)
        if mask is not None:
            schema = mask.schema(schema)
        before = EventBookmark.from_state(name, state)
        run = InboundRun(name, source.settings.webhooks, before, shared.clock)
        typer = EventTyper(name, procedure_names(source.account), mask)
        events = run.events(anew=False)
        while rows := [typer(event) for event in islice(events, TABLE_ROWS)]:
            yield table_of(schema, rows)
        if run.bookmark.store:
            state.update(run.bookmark.to_state())
