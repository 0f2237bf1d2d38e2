"""The resources of lists that settings ask for: Arrow tables of what each brings, replaced."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import dlt

from chakra_api.values.zones import name_of
from tap_chakra.dlt_source.column_spelling import spelled_table
from tap_chakra.dlt_source.table_run import note_incomplete
from tap_chakra.lists.wanted import list_schemas, wanted_lists
from tap_chakra.records.stream_names import JOB_ENTRIES, JOBS
from tap_chakra.run.progress import odd_lines
from tap_chakra.tables.record_tables import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt.extract import DltResource

    from tap_chakra.dlt_source.shared_source import SharedSource
    from tap_chakra.dlt_source.stream_errors import Guard

_log = logging.getLogger("tap-chakra")


def list_resources(guard: Guard) -> list[DltResource]:
    """The resources of the lists that settings ask for."""
    return [
        dlt.resource(
            _list,
            name=name,
            primary_key=["job", "id"] if name == JOB_ENTRIES else "id",
            write_disposition="merge" if name in (JOBS, JOB_ENTRIES) else "replace",
        )(guard, name)
        for name in list_schemas(guard.shared.settings)
    ]


def _list(guard: Guard, name: str) -> Iterator[Any]:
    yield from guard.watched(name, partial(_table, guard.shared, name))


def _table(shared: SharedSource, name: str) -> Iterator[Any]:
    with shared.opened() as source:
        masks, times = source.masks.listed, source.times
        listed = wanted_lists(source.settings, source.client, masks, times)[name]
        table = spelled_table(table_of(listed.schema, listed.rows), source.settings.column_names)
        if listed.doubts:
            allowed = shared.settings.allow_incomplete
            note_incomplete(name, tuple(listed.doubts), allowed=allowed)
        yield table
        for line in odd_lines(listed.tally, name_of(source.times.naive)):
            _log.warning("%s: %s", name, line)
