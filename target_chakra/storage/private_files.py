"""Folders and files that hold rows: their owner's alone, and never another file in disguise.

Modes are given where a thing is made, whatever the umask is, and looked at on what is open: a name
may mean another file a moment later.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

OWNER_ONLY: Final = 0o600
FOLDER_OWNER_ONLY: Final = 0o700
OTHERS: Final = 0o077
"""What a mode grants to anybody but the owner."""
_NOT_FOLLOWED: Final = getattr(os, "O_NOFOLLOW", 0)


def make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it that are missing; those made, the deepest first.

    Raises:
        OSError: It can't be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    if dangling := next((each for each in missing if each.is_symlink()), None):
        raise OSError(errno.ENOENT, f"'{dangling}' is a link to what is not there")
    for each in reversed(missing):
        each.mkdir(mode=FOLDER_OWNER_ONLY, exist_ok=True)
    return missing


def make_file(path: Path) -> bool:
    """Make an empty file; False if there is one already, or a link.

    Raises:
        OSError: It can't be made.
    """
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | _NOT_FOLLOWED, OWNER_ONLY)
    except FileExistsError:
        return False
    os.close(number)
    return True


def open_file(path: Path, flags: int) -> int:
    """Open a file, made if it is missing, that is no link; its number.

    Raises:
        OSError: It can't be opened; ELOOP for a link.
    """
    return os.open(path, flags | os.O_CREAT | _NOT_FOLLOWED, OWNER_ONLY)


def strange(found: os.stat_result) -> str | None:
    """Why rows are not written to a file that is there; None if nothing speaks against it."""
    if not stat.S_ISREG(found.st_mode):
        return "is no regular file"
    if found.st_uid != os.geteuid():
        return "belongs to another user"
    if found.st_mode & OTHERS:
        return f"can be read or written by others (mode {stat.S_IMODE(found.st_mode):04o})"
    return None


def is_trusted_link(path: Path) -> bool:
    """Whether a symbolic link is its user's: where everybody may put one, only the user's own."""
    link, folder = path.lstat(), path.absolute().parent.stat()
    return not folder.st_mode & stat.S_IWOTH or link.st_uid in (os.geteuid(), folder.st_uid)


def tighten(path: Path, begins: bytes) -> bool:
    """Take a file of ours from others; False if it does not begin as one of ours does.

    Args:
        path: A file that is there.
        begins: Its first bytes, unless it is empty.

    Raises:
        OSError: It can't be read, or is a link.
    """
    number = os.open(path, os.O_RDONLY | _NOT_FOLLOWED)
    try:
        found = os.fstat(number)
        held = os.pread(number, len(begins), 0)
        if not stat.S_ISREG(found.st_mode) or (held and held != begins):
            return False
        if found.st_uid == os.geteuid() and found.st_mode & OTHERS:
            os.fchmod(number, OWNER_ONLY)
        return True
    finally:
        os.close(number)
