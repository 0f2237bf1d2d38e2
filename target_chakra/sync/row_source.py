"""Rows of a warehouse, read ahead on a thread, so that a run can work while none comes."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_plugin.warehouses.result import Result, Warehouse
    from chakra_plugin.warehouses.wanted import Wanted

ROWS_A_CHUNK: Final = 250
CHUNKS_AHEAD: Final = 4
TICK: Final = 0.2
"""Seconds without a row after which the run may work."""
_PATIENCE: Final = 2.0
"""Seconds that the warehouse has to notice that nobody reads on."""


class RowSource:
    """What a warehouse answers, in order.

    Args:
        warehouse: Open; nobody else reads it meanwhile.
        wanted: What to read.
        idle: Called when no row came for a while; true to stop reading.
    """

    def __init__(self, warehouse: Warehouse, wanted: Wanted, idle: Callable[[], bool]) -> None:
        self._warehouse = warehouse
        self._wanted = wanted
        self._idle = idle
        self._ahead: queue.Queue[Result | list[dict[str, Any]] | Exception | None]
        self._ahead = queue.Queue(CHUNKS_AHEAD)
        self._is_left = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True, name="source")

    def begin(self) -> Result | None:
        """Ask the warehouse; its answer, whose columns are known. None if the run ends before.

        Raises:
            SettingsError: It has none.
        """
        self._reader.start()
        first = next(self._taken(), None)
        return first if not isinstance(first, list) else None

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows.

        Raises:
            SettingsError: The source fails.
        """
        for chunk in self._taken():
            if isinstance(chunk, list):
                yield from chunk

    def close(self) -> bool:
        """Read no further; whether the warehouse may be closed."""
        self._is_left.set()
        if self._reader.ident is not None:
            self._reader.join(_PATIENCE)
        return not self._reader.is_alive()

    def _taken(self) -> Iterator[Result | list[dict[str, Any]]]:
        while True:
            try:
                came = self._ahead.get(timeout=TICK)
            except queue.Empty:
                if self._idle():
                    return
                continue
            if came is None:
                return
            if isinstance(came, Exception):
                raise came
            yield came

    # On the thread

    def _read(self) -> None:
        try:
            found = self._warehouse.read(self._wanted)
            self._put(found)
            chunk: list[dict[str, Any]] = []
            for row in found.rows():
                chunk.append(row)
                if len(chunk) == ROWS_A_CHUNK:
                    self._put(chunk)
                    chunk = []
                if self._is_left.is_set():
                    return
            self._put(chunk)
            self._put(None)
        except Exception as error:  # noqa: BLE001 - raised where the rows are taken
            self._put(error)

    def _put(self, what: Result | list[dict[str, Any]] | Exception | None) -> None:
        while not self._is_left.is_set():
            try:
                self._ahead.put(what, timeout=TICK)
            except queue.Full:
                continue
            return
