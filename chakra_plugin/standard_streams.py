"""The three streams of a process of ours, made so that what they are does not change what it does.

A stream that is closed leaves its number to the next file that is opened, a journal for example,
and what is meant for the stream would be written into that. What can't be written to standard
error (its disk is full, its reader has ended) is lost, and the run goes on: its exit code says how
it ended. A signal may come while a line is written to it, and say something there itself: so
nothing is between text and file, for a buffer can't be entered twice. Standard output is UTF-8
wherever it goes, as JSON is.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing_extensions import Buffer

_NUMBERS: Final = {0: os.O_RDONLY, 1: os.O_WRONLY, 2: os.O_WRONLY}
_ERROR: Final = 2


def prepare_streams() -> None:
    """Make the streams ready, once, before anything is printed or opened."""
    for number, flags in _NUMBERS.items():
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest number that is free: this one
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stderr = io.TextIOWrapper(
        _Patient(_ERROR, "wb", closefd=False),  # as `python -u` does
        encoding,
        "backslashreplace",
        write_through=True,
    )


class _Patient(io.FileIO):
    """A file that takes everything: what it can't write is lost."""

    def write(self, content: Buffer, /) -> int:
        """Write what can be written; the number of bytes that came."""
        left = memoryview(content).cast("B")
        size = left.nbytes
        with contextlib.suppress(OSError):
            while left and (written := super().write(left)):  # a signal may cut a long one short
                left = left[written:]
        return size
