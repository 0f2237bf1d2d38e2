"""Writes a page: whole or not there, its owner's alone, and never over a file that is no page."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_plugin.pages.environment import MARK

if TYPE_CHECKING:
    from pathlib import Path

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_LOOK: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


def write_page(path: Path, html: str, option: str = "--html") -> None:
    """Write a page; a page that an earlier command wrote is replaced, anything else refused.

    Args:
        path: The file.
        html: What `render` made.
        option: What named the path, for messages.

    Raises:
        SettingsError: It can't be written, or something else is there.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        _refuse_other(path, option)
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        with os.fdopen(os.open(part, _NEW, 0o600), "w", encoding="utf-8", newline="\n") as file:
            file.write(html)
        part.replace(path)
    except (OSError, ValueError) as error:  # a path with U+0000 is a ValueError
        with contextlib.suppress(OSError, ValueError):
            part.unlink()
        said = error.strerror if isinstance(error, OSError) else "it has no such name"
        raise SettingsError(
            f"The page '{path}' can't be written: {said}",
            f"Give {option} a file in a folder where this user may write",
        ) from None


def _refuse_other(path: Path, option: str) -> None:
    """Refuse to replace what is no page of ours.

    Raises:
        SettingsError: A folder, a link, or a file that begins otherwise is there.
        OSError: It can't be read.
    """
    if not os.path.lexists(path):
        return
    is_ours = False
    if stat.S_ISREG(path.lstat().st_mode):
        number = os.open(path, _LOOK)
        try:
            begins = os.read(number, len(MARK))
        finally:
            os.close(number)
        is_ours = not begins or begins == MARK.encode()
    if not is_ours:
        raise SettingsError(
            f"'{path}' is there already, and is no page that this command wrote",
            f"Give {option} another name, or take that file away first",
        )
