"""One source for all runs that overlap: opened for the first, closed after the last."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from tap_chakra.run.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.clock import Clock
    from tap_chakra.settings import Settings


class SharedSource:
    """One account for all that reads it at a time: one pace, one pool of threads.

    Args:
        settings: What the user set.
        clock: The only clock of the runs.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._lock = Lock()
        self._runs = 0
        self._source: Source | None = None

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
