"""The database behind an event store, SQLite or PostgreSQL: its tables, and how it is opened."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from chakra_api.errors import ChakraError, SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_api.redaction import mask_url

if TYPE_CHECKING:
    from collections.abc import Iterator

_METADATA: Final = sa.MetaData()
EVENTS: Final = sa.Table(
    "webhook_events",
    _METADATA,
    # AUTOINCREMENT: the number of an event that was cleared never comes again.
    sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("identity", sa.Text, nullable=False, unique=True),
    sa.Column("payload", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
STORES: Final = sa.Table(
    "webhook_store",
    _METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
)
"""One row: what tells this store from any other, and when it was last proven to take writes."""
NEW_EVENTS: Final = {
    "sqlite": sqlite.insert(EVENTS).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(EVENTS).on_conflict_do_nothing(),
}
"""By dialect: takes in events, but for those that are there."""
HIGHEST: Final = {
    "sqlite": sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'webhook_events'"),
    "postgresql": sa.text(
        "SELECT CASE WHEN is_called THEN last_value END FROM webhook_events_sequence_seq"
    ),
}
"""By dialect: the highest number that an event ever had."""
_ONE_WRITER: Final = sa.text("SELECT pg_advisory_xact_lock(7142335020930260)")
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000")


class EventStoreError(ChakraError):
    """The event store can't be used."""

    exit_code = ExitCode.SETTINGS


class NoEventStore(EventStoreError):
    """There is none: no listener has made it yet, or the setting names another place."""


def event_engine(place: str, *, makes: bool) -> sa.Engine:
    """The engine behind an event store's place.

    Args:
        place: The path of a file, or a URL of SQLAlchemy.
        makes: Whether a file is made that is missing; readable by its owner only.

    Raises:
        SettingsError: It names no database that events can be kept in.
        NoEventStore: There is no such file, and none is to be made.
        EventStoreError: The file can't be made.
    """
    if "://" not in place:
        return _sqlite(place, makes=makes)
    try:
        url = make_url(place)
        backend = url.get_backend_name()
    except (sa.exc.SQLAlchemyError, ValueError):
        raise _no_place(place) from None
    if backend == "sqlite" and url.database:
        return _sqlite(url.database, makes=makes)
    if backend == "postgresql":
        return _postgresql(url)
    raise _no_place(place)


def _no_place(place: str) -> SettingsError:
    return SettingsError(
        f"The setting webhook_store is {mask_url(place)}, which is no place for events",
        "Write it as a path, as events.db, or as postgresql://user:password@host/database",
    )


def _sqlite(place: str, *, makes: bool) -> sa.Engine:
    path = Path(place).expanduser().absolute()
    if makes:
        _make(path)
    elif not path.exists():
        raise NoEventStore(
            f"There is no event store '{path}'",
            "Start tap-chakra listen with the same webhook_store, or correct the setting",
        )
    opened = partial(sqlite3.connect, f"{path.as_uri()}?mode=rw", uri=True, check_same_thread=False)
    engine = sa.create_engine("sqlite://", creator=opened, poolclass=sa.pool.NullPool)
    sa.event.listen(engine, "connect", _prepare)
    return engine


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise EventStoreError(
            f"The event store '{path}' can't be made: {error.strerror}",
            "Set webhook_store to a file in a folder that can be written to",
        ) from None


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says when a transaction begins
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _postgresql(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ModuleNotFoundError:
        raise SettingsError(
            "The driver for an event store in PostgreSQL is not installed",
            "Install it with: pip install 'chakra-connectors[postgres]'",
        ) from None


@contextlib.contextmanager
def writing(connection: sa.Connection) -> Iterator[None]:
    """A transaction that writes, beside which no other one does.

    So the numbers of events rise in the order in which they are seen: who has read up to one has
    read all below it.

    Args:
        connection: Within no transaction.
    """
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(_ONE_WRITER)
        yield


def found_name(connection: sa.Connection) -> str:
    """The name of the store; empty where it has none yet. Writes nothing."""
    if not sa.inspect(connection).has_table(STORES.name):
        return ""
    return str(connection.execute(sa.select(STORES.c.name)).scalar() or "")


def make_tables(connection: sa.Connection) -> None:
    """Make the tables that are missing, in a transaction that writes."""
    _METADATA.create_all(connection)


@contextlib.contextmanager
def spoken(place: str) -> Iterator[None]:
    """Turn a database's own errors into ones that say what to do.

    Args:
        place: Of the store.

    Raises:
        EventStoreError: The database failed.
    """
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        first, *_ = str(getattr(error, "orig", None) or error).strip().splitlines() or ["failed"]
        raise EventStoreError(
            f"The event store '{mask_url(place)}' failed: {first}",
            "See that its database is up, whole, and has room",
        ) from None
