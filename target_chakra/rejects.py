"""Rejected rows as JSON lines: what, why, what to do, and the row itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from chakra_api.wire_json import encode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from target_chakra.changes import Reject

OWNER_ONLY = 0o600


class RejectsFile:
    """Appends rejected rows to a file that its owner alone can read.

    Args:
        path: The file.

    Raises:
        SettingsError: It can't be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, OWNER_ONLY)
        except OSError as error:
            raise SettingsError(
                f"The rejects file '{path}' can't be written: {error.strerror}",
                "Set rejects_path to a place where this user may write",
            ) from None
        self._file = os.fdopen(number, "ab")

    def write(self, rejects: Iterable[Reject]) -> None:
        """Append rows; they are with the system when this returns."""
        for reject in rejects:
            self._file.write(reject_line(reject))
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


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
