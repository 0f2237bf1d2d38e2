"""Disks that are full after so many bytes: under standard output, and under files."""

from __future__ import annotations

import io
import os
from typing import Any


class FullOutput(io.RawIOBase):
    """Standard output that takes so many bytes, and then answers every write with an error.

    Args:
        room: How many bytes.
        number: The error, as `errno.ENOSPC`.
    """

    def __init__(self, room: int, number: int) -> None:
        self._room = room
        self._number = number
        self._is_over = False
        self.taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        content = bytes(content)
        if self._is_over:
            return len(content)
        part = content[: max(0, self._room - len(self.taken))]
        if content and not part:
            raise OSError(self._number, os.strerror(self._number))
        self.taken += part
        return len(part)

    def end(self) -> None:
        """The process has ended: what Python holds back for it is lost."""
        self._is_over = True


class FullFiles:
    """In the place of the module `os`: files take so many bytes in all.

    Args:
        room: How many bytes.
        number: The error.
        at: The call that fails then: `write`, `fsync` or `close`.
    """

    def __init__(self, room: int, number: int, at: str) -> None:
        self._room = room
        self._number = number
        self._at = at

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, file: int, content: Any) -> int:
        if self._at != "write":
            self._room -= len(content)
            return os.write(file, content)
        part = bytes(content)[: max(0, self._room)]
        if not part:
            self._fail()
        self._room -= len(part)
        return os.write(file, part)

    def fsync(self, _file: int) -> None:
        if self._at == "fsync" and self._room < 0:
            self._fail()

    def close(self, file: int) -> None:
        os.close(file)
        if self._at == "close" and self._room < 0:
            self._fail()

    def _fail(self) -> None:
        raise OSError(self._number, os.strerror(self._number))
