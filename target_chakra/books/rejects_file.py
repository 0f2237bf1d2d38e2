"""Rejected rows as JSON lines: what, why, what to do, and the row itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chakra_api.errors import JournalError, SettingsError
from chakra_api.wire.wire_json import encode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from target_chakra.changes import Reject

OWNER_ONLY = 0o600


class RejectsFile:
    """Appends rejected rows to a file that its owner alone can read.

    The journal has them before; so what this file lacks, after a crash or on a full disk, is not
    lost.

    Args:
        path: The file.

    Raises:
        SettingsError: It can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR, OWNER_ONLY)
        except OSError as error:
            raise SettingsError(
                f"The rejects file '{path}' can't be written: {error.strerror}",
                "Set rejects_path to a place where this user may write",
            ) from None
        self._file = number
        size = os.fstat(number).st_size
        self._torn = size > 0 and os.pread(number, 1, size - 1) != b"\n"

    def write(self, rejects: Iterable[Reject]) -> None:
        """Append rows; they are with the system when this returns.

        Raises:
            JournalError: The disk does not take them.
        """
        lines = b"".join(map(reject_line, rejects))
        # A line that a crash cut short stays alone, and spoils none that follows.
        left = memoryview(b"\n" + lines if self._torn else lines)
        self._torn = False
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            raise JournalError(
                f"The rejects file '{self._path}' can't be written: {error.strerror}",
                "The journal has the rows all the same: see target-chakra rejects. Make room, then"
                " run it again to go on",
            ) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def reject_line(reject: Reject) -> bytes:
    """One line of the file."""
    change = reject.change
    line = {
        "stream": change.stream,
        "procedure": change.procedure,
        "key": str(change.key) if change.key else None,
        "line": change.line,
        "reason": reject.reason,
        "next_step": reject.next_step,
        "job": reject.job,
        "row": change.row,
    }
    return encode(line) + b"\n"
