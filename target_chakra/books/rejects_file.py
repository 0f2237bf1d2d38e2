"""Rejected rows as JSON lines: what, why, what to do, and the row itself."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from typing import TYPE_CHECKING

from chakra_api.errors import JournalError, SettingsError
from chakra_api.wire.wire_json import encode
from target_chakra.storage.private_files import make_folder, open_file, strange

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from target_chakra.changes import Reject


class RejectsFile:
    """Appends rejected rows to a file that its owner alone can read.

    The journal has them before; so what this file lacks, after a crash or on a full disk, is not
    lost.

    Args:
        path: The file.

    Raises:
        SettingsError: It can't be written, or what is there is no file of this user's alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            make_folder(path.parent)
            # Without waiting: a named pipe would wait for a reader.
            number = open_file(path, os.O_APPEND | os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            is_link = error.errno == errno.ELOOP or path.is_symlink()
            why = "it is a symbolic link" if is_link else error.strerror
            raise SettingsError(
                f"The rejects file '{path}' can't be written: {why}",
                "Set rejects_path to the file itself"
                if is_link
                else "Set rejects_path to a place where this user may write",
            ) from None
        if why := strange(os.fstat(number)):
            is_file = stat.S_ISREG(os.fstat(number).st_mode)
            os.close(number)
            raise SettingsError(
                f"The rejects file '{path}' {why}, and would hold what rows carried",
                f"Make it this user's alone (chmod 600 {shlex.quote(str(path))}), or set"
                " rejects_path to another"
                if is_file
                else "Set rejects_path to a file of its own",
            )
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
