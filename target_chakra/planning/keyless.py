"""Changes that are sent without a look-up: rows without a key, and all where nothing is compared.

A row without a key is known again by a hash of its values, its *twin*: after a crash its source
repeats it, and what the journal says was sent is not sent a second time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from chakra_api.values.coercion import json_text
from target_chakra.changes import Action, Done, Ended, Kind, Mode, Reject
from target_chakra.lifecycle import Outcome
from target_chakra.mapping.destination_names import is_for_creates
from target_chakra.planning.plan import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_chakra.changes import Change
    from target_chakra.journal.journal import Journal
    from target_chakra.planning.plan import Rules


class Keyless:
    """The rows without a key that nothing was decided on.

    Args:
        journal: Which twins were sent before.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._changes: list[Change] = []
        self._begun: set[str] = set()
        self._unknown: Counter[str] = Counter()
        self._came_unknown: set[int] = set()

    @property
    def waiting(self) -> int:
        """Changes that nothing was decided on."""
        return len(self._changes)

    def add(self, change: Change) -> None:
        """A row without a key came in."""
        self._changes.append(change)

    def note_unknown(self, twin: str) -> None:
        """A row of that twin was sent by an earlier run, and its outcome is unknown."""
        self._unknown[twin] += 1

    def came_before(self, change: Change) -> None:
        """A row of a load came that an earlier run of the load has settled: it is sent no more."""
        twin, load = twin_of(change), change.guard.load if change.guard is not None else ""
        if numbers := self._journal.twins(change.stream, [twin], load).get(twin):
            self._journal.come_again(numbers[0], 0)

    def drain(self, procedure: str | None = None) -> list[Change]:
        """Take everything (of a procedure) that nothing was decided on."""
        left = [each for each in self._changes if procedure in (None, each.procedure)]
        self._changes = [each for each in self._changes if procedure not in (None, each.procedure)]
        return left

    def decide(self, rules: Mapping[str, Rules]) -> Iterator[Action | Done | Reject | Ended]:
        """Decide on all rows that came in.

        Args:
            rules: Of each stream.
        """
        by_stream: dict[str, list[tuple[str, Change]]] = {}
        for change in self.drain():
            by_stream.setdefault(change.stream, []).append((twin_of(change), change))
        for stream, rows in by_stream.items():
            guard = rows[0][1].guard
            if stream not in self._begun and guard is None:
                self._begun.add(stream)
                self._journal.began_again(stream, rows[0][0])
            load = guard.load if guard is not None else ""
            sent = self._journal.twins(stream, sorted({twin for twin, _ in rows}), load)
            for twin, change in rows:
                numbers = [n for n in sent.get(twin, ()) if n not in self._came_unknown]
                sent[twin] = numbers
                yield self._decided(change, twin, numbers, rules[stream])

    def _decided(
        self, change: Change, twin: str, numbers: list[int], rules: Rules
    ) -> Action | Done | Reject | Ended:
        if not numbers:
            fields = {n: v for n, v in change.fields.items() if v is not None}
            return unseen(Action(change, Kind.CREATE, None, fields, {}, twin=twin), rules)
        if len(numbers) <= self._unknown[twin]:
            # One of them has come again; equal rows behind it are others, or rows of their own.
            self._unknown[twin] -= 1
            self._came_unknown.add(numbers[0])
            return Ended(change, Outcome.UNKNOWN)
        # It was sent in a run that ended before its STATE was passed on.
        self._journal.come_again(numbers.pop(0), change.seq)
        return Done(change, Outcome.UNCHANGED)


def twin_of(change: Change) -> str:
    """The hash by which a row without a key is known again: of its mapped fields.

    Where its source repeats whole files, its place in the file counts, too: equal rows are
    different ones.
    """
    body = json_text(dict(change.fields)).encode()
    if change.origin:
        body += f"\n{change.origin}:{change.line}".encode()
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def unseen(action: Action, rules: Rules) -> Action | Reject:
    """An action that no look-up preceded, unless it holds what ChakraHQ does not take."""
    return unwritable(action.change, action.fields, rules) or action


def blindly(change: Change) -> Action:
    """What is sent of a change with a key that is not looked up: all of it, by what it names."""
    key = change.key
    process_id = str(key.value) if key is not None and key.attribute == "id" else None
    if change.deletes:
        return Action(change, Kind.DELETE, process_id, {}, None)
    fields = {n: v for n, v in change.fields.items() if not is_for_creates(n)}
    if change.mode is Mode.INSERT:
        return Action(change, Kind.CREATE, None, change.fields, None)
    return Action(change, Kind.UPDATE, process_id, fields, None)
