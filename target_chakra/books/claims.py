"""What a row says of processes that mirrors own, by what became of it.

A process is present for every mirror whose stream owns it, whichever stream brings it: rows move
from one stream to another. Streams of procedures that no mirror owns anything of say nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_chakra.changes import Mode
from target_chakra.journal.records import Claim, Owned
from target_chakra.lifecycle import Outcome
from target_chakra.mapping.destination_names import DELETED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_chakra.changes import Change, Key

    Stored = Callable[[Key], Key]
    Owners = Mapping[str, frozenset[str]]

_CLAIMS: Final[Mapping[Outcome, Claim]] = {
    Outcome.CREATED: Claim.WRITTEN,
    Outcome.MERGED: Claim.WRITTEN,
    Outcome.UPDATED: Claim.WRITTEN,
    Outcome.UNCHANGED: Claim.FOUND,
    Outcome.UNKNOWN: Claim.SENT,
}
_NOBODY: Final[frozenset[str]] = frozenset()


class Claims:
    """What the rows of a run say of the processes that mirrors own.

    Args:
        owners: The streams that own processes, by procedure; asked for with the first row.
        stored: A key as ChakraHQ stores it, as far as that is known.
    """

    def __init__(self, owners: Callable[[], Owners], stored: Stored) -> None:
        self._ask = owners
        self._stored = stored
        self._owners: dict[str, frozenset[str]] | None = None

    def _owners_of(self, procedure: str) -> frozenset[str]:
        if self._owners is None:
            self._owners = dict(self._ask())
        return self._owners.get(procedure, _NOBODY)

    def _note_owner(self, stream: str, procedure: str) -> None:
        owners = self._owners_of(procedure)
        if self._owners is not None and stream not in owners:
            self._owners[procedure] = owners | {stream}

    def concern(self, change: Change) -> bool:
        """Whether a row of a mirror, or of a procedure that mirrors own processes of."""
        return change.mode is Mode.MIRROR or bool(self._owners_of(change.procedure))

    def came(self, change: Change) -> tuple[Owned, ...]:
        """That a row came, whatever becomes of it.

        Args:
            change: What the row asks for, or was to ask for.
        """
        return self._present(change, None, self._owners_of(change.procedure))

    def of(self, change: Change, outcome: Outcome, process_id: str | None) -> tuple[Owned, ...]:
        """What follows from an outcome.

        Args:
            change: What was asked for, by a row or by the end of a mirror.
            outcome: What became of it.
            process_id: The process, as far as it is known.
        """
        if change.key is None or not self.concern(change):
            return ()
        if change.deletes:
            return self._of_delete(change, outcome, process_id)
        own: tuple[Owned, ...] = ()
        claim = _CLAIMS.get(outcome) if change.mode is Mode.MIRROR else None
        if claim is not None:
            own = self._named(change.stream, change.key, claim, process_id)
            if claim is not Claim.FOUND:
                self._note_owner(change.stream, change.procedure)
        others = self._owners_of(change.procedure) - {change.stream if own else ""}
        return (*own, *self._present(change, process_id, others))

    def of_undo(
        self, change: Change, outcome: Outcome, process_id: str | None
    ) -> tuple[Owned, ...]:
        """What follows from a change that takes a run back, by the keys that the run wrote by.

        What a mirror deleted and came back is its own again; what it created and is deleted is
        nobody's.
        """
        keys, stream = change.undoes or (), change.stream
        if not self.concern(change):
            return ()
        if change.deletes:
            own = [o for key in keys for o in self._named(stream, key, Claim.GONE, process_id)]
            return (*own, *self._of_delete(change, outcome, process_id))
        came_back = change.fields.get(DELETED) is False and outcome is Outcome.UPDATED
        if not came_back or change.mode is not Mode.MIRROR:
            return ()
        self._note_owner(stream, change.procedure)
        return tuple(o for key in keys for o in self._named(stream, key, Claim.WRITTEN, process_id))

    def _of_delete(
        self, change: Change, outcome: Outcome, process_id: str | None
    ) -> tuple[Owned, ...]:
        """Of a delete: what is not shown may be hidden, and is no proof that it is gone."""
        found_dead = outcome is Outcome.UNCHANGED and process_id
        key = change.key
        if key is None or not (outcome is Outcome.DELETED or found_dead):
            return ()
        gone: list[Owned] = []
        if change.mode is Mode.MIRROR:
            gone += self._named(change.stream, key, Claim.GONE, process_id)
        own = {change.stream} if gone else set[str]()
        for owner in sorted(self._owners_of(change.procedure) - own):
            gone += self._named(owner, key, Claim.GONE_BY_OTHERS, process_id)
        return tuple(gone)

    def _present(
        self, change: Change, process_id: str | None, owners: frozenset[str]
    ) -> tuple[Owned, ...]:
        key = change.key
        if key is None or not owners:
            return ()
        named = str(key.value) if key.attribute == "id" else None
        found: list[Owned] = []
        for owner in sorted(owners):
            found += self._named(owner, key, Claim.CAME, process_id or named)
        return tuple(found)

    def _named(
        self, stream: str, key: Key, claim: Claim, process_id: str | None
    ) -> tuple[Owned, ...]:
        # In its other spelling, too: the source may bring it in either.
        keys = dict.fromkeys((key, self._stored(key)))
        return tuple(Owned(stream, each, claim, process_id) for each in keys)
