"""Keeps the rows of both sides on disk, and gives each side back in the order of its ids.

So memory does not grow with the number of rows. It is a file without a name in the system's folder
for such files (`TMPDIR`), and is gone with the audit, however that ends.
"""

from __future__ import annotations

import sqlite3
from itertools import islice
from typing import TYPE_CHECKING, Final

from chakra_api.errors import MachineFault
from tap_chakra.audit.rows import RowPrint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

_AT_ONCE: Final = 5_000
_SIDES: Final = ("here", "there")
_COLUMNS: Final = "id, created, updated, prints, deleted, marked, stamp"
_KIBIBYTES: Final = 16 << 10
"""What SQLite holds in memory of the file, and sorts at a time."""


class Spool:
    """The rows of one audit, `here` and `there`."""

    def __init__(self) -> None:
        # A database without a name is a file that the system forgets with the process.
        self._database = sqlite3.connect("", isolation_level=None)
        run = self._database.execute
        run("PRAGMA journal_mode = OFF")
        run("PRAGMA synchronous = OFF")
        run("PRAGMA temp_store = FILE")
        run(f"PRAGMA cache_size = -{_KIBIBYTES}")
        for side in _SIDES:
            run(
                f"CREATE TABLE {side} (id BLOB, created INTEGER, updated INTEGER, prints BLOB,"
                " deleted INTEGER, marked INTEGER, stamp TEXT)"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._of("page_count") * self._of("page_size")

    def _of(self, name: str) -> int:
        (found,) = self._database.execute(f"PRAGMA {name}").fetchone()
        return int(found)

    def keep(self, side: str, rows: Iterable[RowPrint]) -> int:
        """Keep rows of a side; how many they were.

        Raises:
            MachineFault: The disk is full.
        """
        kept, ahead = 0, iter(rows)
        statement = f"INSERT INTO {side} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - one of two names of ours
        while some := [_stored(each) for each in islice(ahead, _AT_ONCE)]:
            try:
                self._database.execute("BEGIN")
                self._database.executemany(statement, some)
                self._database.execute("COMMIT")
            except sqlite3.Error as error:
                raise _said(error) from None
            kept += len(some)
        return kept

    def in_order(self, side: str) -> Iterator[RowPrint]:
        """All rows of a side by their ids; several of one id with the newest last.

        Raises:
            MachineFault: The disk is full.
        """
        query = f"SELECT {_COLUMNS} FROM {side} ORDER BY id, updated, stamp, rowid"  # noqa: S608 - one of two names of ours
        try:
            for name, created, updated, printed, *marks, stamp in self._database.execute(query):
                deleted, marked = map(bool, marks)
                key = name.decode(errors="surrogatepass")
                yield RowPrint(key, created, updated, printed, deleted, marked, stamp)
        except sqlite3.Error as error:
            raise _said(error) from None


def _stored(row: RowPrint) -> tuple[object, ...]:
    return (
        row.id.encode(errors="surrogatepass"),
        row.created,
        row.updated,
        row.prints,
        row.deleted,
        row.marked,
        row.stamp.encode(errors="replace").decode(),
    )


def _said(error: sqlite3.Error) -> MachineFault:
    return MachineFault(
        f"The rows of the audit can't be kept on disk: {error}",
        "Make room in the folder for such files, or set TMPDIR to another, then run it again",
    )
