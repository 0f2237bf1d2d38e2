"""Rows that their source repeats before it repeats the delete that ended their process.

After a crash a source repeats its rows from the last STATE on: also those that were written before
their process was deleted, by the delete that comes again behind them. Planned as they come, they
would make it a second time. So a row of such a process waits for the delete to come again, which
takes its place. If none does, it is a row like any other once the input ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_chakra.changes import Key, text_key

if TYPE_CHECKING:
    from target_chakra.changes import Change
    from target_chakra.journal.journal import Journal
    from target_chakra.planning.lanes import Lanes


class ReplayedDeletes:
    """The processes that earlier runs deleted since the last STATE.

    Args:
        journal: Where they are remembered.
        lanes: Where their rows wait.
    """

    def __init__(self, journal: Journal, lanes: Lanes) -> None:
        self._journal = journal
        self._lanes = lanes
        self._numbers: dict[Key, int] = {}
        self._came: set[Key] = set()

    def recall(self) -> None:
        """Take in what earlier runs left."""
        self._numbers = self._journal.graves()

    def hold(self, change: Change) -> bool:
        """Put a row of such a process back into its lane; whether it is one."""
        key = change.key
        if key is None or change.deletes:
            return False
        if text_key(key) in self._came:
            return self._lanes.join(key, change)
        if text_key(key) not in self._numbers:
            return False
        self._lanes.defer(key, change, until=_until(key))
        return True

    def came(self, change: Change) -> None:
        """A change came in; if it is the delete, what waits for it ends with it."""
        if not self._numbers or change.key is None or not change.deletes:
            return
        number = self._numbers.pop(text_key(change.key), None)
        if number is not None:
            self._came.add(text_key(change.key))
            self._journal.come_again(number, change.row_number)
            self._lanes.unblock(_until(change.key))

    def leave(self) -> None:
        """No delete is waited for any longer."""
        for key in self._lanes.blocking(DELETED):
            self._lanes.unblock(key)
        self._numbers.clear()


DELETED = "(deleted)"
"""Stands for the attribute in the name that waiting rows wait for."""


def _until(key: Key) -> Key:
    return Key(key.procedure, DELETED, f"{key.attribute}={key.value}")
