"""The photos that rows of one procedure name, as tables beside those of its rows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_chakra.photos.photo_records import PHOTO_SCHEMA, PHOTOS
from tap_chakra.tables.record_tables import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from chakra_api.account.account import Procedure
    from tap_chakra.run.procedure_run import Delivery
    from tap_chakra.run.source import Source

    Row = dict[str, object]

_log = logging.getLogger("tap-chakra")


class PhotoTables:
    """Has photos fetched while their rows are read.

    Args:
        source: The account.
        procedure: Whose rows name them, under its mask.
        state: Of its stream, which names what earlier runs have lost.
    """

    def __init__(self, source: Source, procedure: Procedure, state: Row) -> None:
        is_on = bool(source.settings.photos.to)
        self._run = source.photos.run(procedure) if is_on else None
        self._mask = source.masks.listed(PHOTOS)
        self._state = state
        self._records = [] if self._run is None else self._run.begin(state)

    def note(self, delivery: Delivery) -> None:
        """Have the photos fetched that rows name."""
        if self._run is not None:
            self._records += self._run.note(delivery.whole_rows)

    def taken(self) -> Iterator[pa.Table]:
        """Their records, once all are fetched; state names what is lost when they were taken."""
        if self._run is None:
            return
        records, self._records = [*self._records, *self._run.finish()], []
        if records and self._mask is None:
            yield table_of(PHOTO_SCHEMA, records)
        elif records and self._mask is not None:
            yield table_of(self._mask.schema(PHOTO_SCHEMA), map(self._mask.leaves, records))
        self._run.keep(self._state)

    def ended(self, stream: str) -> None:
        """Say what came of them.

        Args:
            stream: Whose rows name them.
        """
        if self._run is not None:
            level = logging.WARNING if self._run.is_short else logging.INFO
            _log.log(level, "%s: %s", stream, self._run.line)
