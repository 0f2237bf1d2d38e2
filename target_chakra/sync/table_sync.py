"""The rows of one table or query on their way into a run, and what is known once all have come."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from chakra_api.errors import JournalError, SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.values.counts import counted
from chakra_plugin.warehouses.wanted import Since, Wanted
from target_chakra.changes import Mode
from target_chakra.sync.row_source import RowSource
from target_chakra.sync.watermark import HighWater, Watermark, read_watermark

if TYPE_CHECKING:
    from chakra_plugin.warehouses.result import Column, Result, Warehouse
    from target_chakra.run.session import Session
    from target_chakra.settings import Settings
    from target_chakra.sync.asked import Asked

LOG = logging.getLogger("target-chakra")


def refuse_changes_of_a_mirror(settings: Settings, asked: Asked) -> None:
    """Some rows of a mirror do not say what is gone.

    Raises:
        SettingsError: The stream is in mode mirror, and only what is new is read.
    """
    mapping = settings.mapping_for(asked.stream)
    if asked.column and mapping.mode is Mode.MIRROR:
        raise SettingsError(
            f"'{asked.stream}' is in mode mirror, and --state reads only what is new: that does not"
            " say what is gone",
            "Leave --state out to read everything, or use mode upsert with delete_when",
        )


class TableSync:
    """One sync.

    Args:
        session: The run.
        warehouse: The source, open.
        asked: What to read of it.
    """

    def __init__(self, session: Session[object], warehouse: Warehouse, asked: Asked) -> None:
        self._session = session
        self._warehouse = warehouse
        self._asked = asked
        self._place = asked.place_in(warehouse)

    def take(self) -> None:
        """Bring all rows into the run.

        Raises:
            ChakraError: The source can't be read, or the run must stop.
        """
        before = self._before()
        column = self._asked.column
        since = Since(column, before.value if before else None) if column else None
        source = RowSource(self._warehouse, Wanted(self._asked.rows, since), self._is_over)
        try:
            found = source.begin()
            if found is not None:
                self._bring(found, source, before)
        finally:
            if source.close():
                self._warehouse.close()

    def _before(self) -> Watermark | None:
        """What the last sync left."""
        stream, place = self._asked.stream, self._place
        kept = self._session.journal.watermarks.take_up(stream, place)
        if kept is None or not self._asked.column:
            return None
        try:
            return read_watermark(kept)
        except (ValueError, KeyError, TypeError, IndexError):
            raise JournalError(
                f"The journal's watermark of '{stream}' is damaged",
                "Restore it from a copy, or give another --stream, which reads everything anew",
            ) from None

    def _bring(self, found: Result, source: RowSource, before: Watermark | None) -> None:
        session, stream = self._session, self._asked.stream
        session.open_stream(stream, {each.name: each.is_time for each in found.columns})
        water = self._high_water(found, before)
        # Each sync is a statement of its own: what an earlier one brought need not be there still.
        version = f"sync {session.run_id}"
        for number, row in enumerate(source.rows(), 1):
            if session.is_stopped:
                return
            if water is None or water.is_new(row):
                session.row(stream, number, row, version)
        if not self._is_over():
            self._end(water, version)

    def _high_water(self, found: Result, before: Watermark | None) -> HighWater | None:
        name = self._asked.column
        if name is None:
            return None
        if before is not None and before.value is not None:
            LOG.info("Reads '%s' from %s = %s on", self._asked.stream, name, before.value)
        column = _column(found, name)
        return HighWater(column, before, keyless=self._session.is_keyless(self._asked.stream))

    def _end(self, water: HighWater | None, version: str) -> None:
        """All rows have come."""
        session, stream = self._session, self._asked.stream
        if water is None:
            session.whole(stream, version)
            passed = Watermark(None, {})
        else:
            session.narrowed(stream)
            passed = water.watermark()
            if water.endless:
                LOG.info(
                    "%s of '%s' with nothing in '%s' (or a value without end) came: they come with"
                    " every sync",
                    counted(water.endless),
                    stream,
                    self._asked.column,
                )
        journal, place = session.journal, self._place
        session.state(lambda: journal.watermarks.pass_on(stream, place, passed.written()))

    def _is_over(self) -> bool:
        """Called when no row comes: let the run work; whether to read no further."""
        self._session.tick()
        return self._session.is_stopped or self._session.failure is not None


def _column(found: Result, name: str) -> Column:
    for each in found.columns:
        if each.name.lower() == name.lower():
            return each
    names = [each.name for each in found.columns]
    raise SettingsError(
        f"There is no column '{name}'", f"{did_you_mean(name, names)}There are: {', '.join(names)}"
    )


def carry_out(passed: Any) -> None:  # noqa: ANN401 - what a session passes on
    """A STATE of a sync is passed on: its watermark goes into the journal."""
    passed()
