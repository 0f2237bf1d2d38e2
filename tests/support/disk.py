"""The disk of a simulated process: what a crash leaves of its files, also of a torn last write.

The database is a real SQLite file in WAL mode. A commit appends frames to the WAL, and only the
last of them makes them count; so a write that was torn is a WAL that ends before or in that frame,
and SQLite's own recovery must find the journal as it was before.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chakra_api.errors import JournalError
from target_chakra.books.rejects_file import RejectsFile, reject_line
from target_chakra.journal.database import Database
from target_chakra.journal.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import sqlalchemy as sa

    from target_chakra.changes import Reject
    from tests.support.turns import Turns

FILES = ("journal.db", "journal.db-wal", "rejects.jsonl")
WAL_HEADER, FRAME = 32, 24 + 4096
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one
_SHARED: dict[str, Any] = {}

Files = dict[str, bytes]


class Disk:
    """The folder of a process, and of the one that follows it.

    Args:
        files: What is there already; None for nothing.
    """

    def __init__(self, files: Files | None = None) -> None:
        place = IN_MEMORY if IN_MEMORY.is_dir() else None
        self._root = tempfile.TemporaryDirectory(prefix="chakra-faults-", dir=place)
        self._number = 0
        self._left: Files | None = files
        self.folder = Path(self._root.name) / "0"
        self.folder.mkdir()

    @property
    def journal(self) -> str:
        return f"sqlite:///{self.folder}/journal.db"

    def read(self) -> Files:
        """The files as they are."""
        paths = [self.folder / name for name in FILES]
        return {path.name: path.read_bytes() for path in paths if path.exists()}

    def wal(self) -> tuple[int, int]:
        """Changes with every commit that writes."""
        path = self.folder / "journal.db-wal"
        if not path.exists() or not path.stat().st_size:
            return 0, 0
        return path.stat().st_size, path.stat().st_mtime_ns

    def leave(self, files: Files | None = None) -> None:
        """What the process that dies now leaves: the files as they are, or others."""
        self._left = self.read() if files is None else files

    def leave_if_unsaid(self) -> None:
        """Where nothing else was said, a death leaves the files as they are."""
        if self._left is None:
            self.leave()

    def follow(self) -> None:
        """The next process begins; it finds what the last one left."""
        if self._left is None:
            return
        self._number += 1
        self.folder = self.folder.parent / str(self._number)
        self.folder.mkdir()
        for name, body in self._left.items():
            path = self.folder / name
            path.touch(mode=0o600)  # as the process that died had made it
            path.write_bytes(body)
        self._left = None

    def close(self) -> None:
        self._root.cleanup()


def empty_journal() -> Files:
    """The files of a journal that was opened once and holds nothing."""
    disk = Disk()
    Journal(disk.journal).close()
    files = disk.read()
    disk.close()
    return files


def torn(before: Files, after: Files, *, in_frame: bool) -> Files:
    """The files of a commit of which the last frame, or a part of it, never came to the disk."""
    wal = "journal.db-wal"
    old, new = before.get(wal, b""), after[wal]
    differing = [
        at for at in range(WAL_HEADER, len(new), FRAME) if _frame(old, at) != _frame(new, at)
    ]
    if not differing:
        return before
    cut = differing[-1] + (FRAME // 2 if in_frame else 0)
    return {**before, wal: new[:cut] + old[cut:]}


def _frame(body: bytes, at: int) -> bytes:
    return body[at : at + FRAME]


class FaultyDatabase(Database):
    """A journal's database on a disk that fails as it is told to.

    Args:
        url: Its URL.
        disk: Where it is.
        turns: Ends the process.
        fault: Says which kind of fault hits a transaction, given its name.
        idle: Told of a transaction that had nothing to write.
    """

    def __init__(
        self,
        url: str,
        disk: Disk,
        turns: Turns,
        fault: Callable[[str], str | None],
        idle: Callable[[], None],
    ) -> None:
        self._disk = disk
        self._turns = turns
        self._fault = fault
        self._dead = False
        self._idle = idle
        super().__init__(url)
        self._share_statements()

    def _share_statements(self) -> None:
        """Compile each statement once for all cases, not once for each run of each."""
        engine: Any = self.engine
        shared = _SHARED.setdefault("engine", engine)
        engine.dialect, engine._compiled_cache = shared.dialect, shared._compiled_cache  # noqa: SLF001 - nothing else offers it

    @contextlib.contextmanager
    def writing(self, *, is_beside: bool = False) -> Iterator[sa.Connection]:
        if self._dead:
            raise _failed("database or disk is full")
        kind = self._fault(sys._getframe(2).f_code.co_name)  # noqa: SLF001 - the transaction's name
        if kind == "crash before":
            self._die(None)
        if kind == "disk full":
            self._dead = True
            raise _failed("database or disk is full")
        before = self._disk.read() if kind and kind.startswith("torn") else {}
        wal = self._disk.wal()
        with super().writing(is_beside=is_beside) as connection:
            yield connection
            if kind == "fsync error":
                raise sqlite3.OperationalError("disk I/O error")
        if kind is None and self._disk.wal() == wal:
            self._idle()
        if kind == "fsync error, yet on disk":
            # No later write goes through, or it would overwrite what was not told of.
            self._dead = True
            raise _failed("disk I/O error")
        if kind == "crash after":
            self._die(None)
        if kind is not None and kind.startswith("torn"):
            self._die(torn(before, self._disk.read(), in_frame=kind == "torn in a frame"))

    def _die(self, files: Files | None) -> None:
        self._disk.leave(files)
        self._turns.crash()


def _failed(cause: str) -> JournalError:
    return JournalError(f"The journal failed: {cause}", "Make room (simulated)")


class FaultyRejects(RejectsFile):
    """A rejects file on a disk that fails as it is told to."""

    def __init__(
        self, path: Path, disk: Disk, turns: Turns, fault: Callable[[str], str | None]
    ) -> None:
        super().__init__(path)
        self._disk = disk
        self._turns = turns
        self._fault = fault

    def write(self, rejects: Iterable[Reject]) -> None:
        rejects = list(rejects)
        kind = self._fault("rejects")
        if kind == "disk full":
            self._fill()
        if kind == "torn line":
            os.write(self._file, reject_line(rejects[0])[:20])
        elif kind != "crash before":
            super().write(rejects)
        if kind is not None and kind != "disk full":
            self._disk.leave()
            self._turns.crash()

    def _fill(self) -> None:
        """Every write fails from now on: this device is always full."""
        os.close(self._file)
        self._file = os.open("/dev/full", os.O_WRONLY)
