"""Who holds a journal: at most one run, and nobody once that has died."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.storage.private_files import OTHERS, make_file, tighten
from target_chakra.storage.schema import OLD, lock_number
from target_chakra.storage.sqlite_file import refuse_links_beside

LOOK_SECONDS: Final = 0.5
"""How long a run that begins waits for others to let go: who looks, or who has just died."""
_OPENING: Final = threading.Lock()
"""Closing a file lets go of all locks that its process has on it."""
_LOCKED: Final = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32 | objid::bigint) = :n
"""
"""Whether a number is locked, looked up without locking it."""
_STILL: Final = f"SELECT pg_backend_pid(), ({_LOCKED} AND pid = pg_backend_pid())"
_NEVER_IDLE: Final = """
    SELECT set_config(name, '0', false) FROM pg_settings
    WHERE name IN ('idle_session_timeout', 'idle_in_transaction_session_timeout')
"""
"""The lock's session waits as long as its run needs."""
_PATIENCE: Final = sa.text("SELECT set_config('lock_timeout', :patience, false)")
_NOT_AVAILABLE: Final = "55P03"
"""What PostgreSQL says when a lock could not be had in that time."""


class JournalLock:
    """Holds a journal for one run; the system lets go of it however the run ends.

    Safe for many threads once it is acquired.

    Args:
        engine: The journal's engine.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._file: sqlite3.Connection | None = None
        self._asked: sqlite3.Connection | None = None
        self._session: sa.Connection | None = None
        self._driven: Any = None
        self._backend = self._number = 0
        self._mutex = threading.Lock()

    def acquire(self) -> bool:
        """Take the lock, or have it already; False if another run holds it."""
        if self._file is not None or self._session is not None:
            return True
        if self._engine.dialect.name == "sqlite":
            return self._lock_file()
        return self._lock_session()

    def _lock_file(self) -> bool:
        journal = Path(str(self._engine.url.database))
        path = Path(f"{journal}.lock")
        refuse_links_beside(journal)
        with _OPENING:
            if not make_file(path) and path.stat().st_mode & OTHERS:
                tighten(path, b"")
            # Who only looks whether it is held (`is_held`) is through in a moment.
            connection = sqlite3.connect(
                path, isolation_level=None, timeout=LOOK_SECONDS, check_same_thread=False
            )
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
        # Without a transaction: one that idles in one is ended by many servers.
        session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            # Its pool would keep the session, and the lock with it.
            session.detach()
            session.execute(sa.text(_NEVER_IDLE))
            self._number = lock_number(str(session.scalar(sa.text("SELECT current_schema()"))))
            self._backend = self._ask_for_lock(session)
        except BaseException:
            session.close()
            raise
        if not self._backend:
            session.close()
            return False
        self._session = session
        self._driven = session.connection.driver_connection
        return True

    def _ask_for_lock(self, session: sa.Connection) -> int:
        """The server's process that took the lock; 0 if another run holds it."""
        # The server lets go for who has died once it has seen that, a moment later.
        session.execute(_PATIENCE, {"patience": f"{LOOK_SECONDS * 1000:.0f}ms"})
        question = sa.text("SELECT pg_backend_pid(), pg_advisory_lock(:n)")
        try:
            backend = session.execute(question, {"n": self._number}).one()[0]
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != _NOT_AVAILABLE:
                raise
            return 0
        session.execute(_PATIENCE, {"patience": "0"})
        return int(backend)

    def look(self, question: str) -> object:
        """Ask the database a question, beside all transactions; the lock is seen to be held.

        A lock whose session has ended is taken again: nobody else has it then.

        Raises:
            JournalError: Another run has it.
        """
        with self._mutex:
            if self._engine.dialect.name == "sqlite":
                return self._file_connection().execute(question).fetchone()[0]
            if not self._is_session_held():
                self._let_go()
                if not self._lock_session():
                    raise JournalError(
                        "The database ended the session that held the journal for this run, and"
                        " another run holds it now",
                        "Nothing was sent since. Wait until that run ends, then run this again",
                    )
            if self._session is None:
                raise JournalError("The journal is not held", "Run it again")
            return self._session.scalar(sa.text(question))

    def _file_connection(self) -> sqlite3.Connection:
        if self._asked is None:
            place = Path(str(self._engine.url.database)).absolute().as_uri()
            self._asked = sqlite3.connect(f"{place}?mode=ro", uri=True, check_same_thread=False)
            self._asked.execute("PRAGMA busy_timeout=10000")
        return self._asked

    def _is_session_held(self) -> bool:
        """Whether the session is there still, and holds the lock.

        Raises:
            JournalError: It is another: somebody between us hands sessions around.
        """
        if self._session is None:
            return False
        try:
            backend, held = self._session.execute(sa.text(_STILL), {"n": self._number}).one()
        except sa.exc.DBAPIError:
            return False
        if backend != self._backend:
            raise JournalError(
                "The journal's sessions are handed around, so that none can hold it for a run",
                "Connect to PostgreSQL itself, or through a pooler with pool_mode = session",
            )
        return bool(held)

    def _let_go(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            # SQLAlchemy forgets one that failed, and leaves it open.
            for each in (session, self._driven):
                with contextlib.suppress(Exception):
                    each.close()

    def release(self) -> None:
        """Let go of it; a database that is gone has done so already."""
        self.look_no_more()
        with self._mutex:
            if self._file is not None:
                self._file.close()
            self._file = None
            if self._session is not None:
                # Closing alone is seen by the server a moment later: the next run is refused.
                with contextlib.suppress(sa.exc.DBAPIError):
                    self._session.execute(
                        sa.text("SELECT pg_advisory_unlock(:n)"), {"n": self._number}
                    )
            self._let_go()

    def look_no_more(self) -> None:
        """Close what `look` has opened beside the lock."""
        with self._mutex:
            if self._asked is not None:
                self._asked.close()
            self._asked = None


def is_held(engine: sa.Engine) -> bool:
    """Whether a run holds the journal right now; looking is in nobody's way."""
    if engine.dialect.name == "sqlite":
        return _is_file_locked(Path(f"{engine.url.database}.lock"))
    with engine.connect() as connection:
        # Without a schema it was not moved yet, and a run of an earlier version may hold it.
        schema = connection.execute(sa.text("SELECT current_schema()")).scalar() or OLD
        return bool(connection.execute(sa.text(_LOCKED), {"n": lock_number(schema)}).scalar())


def _is_file_locked(path: Path) -> bool:
    if not path.exists():
        return False
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False
