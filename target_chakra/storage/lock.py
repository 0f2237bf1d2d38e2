"""Who holds a journal: at most one run, and nobody once that has died."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from target_chakra.storage.engines import OWNER_ONLY
from target_chakra.storage.schema import OLD, lock_number

LOOK_SECONDS: Final = 0.5
"""How long a run that begins waits for others to let go of the lock of a file."""
_HELD: Final = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32 | objid::bigint) = :n
"""
"""Whether a number is locked, looked up without locking it."""


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
        # Who only looks whether it is held (`is_held`) is through in a moment.
        connection = sqlite3.connect(path, isolation_level=None, timeout=LOOK_SECONDS)
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
        number = lock_number(schema)
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


def is_held(engine: sa.Engine) -> bool:
    """Whether a run holds the journal right now; looking is in nobody's way."""
    if engine.dialect.name == "sqlite":
        return _is_file_locked(Path(f"{engine.url.database}.lock"))
    with engine.connect() as connection:
        # Without a schema it was not moved yet, and a run of an earlier version may hold it.
        schema = connection.execute(sa.text("SELECT current_schema()")).scalar() or OLD
        return bool(connection.execute(sa.text(_HELD), {"n": lock_number(schema)}).scalar())


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
