"""The engine behind a journal's URL, SQLite or PostgreSQL, and its errors to read."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from chakra_api.errors import JournalError, SettingsError
from target_chakra.storage.journal_url import ANOTHER_JOURNAL, masked, parse_url, shown
from target_chakra.storage.read_only import copied_reader, is_read_only
from target_chakra.storage.schema import enter_schema
from target_chakra.storage.sqlite_file import OWN_FILE, place_file, seen_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

READS: Final = "chakra_reads"
"""Execution option of connections that only read."""
WRITES: Final = "chakra_writes"
"""Execution option of connections that write from their beginning, where others only read."""
_ANY_STEP: Final = (
    "Nothing that it does not know was sent. Make room or repair the database, then run it again to"
    " go on"
)
LOOK_AGAIN: Final = (
    "Nothing was changed. See that the database is up and can be reached, then type it again"
)
"""The next step of a command that reads the journal, or takes its user's word into it."""
_NEXT_STEPS: Final = {
    "3F000": "Have an owner of the database make the schema that the URL names: CREATE SCHEMA ..."
    " AUTHORIZATION ...",
    "42501": "Have its owner run: GRANT USAGE, CREATE ON SCHEMA ... TO ...; GRANT ALL ON ALL"
    " TABLES IN SCHEMA ... TO ...",
}
"""By PostgreSQL's code of what failed: no such schema, and no right."""
_BAD_OPTION: Final = re.compile(
    r"bad value for \w|invalid (?:integer value|port number|\w+ value:)|is not supported by libpq"
)
"""What the driver says, before it asks a server, of an option that means nothing."""
_NO_DATABASE: Final = "file is not a database"
_MENDED: Final = "Correct it, or leave it out for the default place"


def open_engine(url: str, *, reads: bool = False) -> sa.Engine:
    """The engine behind a journal's URL; the file is readable by its owner only.

    Args:
        url: SQLAlchemy URL.
        reads: Whether the journal must exist already, and a run may be writing it.

    Raises:
        SettingsError: The URL names no database that the journal works on.
        JournalError: Its folder can't be made, or the database can't be opened.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(parsed)
    return _seen(parsed) if reads else _written(parsed)


def _written(url: sa.URL) -> sa.Engine:
    path = place_file(Path(url.database or ""))
    return _sqlite(url.set(database=str(path)), _begin)


def _seen(url: sa.URL) -> sa.Engine:
    path = seen_file(Path(url.database or ""))
    url = url.set(database=str(path))
    if is_read_only(path):
        return _sqlite(url, _begin_reading, copied_reader(path))
    return _sqlite(url, _begin_reading)


def beside(engine: sa.Engine) -> sa.Engine:
    """The engine that other threads than a journal's own write with.

    In SQLite each connection is a thread's own, and the pool of `engine` is for one thread; here
    each transaction opens one, and never makes a file.
    """
    if engine.dialect.name != "sqlite":
        return engine
    place = Path(str(engine.url.database)).absolute().as_uri()
    opened = partial(sqlite3.connect, f"{place}?mode=rw", uri=True)
    return _sqlite(engine.url, _begin, opened, sa.pool.NullPool)


def _sqlite(
    url: sa.URL,
    begin: Callable[[sa.Connection], None],
    creator: Callable[[], sqlite3.Connection] | None = None,
    pool: type[sa.pool.Pool] = sa.pool.SingletonThreadPool,
) -> sa.Engine:
    more = {} if creator is None else {"creator": creator}
    with _as_settings(url):
        engine = sa.create_engine(url, poolclass=pool, **more)
        engine.dialect.create_connect_args(url)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", begin)
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
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres(url: sa.URL) -> sa.Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    with _as_settings(url):
        try:
            engine = sa.create_engine(url, pool_pre_ping=True)
            _, options = engine.dialect.create_connect_args(url)
            _check_options(url, options)
        except ModuleNotFoundError:
            raise SettingsError(
                "The driver for a journal in PostgreSQL is not installed",
                "Install it with: pip install 'chakra-connectors[postgres]'",
            ) from None
    sa.event.listen(engine, "connect", enter_schema)
    return engine


def _check_options(url: sa.URL, options: Mapping[str, Any]) -> None:
    """Have the driver look at what it is to connect with.

    Raises:
        ValueError: It does not know one.
    """
    if url.get_driver_name() != "psycopg":
        return
    import psycopg  # noqa: PLC0415 - there only with an extra

    context = {"context", "autocommit", "prepare_threshold", "row_factory", "cursor_factory"}
    try:
        psycopg.conninfo.make_conninfo(**{k: v for k, v in options.items() if k not in context})
    except psycopg.Error as error:
        raise ValueError(str(error)) from None


@contextlib.contextmanager
def _as_settings(url: sa.URL) -> Iterator[None]:
    """Turn what SQLAlchemy and a driver say of a URL into an error of the setting."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, ValueError, TypeError) as error:
        raise SettingsError(
            f"The setting journal does not fit: {masked(_first_line(error), url)}",
            _MENDED,
        ) from None


@contextlib.contextmanager
def spoken(url: sa.URL, next_step: str = _ANY_STEP) -> Iterator[None]:
    """Turn the database's own errors into ones that say what to do.

    Args:
        url: Of the journal.
        next_step: What to do where the error itself does not say.

    Raises:
        SettingsError: An option of the URL means nothing to the driver.
        JournalError: The database failed: locked, full, damaged, unreachable.
    """
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error, UnicodeDecodeError) as error:
        # SQLite quotes a damaged table's definition, which need not be text, in its message.
        cause = masked(_first_line(getattr(error, "orig", None) or error), url)
        state = str(getattr(getattr(error, "orig", None), "sqlstate", ""))
        if state in {"", "None"} and _BAD_OPTION.search(cause):
            raise SettingsError(f"The setting journal does not fit: {cause}", _MENDED) from None
        step = OWN_FILE if cause == _NO_DATABASE else _NEXT_STEPS.get(state, next_step)
        raise JournalError(f"The journal '{shown(url)}' failed: {cause}", step) from None


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


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
            f"The journal '{shown(url)}' is damaged: it holds what no version of this"
            f" connector wrote ({error})",
            "Restore it from a copy. Without one, wait until no job of an earlier run is under way,"
            f" and set journal to another place: {ANOTHER_JOURNAL}",
        ) from error
