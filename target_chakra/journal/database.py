"""The journal's database, as the one run that holds it reads and writes it."""

from __future__ import annotations

import contextlib
import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy.dialects import sqlite

from chakra_api.errors import JournalError
from target_chakra.journal_tables.migrations import (
    MIGRATIONS,
    SHAPES,
    is_older,
    migrate,
    version_of,
)
from target_chakra.storage.cells import encoded
from target_chakra.storage.engines import READS, beside, legible, open_engine, spoken
from target_chakra.storage.fence import Fence
from target_chakra.storage.lock import JournalLock
from target_chakra.storage.schema import move_in
from target_chakra.storage.sqlite_file import FilePlace, keep_copy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql

T = TypeVar("T")
LOG: Final = logging.getLogger("target-chakra")
CHUNK: Final = 500
"""Parameters of one IN list, well under any database's limit."""


def upsert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    """Insert rows of the same columns, or replace those of the same primary key."""
    sql, order = _upsert_of(connection.dialect, table, tuple(rows[0]))
    # Past SQLAlchemy's handling of single values, which costs more than the insert itself.
    by_place = [_cells(map(row.__getitem__, order)) for row in rows] if order else []
    connection.exec_driver_sql(sql, by_place or _named(rows))


def _cells(values: Iterable[object]) -> tuple[object, ...]:
    return tuple([encoded(each) if type(each) is str else each for each in values])


def _named(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [dict(zip(row, _cells(row.values()), strict=True)) for row in rows]


@lru_cache(maxsize=16)
def _upsert_of(
    dialect: sa.Dialect, table: sa.Table, columns: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """The statement, and the order of its values where the driver takes them by place."""
    insert = insert_into(dialect, table)
    keys = [column.name for column in table.primary_key]
    rest = {
        c.name: insert.excluded[c.name] for c in table.c if c.name in columns and c.name not in keys
    }
    upsert = insert.on_conflict_do_update(index_elements=keys, set_=rest)
    compiled = upsert.compile(dialect=dialect, column_keys=list(columns))
    return str(compiled), tuple(compiled.positiontup or ()) if compiled.positional else ()


class Database:
    """The journal's database, as the one run that holds it reads and writes it.

    Args:
        url: SQLAlchemy URL.

    Raises:
        SettingsError: The URL names no database that the journal works on.
        JournalError: The database can't be used, or is of a newer version.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self._lock = JournalLock(self.engine)
        self._draft: sa.Connection | None = None
        self._fence: Fence | None = None
        try:
            with self.writing() as connection:
                move_in(connection, SHAPES)
                if is_older(connection) and version_of(connection):
                    self._prepare_migration(version_of(connection))
                migrate(connection)
        except JournalError:
            self.engine.dispose()
            self._lock.release()
            raise
        is_file = self.engine.dialect.name == "sqlite"
        place = FilePlace(Path(self.url.database or "")) if is_file else None
        self._fence = Fence(self.engine, self._lock, place)

    def _prepare_migration(self, version: int) -> None:
        """A journal of an earlier version is held, and kept as a copy, before it is changed.

        In PostgreSQL it is changed as a whole or not at all; a copy is its database's own affair.

        Raises:
            JournalError: A run holds it, or there is no room for a copy.
        """
        if not self._lock.acquire():
            raise JournalError(
                f"The journal has version {version}, and a run holds it: it can't be brought to"
                f" version {len(MIGRATIONS)} now",
                "Wait until that run ends, then run this one again",
            )
        if self.engine.dialect.name == "sqlite":
            kept = keep_copy(Path(self.url.database or ""), version)
            LOG.info(
                "The journal is brought from version %d to %d; as it was it is kept in '%s'",
                version, len(MIGRATIONS), kept,
            )  # fmt: skip

    @property
    def url(self) -> sa.URL:
        """Where it is, for messages."""
        return self.engine.url

    @contextlib.contextmanager
    def writing(self, *, is_beside: bool = False) -> Iterator[sa.Connection]:
        """One transaction: on disk when it ends, or undone if anything is raised in it.

        Args:
            is_beside: Whether another thread than the journal's own writes.
        """
        with spoken(self.url):
            if self._draft is not None:
                with self._draft.begin_nested():
                    yield self._draft
                return
            engine = beside(self.engine) if is_beside else self.engine
            with engine.begin() as connection:
                if self._fence is not None:
                    self._fence.check(connection)
                yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for queries; what they find and can't be read is called damaged."""
        with legible(self.url), spoken(self.url):
            if self._draft is not None:
                yield self._draft
                return
            with self.engine.connect() as connection:
                yield connection.execution_options(**{READS: True})

    def begin_draft(self) -> None:
        """From here on what is written is seen here alone, and is undone in the end.

        A dry run decides by what it would have stored: which rows of a mirror came, what is
        rejected already.
        """
        with spoken(self.url):
            self._draft = self.engine.connect()
            self._draft.begin()
            if self.engine.dialect.name == "postgresql":
                # It idles while rows are looked up.
                self._draft.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")

    def end_draft(self) -> None:
        """Undo what was written since `begin_draft`, if anything was."""
        draft, self._draft = self._draft, None
        if draft is not None:
            with spoken(self.url):
                draft.close()

    def lock(self) -> bool:
        """Hold the database for this run; False if another run holds it."""
        with spoken(self.url):
            return self._lock.acquire()

    def take(self, connection: sa.Connection, run: int) -> None:
        """From here on each transaction fails unless the journal is still this run's."""
        if self._fence is not None:
            self._fence.take(connection, run)

    def look(self) -> None:
        """Before a request leaves, on any thread: is the journal still this run's?

        Raises:
            JournalError: It is not, or it can't be seen.
        """
        if self._fence is not None:
            self._fence.look()

    def close(self) -> None:
        """Let go of the database and of its lock."""
        with contextlib.suppress(JournalError):
            self.end_draft()
        # The last connection that closes tidies up the log of a file; one that reads can't.
        self._lock.look_no_more()
        self.engine.dispose()
        self._lock.release()


def insert_into(dialect: sa.Dialect, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what is to become of rows that are there already."""
    if dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - slow to import, few need it

    return postgresql.insert(table)


def number_of(made: sa.CursorResult[tuple[object, ...]]) -> int:
    """The number that a row was given when it was inserted."""
    key = made.inserted_primary_key
    return int(key[0]) if key else 0


def chunks(values: Sequence[T]) -> Iterator[list[T]]:
    """Values in portions that one IN list may hold."""
    for start in range(0, len(values), CHUNK):
        yield list(values[start : start + CHUNK])
