"""Writes files that are whole or not there, and that nobody but their owner may read."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NEW: Final = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)


def write_all(write: Callable[[memoryview], int | None], content: bytes) -> None:
    """Write all of it; a pipe may take it piece by piece."""
    rest = memoryview(content)
    while rest:
        rest = rest[write(rest) or 0 :]


def part_of(path: Path) -> Path:
    """Where a file is written, beside its name, until it is whole: a killed run may leave it."""
    return path.with_name(f".{path.name}.part")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file: it has its name once all of it is on the disk.

    Folders that are missing are made, for their owner alone. What stands at the name, a link for
    example, is replaced and not followed.

    Args:
        path: The file.
        content: All of it.

    Raises:
        OSError: It can't be written; nothing of it is left.
    """
    _make(path.parent)
    part = part_of(path)
    file = os.open(part, _NEW, 0o600)
    try:
        try:
            write_all(partial(os.write, file), content)
            os.fsync(file)  # STATE speaks of these rows next; and some disks are full only now
        finally:
            os.close(file)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
