"""One source for all runs that overlap: opened for the first, closed after the last."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final

from tap_chakra.by_id.named_changes import NamedChanges
from tap_chakra.run.source import Source
from tap_chakra.second.python_process import NotStarted, has_second_core
from tap_chakra.tables.table_process_client import TableProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.clock import Clock
    from tap_chakra.settings import Settings

ALONE: Final = "this one goes on alone"
_log = logging.getLogger("tap-chakra")


class SharedSource:
    """One account for all that reads it at a time: one pace, one pool of threads.

    Args:
        settings: What the user set.
        clock: The only clock of the runs.

    Attributes:
        changes: What change webhooks have named, as runs that overlap find it.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._lock = Lock()
        self._runs = 0
        self._source: Source | None = None
        self._rows = 0
        self._is_alone = not (settings.second_process_from and has_second_core())
        self._second: TableProcess | None = None
        self.changes = NamedChanges(settings.webhooks, clock)

    @contextmanager
    def opened(self) -> Iterator[Source]:
        """The source, open at least for as long as this is."""
        with self._lock:
            source = self._source = self._source or Source(self.settings, self.clock)
            self._runs += 1
        try:
            yield source
        finally:
            with self._lock:
                self._runs -= 1
                if not self._runs:
                    source.close()
                    self._source = None
                    self.changes = NamedChanges(self.settings.webhooks, self.clock)
                    self._end_second()

    def second(self, rows: int) -> TableProcess | None:
        """The second process, which makes tables; None until there are enough rows for it.

        Args:
            rows: Rows that came since the last call, of any stream.
        """
        with self._lock:
            self._rows += rows
            if self._is_alone or self._rows < self.settings.second_process_from:
                return None
            if self._second is None:
                try:
                    self._second = TableProcess()
                except NotStarted as why:
                    self._is_alone = True
                    _log.warning("No second process could be started (%s): %s", why, ALONE)
            return self._second

    def _end_second(self) -> None:
        second, self._second, self._rows = self._second, None, 0
        if second is not None:
            second.close()
