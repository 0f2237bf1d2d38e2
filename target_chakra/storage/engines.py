"""The engine behind a journal's URL, SQLite or PostgreSQL, and its errors to read."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from chakra_api.errors import JournalError, SettingsError
from target_chakra.storage.place import FOLDER
from target_chakra.storage.schema import enter_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

READS: Final = "chakra_reads"
"""Execution option of connections that only read."""
WRITES: Final = "chakra_writes"
"""Execution option of connections that write from their beginning, where others only read."""
_ANY_STEP: Final = (
    "Nothing that it does not know was sent. Make room or mend the database, then run it again to"
    " go on"
)
_NEXT_STEPS: Final = {
    "3F000": "Have an owner of the database make the schema that the URL names: CREATE SCHEMA ..."
    " AUTHORIZATION ...",
    "42501": "Have its owner run: GRANT USAGE, CREATE ON SCHEMA ... TO ...; GRANT ALL ON ALL"
    " TABLES IN SCHEMA ... TO ...",
}
"""By PostgreSQL's code of what failed: no such schema, and no right."""
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
        _make_folder(path.parent)
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


def _make_folder(folder: Path) -> None:
    """Make the folder of a journal; one of our own name is none of version control's business."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_OWNER_ONLY)
    if made and FOLDER in folder.parts:
        ours = next((each for each in reversed(made) if FOLDER in each.parts), folder)
        ignored = ours / ".gitignore"
        ignored.write_text("*\n")
        ignored.chmod(OWNER_ONLY)


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
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres(url: sa.URL) -> sa.Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        engine = sa.create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise SettingsError(
            "The driver for a journal in PostgreSQL is not installed",
            "Install it with: pip install 'chakra-connectors[postgres]'",
        ) from None
    sa.event.listen(engine, "connect", enter_schema)
    return engine


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
        state = str(getattr(getattr(error, "orig", None), "sqlstate", ""))
        raise JournalError(
            f"The journal '{url.render_as_string()}' failed: {cause}",
            _NEXT_STEPS.get(state, _ANY_STEP),
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
