"""Writes a small file of ours: whole or not there, and never over one that is not ours."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_LOOK: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_MOST: Final = 1 << 22
"""Bytes that are read of a file of ours."""


class NotOurs(OSError):
    """What is there was not written by us."""


def held_of_ours(path: Path, begins: str) -> str:
    """The text of a file that an earlier run wrote; empty if there is none, or an empty one.

    Args:
        path: The file.
        begins: How every file of ours begins.

    Raises:
        NotOurs: Something else is there.
        OSError: It can't be read.
    """
    if not os.path.lexists(path):
        return ""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise NotOurs("it is a folder, a link or a device")
    number = os.open(path, _LOOK)
    try:
        held = os.read(number, _MOST).decode("utf-8", "replace")
    finally:
        os.close(number)
    if held and not held.startswith(begins):
        raise NotOurs("it holds something else, which is left as it is")
    return held


def refuse_folder(folder: Path) -> None:
    """Look whether files can be made in a folder.

    Raises:
        OSError: It is not there, is none, or takes none.
    """
    if not stat.S_ISDIR(folder.stat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    as_who_runs = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=as_who_runs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def write_own(path: Path, text: str, mode: int) -> None:
    """Write a file under another name beside it, then give it its name.

    Raises:
        OSError: It can't be written; what was there is there still.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        number = os.open(part, _NEW, mode)
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            os.fchmod(number, mode)  # whatever the umask takes away
            file.write(text)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
