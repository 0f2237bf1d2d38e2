"""The table `fence`, by which a run sees that the journal is still its own.

A lock can be lost without a sign: its session is ended, its file deleted, one journal found by two
paths. So whoever takes a journal writes its run's number there, each transaction of a run conflicts
with that and fails once another number stands there, and no request that writes leaves without a
look at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.storage.engines import spoken

if TYPE_CHECKING:
    from target_chakra.storage.lock import JournalLock
    from target_chakra.storage.sqlite_file import FilePlace

_NUMBER: Final = "SELECT number FROM fence"
_TAKE: Final = sa.text("UPDATE fence SET number = :run WHERE number < :run")


class Fence:
    """Keeps a run from a journal that is not its own any more.

    Args:
        engine: The journal's engine.
        lock: The run's lock.
        place: Where its file is; None where it is in a server.
    """

    def __init__(self, engine: sa.Engine, lock: JournalLock, place: FilePlace | None) -> None:
        self._url = engine.url
        self._lock = lock
        self._place = place
        # Shared: two transactions of a run go side by side, and none beside that of a taker.
        shared = " FOR SHARE" if engine.dialect.name == "postgresql" else ""
        self._question = f"{_NUMBER}{shared}"
        self._mine: int | None = None

    def take(self, connection: sa.Connection, run: int) -> None:
        """From here on the journal is of this run, and of no earlier one.

        Raises:
            JournalError: A later run has taken it meanwhile.
        """
        if connection.execute(_TAKE, {"run": run}).rowcount != 1:
            raise _taken(connection.exec_driver_sql(_NUMBER).scalar())
        self._mine = run

    def check(self, connection: sa.Connection) -> None:
        """In a transaction that writes: the journal is this run's until the transaction ends.

        Raises:
            JournalError: It is not.
        """
        if self._mine is not None:
            if self._place is not None:
                self._place.check()
            self._compare(connection.exec_driver_sql(self._question).scalar())

    def look(self) -> None:
        """Before a request leaves, on any thread: the journal is this run's right now.

        Raises:
            JournalError: It is not.
        """
        if self._mine is None:
            return
        if self._place is not None:
            self._place.check()
        with spoken(self._url):
            self._compare(self._lock.look(_NUMBER))

    def _compare(self, number: object) -> None:
        if number != self._mine:
            raise _taken(number)


def _taken(number: object) -> JournalError:
    return JournalError(
        f"Another run has taken the journal meanwhile (run {number})",
        "This one sent nothing since, and leaves to it what is in flight. Wait until it ends, then"
        " run this again; and see that one run at a time uses a journal, by one path",
    )
