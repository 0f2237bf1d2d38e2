"""Reads Singer messages line by line, and lets others work while none comes."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

CHUNK_LINES: Final = 1 << 18
"""Bytes of lines that are read at a time."""
CHUNKS_AHEAD: Final = 4
TICK: Final = 0.2
"""Seconds without a line after which others may work."""


class Lines:
    """The lines of an input, read ahead on a thread.

    Args:
        source: Where they come from.
        idle: Called when no line came for a while; true to stop reading.
    """

    def __init__(self, source: BinaryIO, idle: Callable[[], bool]) -> None:
        self._source = source
        self._idle = idle
        self._chunks: queue.Queue[list[bytes] | Exception | None] = queue.Queue(CHUNKS_AHEAD)
        self.number = 0
        """Of the line that is being worked on, from 1."""

    def __iter__(self) -> Iterator[bytes]:
        threading.Thread(target=self._read, daemon=True, name="input").start()
        while True:
            try:
                chunk = self._chunks.get(timeout=TICK)
            except queue.Empty:
                if self._idle():
                    return
                continue
            if chunk is None:
                return
            if isinstance(chunk, Exception):
                raise chunk
            for line in chunk:
                self.number += 1
                yield line

    def _read(self) -> None:
        try:
            while True:
                # A line that is there is never kept waiting for others.
                line = self._source.readline()
                if not line:
                    break
                self._chunks.put([line, *self._at_hand()])
        except (OSError, ValueError) as error:
            # A ValueError: whoever ended the run closed the input, and nobody asks for more.
            self._chunks.put(error)
        else:
            self._chunks.put(None)

    def _at_hand(self) -> list[bytes]:
        """Lines that were read from the input already."""
        peek = getattr(self._source, "peek", None)
        if peek is None:
            return []
        waiting = peek()
        count = waiting.count(b"\n")
        return [self._source.readline() for _ in range(count)]
