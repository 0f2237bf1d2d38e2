"""Which of the processes that a look-up found a key names, whatever spelling they store it in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from target_chakra.lookups.key_lookups import Spellings, Way
from target_chakra.lookups.key_spelling import applied
from target_chakra.mapping.destination_names import destination_of
from target_chakra.planning.plan import proves_spelling, says_it_exists

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_chakra.changes import Change, Key, Known
    from target_chakra.journal.journal import Journal
    from target_chakra.lookups.key_lookups import Found
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.planning.plan import Rules


FEWEST_PROOFS = 3
"""Rows that prove a spelling which keys that ChakraHQ holds speak against."""


def spellings_of(
    procedure: OpenProcedure, way: Way, change: Change, known: Mapping[Key, Known]
) -> Spellings:
    """The spellings that a change's key is looked up in."""
    key = change.key
    if key is None:
        raise ValueError("a change without a key is not looked up")
    if way is Way.EMPTY and change.refused is None and key not in known:
        return Spellings(key.value)
    of_key = known.get(key)
    known_id = of_key.process_id if of_key is not None and not of_key.deleted else ""
    process_id = str(key.value) if key.attribute == "id" else known_id
    shows_deleted = change.guard is not None and change.guard.keeps_others
    found = procedure.spellings_of(key, of_key)
    return Spellings(found.own, found.sure, found.guesses, process_id, shows_deleted)


class Sightings:
    """What a look-up found, by the changes that it was made for.

    Args:
        procedure: The procedure that was asked.
        found: What it answered.
        known: What the journal confirmed of the keys.
        journal: Knows of which processes the other spelling is the own key.
    """

    def __init__(
        self,
        procedure: OpenProcedure,
        found: Found,
        known: Mapping[Key, Known],
        journal: Journal,
    ) -> None:
        self.procedure = procedure
        self._found = found.snapshots
        self._known = known
        self._journal = journal

    def of(self, change: Change) -> tuple[Sequence[Snapshot], list[object]]:
        """The processes that a change's key names; or else spellings that it may be stored in."""
        own, others = self._seen(change)
        key = change.key
        if change.process_id is not None:
            return [s for s in (*own, *others) if s.process_id == change.process_id], []
        if own or not others or key is None:
            return own, []
        if self._is_certain(key, others):
            return others, []
        spelling, name = self.procedure.spelling(key.attribute), destination_of(key.attribute)
        stored = dict.fromkeys(each.value(name) for each in others)
        return (), [each for each in stored if not spelling.is_unlikely(key.value, each)]

    def seen(self, change: Change) -> Sequence[Snapshot]:
        """All processes that were found for a change, in whatever spelling of its key."""
        own, others = self._seen(change)
        return own or others

    def _seen(self, change: Change) -> tuple[Sequence[Snapshot], tuple[Snapshot, ...]]:
        """Processes with the key as it is, and with other spellings of it."""
        key = change.key
        if key is None:
            return (), ()
        text = self.procedure.key_text(key.attribute)
        own = self._found.get(text(key.value), ())
        if own:
            return own, ()
        others = self.procedure.spellings_of(key, self._known.get(key)).others
        found = [each for other in others for each in self._found.get(text(other), ())]
        return (), tuple({each.process_id: each for each in found}.values())

    def _is_certain(self, key: Key, others: Sequence[Snapshot]) -> bool:
        known = self._known.get(key)
        if self.procedure.spelling(key.attribute).is_proven:
            return True
        return known is not None and [each.process_id for each in others] == [known.process_id]

    def learn(self, changes: Iterable[Change], rules: Mapping[str, Rules]) -> None:
        """Learn how keys are stored, from processes that can only be those of their rows."""
        unlikely: list[tuple[object, object]] = []
        for change in changes:
            key = change.key
            if key is None or key.attribute == "id":
                continue
            spelling = self.procedure.spelling(key.attribute)
            if spelling.is_proven:
                return
            _, others = self._seen(change)
            if len(others) != 1:
                continue
            stored = others[0].value(destination_of(key.attribute))
            if change.refused is not None and says_it_exists(change.refused):
                spelling.learn(key.value, stored)
            elif self._is_proof(change, others[0], rules[change.stream]):
                if spelling.is_unlikely(key.value, stored):
                    unlikely.append((key.value, stored))
                if len(unlikely) in (0, FEWEST_PROOFS):
                    spelling.learn(key.value, stored)

    def _is_proof(self, change: Change, held: Snapshot, rules: Rules) -> bool:
        key = change.key
        stored = held.value(destination_of(key.attribute)) if key else None
        if key is None or not (isinstance(key.value, str) and isinstance(stored, str)):
            return False
        explained = self.procedure.spelling(key.attribute).explains(key.value, stored)
        if change.deletes or explained is None:
            return False
        if self._journal.known([key._replace(value=stored)]):
            return False  # Another row wrote that process, by the key that it has.
        return proves_spelling(change, held, rules, partial(applied, explained))
