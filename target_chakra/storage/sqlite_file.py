"""The file of a journal in SQLite: made for its owner alone, resolved, and still where it was."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing, suppress
from itertools import chain, count
from pathlib import Path
from typing import Final

from chakra_api.errors import JournalError, SettingsError
from target_chakra.storage.place import FOLDER
from target_chakra.storage.private_files import (
    OWNER_ONLY,
    is_trusted_link,
    make_file,
    make_folder,
    tighten,
)

BESIDE: Final = ("-wal", "-shm", "-journal", ".lock")
"""Files beside a journal's: SQLite's own, and the lock."""
_BEGINS: Final = b"SQLite format 3\0"
OWN_FILE: Final = "Set journal to a file of its own; if it was the journal, restore it from a copy"
_ELSEWHERE: Final = "Set journal to a place where this user may write"


def place_file(path: Path) -> Path:
    """The file that a path of a journal means, made if there is none: links are resolved.

    Raises:
        JournalError: It can't be made or written, or is not what rows are written to.
    """
    try:
        is_link = path.is_symlink()
        if is_link:
            _refuse_strange_link(path)
        real = Path(os.path.realpath(path)) if is_link else path
        _make_folder(real.parent)
        refuse_links_beside(real)
        if not make_file(real):
            _check(real, may_tighten=not is_link)
    except OSError as error:
        raise JournalError(
            f"The journal '{path}' can't be written: {error.strerror}", _ELSEWHERE
        ) from None
    return real


def seen_file(path: Path) -> Path:
    """The file that a path of a journal means to who only looks.

    Raises:
        SettingsError: There is none.
        JournalError: What lies beside it is not its own.
    """
    if not path.exists():
        raise SettingsError(
            f"There is no journal at '{path}'",
            "Run the target first, or set journal to where it was kept",
        )
    real = Path(os.path.realpath(path)) if path.is_symlink() else path
    refuse_links_beside(real)
    return real


def _make_folder(folder: Path) -> None:
    """Make the folder of a journal; one of our own name is none of version control's business."""
    made = make_folder(folder)
    if made and FOLDER in folder.parts:
        ours = next((each for each in reversed(made) if FOLDER in each.parts), folder)
        ignored = ours / ".gitignore"
        if make_file(ignored):
            ignored.write_text("*\n")


def _refuse_strange_link(path: Path) -> None:
    if not is_trusted_link(path):
        raise JournalError(
            f"The journal '{path}' is a symbolic link of another user, in a folder where everybody"
            " may put one",
            "Remove it, or set journal to a folder of this user's own",
        )


def refuse_links_beside(path: Path) -> None:
    """What belongs to a journal lies beside it, and is no link.

    Raises:
        JournalError: Something is one.
    """
    for ending in BESIDE:
        beside = path.with_name(path.name + ending)
        if beside.is_symlink():
            raise JournalError(
                f"'{beside}' belongs to the journal, and is a symbolic link",
                "Remove the link; to keep a journal elsewhere, link its folder",
            )


def _check(path: Path, *, may_tighten: bool) -> None:
    """A file that was there before is written only if it is a journal, and this user's.

    Raises:
        JournalError: It is something else.
        OSError: It can't be written.
    """
    found = path.stat()
    why, step = "", _ELSEWHERE
    if not stat.S_ISREG(found.st_mode):
        why = "is no regular file"
    elif found.st_uid != os.geteuid() and os.geteuid() != 0:
        why = "belongs to another user"
    elif found.st_nlink > 1:
        why = "has a second name (a hard link), by which SQLite would keep a second log of it"
        step = "Remove the other name, or copy it and use the copy"
    if why:
        raise JournalError(f"The journal '{path}' {why}", step)
    if not os.access(path, os.W_OK):
        os.close(os.open(path, os.O_RDWR))  # raises what keeps it from being written
    is_open_to_others = found.st_mode & ~OWNER_ONLY & 0o777
    if may_tighten and is_open_to_others and not tighten(path, _BEGINS):
        raise JournalError(
            f"The journal '{path}' failed: file is not a database",
            OWN_FILE,
        )


def keep_copy(path: Path, version: int) -> Path:
    """Copy a journal, its log with it, beside itself before it is migrated; the copy.

    It has its name when it is whole, and replaces no earlier one.

    Raises:
        JournalError: There is no room, or it can't be written.
    """
    begun = path.with_name(f"{path.name}.v{version}.part")
    try:
        begun.unlink(missing_ok=True)
        make_file(begun)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(begun)) as copy:
            source.backup(copy)
        endings = chain([""], (f".{number}" for number in count(2)))
        names = (f"{path.name}.v{version}{ending}" for ending in endings)
        kept = next(each for each in map(path.with_name, names) if not os.path.lexists(each))
        return begun.rename(kept)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            begun.unlink(missing_ok=True)
        raise JournalError(
            f"The journal '{path}' can't be copied before it is brought to this version:"
            f" {getattr(error, 'strerror', None) or error}",
            "Make room beside it for a copy, then run it again; nothing was changed",
        ) from None


class FilePlace:
    """Where the file of a journal is, to notice that it is there no more.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._identity = self._now()

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def check(self) -> None:
        """See that it is still there.

        Raises:
            JournalError: It was removed, or another is in its place.
        """
        now = self._now()
        if now is None or now != self._identity:
            what = "removed" if now is None else "replaced by another"
            raise JournalError(
                f"The journal '{self._path}' was {what} while this run wrote to it",
                "Nothing was sent since that was seen. Put the file back as it was, with the files"
                " beside it, before the next run: it knows what is in flight. If it is gone for"
                " good, wait until no job of this run can be under way (job_timeout)",
            )
