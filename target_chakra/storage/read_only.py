"""A journal in SQLite on a disk that takes nothing: read as a copy, its log with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chakra_api.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa


def is_read_only(path: Path) -> bool:
    """Whether a journal's file, or the folder of its log, can't be written by this user."""
    return not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK))


def refuse_read_only(url: sa.URL) -> None:
    """Nothing can be changed in a journal of which a copy is read.

    Raises:
        JournalError: It can't be written.
    """
    path = Path(url.database or "")
    if url.get_backend_name() == "sqlite" and is_read_only(path):
        raise JournalError(
            f"The journal '{path}' can't be written", "Use a user, and a disk, that may write it"
        )


def copied_reader(path: Path) -> Callable[[], sqlite3.Connection]:
    """What opens a private copy of a journal: in memory, and in a temporary file if it is large."""
    return partial(_copy, path)


def _copy(path: Path) -> sqlite3.Connection:
    copy = sqlite3.connect("", check_same_thread=False)
    try:
        with closing(_open(path)) as source:
            source.backup(copy)
    except sqlite3.OperationalError:
        # Its log lies there, and SQLite can't make the index of it that it reads by.
        _copy_with_log(path, copy)
    return copy


def _open(path: Path) -> sqlite3.Connection:
    log = path.with_name(f"{path.name}-wal")
    has_log = log.exists() and log.stat().st_size > 0
    mode = "mode=ro" if has_log else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)


def _copy_with_log(path: Path, copy: sqlite3.Connection) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="target-chakra-") as folder:
            for ending in ("", "-wal"):
                shutil.copyfile(f"{path}{ending}", Path(folder) / f"journal{ending}")
            with closing(sqlite3.connect(Path(folder) / "journal")) as source:
                source.backup(copy)
    except OSError as error:
        raise JournalError(
            f"The journal '{path}' lies on a disk that can't be written, and can't be copied to"
            f" read it: {error.strerror}",
            "Set TMPDIR to a folder with room for a copy of it",
        ) from None
