"""The journal's database, SQLite or PostgreSQL: engine, transactions, lock, errors to read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from chakra_api.errors import JournalError, SettingsError
from target_chakra.journal.tables import encoded, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")
READS: Final = "chakra_reads"
"""Execution option of connections that only read."""
CHUNK: Final = 500
"""Parameters of one IN list, well under any database's limit."""
OWNER_ONLY: Final = 0o600
FOLDER_OWNER_ONLY: Final = 0o700


def open_engine(url: str, *, reads: bool = False) -> sa.Engine:
    """The engine behind a journal's URL; the file is readable by its owner only.

    Args:
        url: SQLAlchemy URL.
        reads: Whether the journal must exist already, and a run may be writing it.

    Raises:
        SettingsError: The URL names no database that the journal works on.
        JournalError: Its folder can't be made, or the database can't be opened.
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise SettingsError(
            "The setting journal is not an SQLAlchemy URL",
            "Write it as sqlite:///path/journal.db or postgresql://user:password@host/database",
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed, reads=reads)
    if backend == "postgresql":
        return _postgres(parsed)
    raise SettingsError(
        f"The journal can't be kept in {backend}", "Use a sqlite:/// or a postgresql:// URL"
    )


def _sqlite(url: sa.URL, *, reads: bool) -> sa.Engine:
    path = Path(url.database or "")
    if not url.database or url.database == ":memory:":
        raise SettingsError(
            "The setting journal names no file", "Write it as sqlite:///path/journal.db"
        )
    if reads and not path.exists():
        raise SettingsError(
            f"There is no journal at '{path}'",
            "Run the target first, or set journal to where it was kept",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_OWNER_ONLY)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
        path.chmod(OWNER_ONLY)
    except OSError as error:
        raise JournalError(
            f"The journal '{path}' can't be written: {error.strerror}",
            "Set journal to a place where this user may write",
        ) from None
    engine = sa.create_engine(url, poolclass=sa.pool.SingletonThreadPool)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin_reading if reads else _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # SQLAlchemy says when a transaction begins, not the driver.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # A look into the journal between two writes of the same thread needs no transaction.
    if not connection.get_execution_options().get(READS):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _postgres(url: sa.URL) -> sa.Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        return sa.create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise SettingsError(
            "The driver for a journal in PostgreSQL is not installed",
            "Install it with: pip install 'chakra-connectors[postgres]'",
        ) from None


@contextlib.contextmanager
def spoken(url: sa.URL) -> Iterator[None]:
    """Turn the database's own errors into ones that say what to do.

    Raises:
        JournalError: The database failed: locked, full, damaged, unreachable.
    """
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error, UnicodeDecodeError) as error:
        # SQLite quotes a damaged table's definition, which need not be text, in its message.
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise JournalError(
            f"The journal '{url.render_as_string()}' failed: {cause}",
            "Nothing that it does not know was sent. Make room or mend the database, then run"
            " it again to go on",
        ) from None


@contextlib.contextmanager
def legible(url: sa.URL) -> Iterator[None]:
    """Turn errors about what was read from a journal into ones that say so.

    A database does not notice when what it keeps is damaged without its own form being touched.

    Raises:
        JournalError: It holds what no version of this connector wrote.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise JournalError(
            f"The journal '{url.render_as_string()}' is damaged: it holds what no version of this"
            f" connector wrote ({error})",
            "Restore it from a copy; without one, set journal to another place, and see that no"
            " job of an earlier run is under way",
        ) from error


def upsert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    """Insert rows, or replace those of the same primary key."""
    sql, order = _upsert_of(connection.dialect, table)
    # Past SQLAlchemy's handling of single values, which costs more than the insert itself.
    by_place = [tuple(map(_cell, map(row.__getitem__, order))) for row in rows] if order else []
    connection.exec_driver_sql(sql, by_place or _named(rows))


def _cell(value: object) -> object:
    return encoded(value) if type(value) is str else value


def _named(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: _cell(value) for name, value in row.items()} for row in rows]


@lru_cache(maxsize=8)
def _upsert_of(dialect: sa.Dialect, table: sa.Table) -> tuple[str, tuple[str, ...]]:
    """The statement, and the order of its values where the driver takes them by place."""
    insert = (sqlite if dialect.name == "sqlite" else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: insert.excluded[c.name] for c in table.c if c.name not in keys}
    compiled = insert.on_conflict_do_update(index_elements=keys, set_=rest).compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ()) if compiled.positional else ()


class JournalLock:
    """Holds a journal for one run; the system lets go of it however the run ends.

    Args:
        engine: The journal's engine.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._file: sqlite3.Connection | None = None
        self._session: sa.Connection | None = None

    def acquire(self) -> bool:
        """Take the lock; False if another run holds it."""
        if self._engine.dialect.name == "sqlite":
            return self._lock_file()
        return self._lock_session()

    def _lock_file(self) -> bool:
        path = Path(f"{self._engine.url.database}.lock")
        connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        path.chmod(OWNER_ONLY)
        try:
            # Held by an open transaction of a database of its own, so that readers of the
            # journal are never in its way.
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            connection.close()
            return False
        self._file = connection
        return True

    def _lock_session(self) -> bool:
        session = self._engine.connect()
        schema = str(session.execute(sa.text("SELECT current_schema()")).scalar())
        number = int.from_bytes(hashlib.sha256(schema.encode()).digest()[:8], "big", signed=True)
        taken = session.execute(sa.text("SELECT pg_try_advisory_lock(:n)"), {"n": number}).scalar()
        if not taken:
            session.close()
            return False
        self._session = session
        return True

    def release(self) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()
        if self._session is not None:
            # Its pool would keep the session, and the lock with it.
            self._session.detach()
            self._session.close()
        self._file = self._session = None


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
        try:
            with self.writing() as connection:
                migrate(connection)
        except JournalError:
            self.engine.dispose()
            raise

    @property
    def url(self) -> sa.URL:
        """Where it is, for messages."""
        return self.engine.url

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction: on disk when it ends, or undone if anything is raised in it."""
        with spoken(self.url):
            if self._draft is not None:
                with self._draft.begin_nested():
                    yield self._draft
                return
            with self.engine.begin() as connection:
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

    def close(self) -> None:
        """Let go of the database and of its lock."""
        with contextlib.suppress(JournalError):
            self.end_draft()
        self.engine.dispose()
        self._lock.release()


def chunks(values: Sequence[T]) -> Iterator[list[T]]:
    """Values in portions that one IN list may hold."""
    for start in range(0, len(values), CHUNK):
        yield list(values[start : start + CHUNK])
