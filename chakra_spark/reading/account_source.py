"""The account behind a read, on the machine that asks: its source, and the tables that it makes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from chakra_api.account.loader_names import told_apart
from chakra_api.account.people import Directory
from chakra_api.clock import SystemClock
from chakra_api.redaction import redact_logs
from tap_chakra.run.source import Source
from tap_chakra.tables.table_builder import AttributeLayout, TableBuilder, plain_layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.account.account import Procedure
    from chakra_spark.read_options import ReadOptions
    from tap_chakra.scanning.known import KnownAccount
    from tap_chakra.tables.attribute_columns import Slot

LOG_NAME = "tap-chakra"


@contextmanager
def opened(
    options: ReadOptions, known: KnownAccount | None = None, sharing: int = 1
) -> Iterator[Source]:
    """The account, as long as the block lasts.

    Args:
        options: What the user wants read.
        known: What the driver found out of the account; None on the driver.
        sharing: How many tasks share the requests, this one included.

    Raises:
        SettingsError: A setting means nothing, or there is no key.
    """
    clock = SystemClock()
    settings = options.settings(int(clock.now() * 1000), sharing)
    redact_logs(settings.connection.api_key, LOG_NAME)
    source = Source(settings, clock, known=known)
    try:
        yield source
    finally:
        source.close()


def table_builder(
    source: Source, procedure: Procedure, nested: str, directory: Directory | None = None
) -> TableBuilder:
    """What makes the tables of a procedure; without users where only their schema is wanted."""
    people = Directory(()) if directory is None else directory
    layout = _told_apart(plain_layout(procedure, nested))
    return TableBuilder(procedure, people, layout, source.times)


def _told_apart(layout: AttributeLayout) -> AttributeLayout:
    """The layout in which no two names differ in case alone: to Spark they are one."""
    return replace(layout, data=_renamed(layout.data), derived=_renamed(layout.derived))


def _renamed(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    called, _ = told_apart([each.homes[0].name for each in slots], folds=lambda it: (it.lower(),))
    return tuple(
        replace(slot, homes=(replace(slot.homes[0], name=called[slot.homes[0].name]),))
        for slot in slots
    )
