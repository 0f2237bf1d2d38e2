"""Sends a batch, looks at its job, and reads the outcome of each of its rows.

The functions run on worker threads and only talk to ChakraHQ; what they bring back is decided
on and journaled elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.errors import NotFound, Refused
from target_chakra.batches import Settlement
from target_chakra.changes import Kind
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.key_lookups import PAGE, Way
from target_chakra.sending.entry_matching import EntryStatus, tie
from target_chakra.sending.item_shapes import OBJECT, SINGLE, item
from target_chakra.sending.recovery import Sight, sight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chakra_api.clock import Clock
    from target_chakra.batches import Batch
    from target_chakra.changes import Action
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.sending.entry_matching import EntryOutcome

LAG_STEPS = (0.2, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 8.0)
"""Seconds between looks for what a finished job wrote: 30 in all (Q32)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A batch that ChakraHQ took.

    Attributes:
        job: Its job; empty if it was carried out at once.
        server_time: Of the server when it was taken, epoch milliseconds; None if not known.
        process_id: Of the one process that was created at once.
    """

    job: str
    server_time: int | None
    process_id: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended.

    Attributes:
        all_succeeded: Whether its counts say that every entry did.
        in_full: Whether every entry came to an end.
        read_back: Whether its effect must be seen, and not only its word.
        server_time: Of the server when its end was seen, epoch milliseconds.
    """

    all_succeeded: bool
    in_full: bool
    read_back: bool
    server_time: int | None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What became of a batch.

    Attributes:
        settlements: By position.
        effect: Whether anything was seen to change; None if nobody looked.
    """

    settlements: Mapping[int, Settlement]
    effect: bool | None


class Submission:
    """Carries batches of one procedure to ChakraHQ.

    Args:
        desk: The procedure.
        clock: For the waits while a write is not yet listed.
    """

    def __init__(self, desk: OpenProcedure, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self.client = desk.client

    def submit(self, batch: Batch) -> Accepted:
        """Send a batch, once.

        Raises:
            ChakraError: It was not taken, or nobody knows whether it was.
        """
        desk, client = self._desk, self._desk.client
        items = [item(action, batch.shape, desk.primary_key) for action in batch.actions]
        if batch.shape == SINGLE:
            made = client.create_process(desk.name, items[0])
            return Accepted("", None, str(made.get("id") or "") or None)
        if batch.kind is Kind.CREATE:
            taken = client.bulk_create(desk.name, items, wrapped=batch.shape == OBJECT)
        else:
            taken = client.bulk_update(desk.name, items)
        return Accepted(taken.job_id, _created_at(taken.row) or taken.server_time)

    # Reading back

    def look_back(self, actions: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """The processes that actions are about, as they are now, by position."""
        by_attribute: dict[str, dict[int, str | int]] = {}
        for at, action in actions.items():
            attribute, value = _name_of(action)
            by_attribute.setdefault(attribute, {})[at] = value
        seen: dict[int, tuple[Snapshot, ...]] = {}
        for attribute, values in by_attribute.items():
            seen.update(self._find(attribute, values))
        return seen

    def _find(
        self, attribute: str, values: Mapping[int, str | int]
    ) -> dict[int, tuple[Snapshot, ...]]:
        lookups, text = self._desk.lookups(attribute), self._desk.key_text(attribute)
        way = self._desk.ways.get(attribute)
        if way is None:
            way = self._desk.ways[attribute] = lookups.prove()
        places = list(values)
        found: dict[int, tuple[Snapshot, ...]] = {}
        for start in range(0, len(places), PAGE):
            part = places[start : start + PAGE]
            held = lookups.find(way, [values[at] for at in part]).held
            found.update({at: held.get(text(values[at]), ()) for at in part})
        return found

    def sights(self, actions: Mapping[int, Action]) -> dict[int, tuple[Sight, str | None]]:
        """What the processes of a lost batch say, and which they are, by position."""
        return {
            at: (self._sight(actions[at], held), held[0].process_id if held else None)
            for at, held in self.look_back(actions).items()
        }

    def _sight(self, action: Action, held: Sequence[Snapshot]) -> Sight:
        converted = action.known.learned if action.known else None
        return sight(action, held, self._desk.destinations.comparable, converted)

    # The end of a job

    def conclude(self, batch: Batch, end: End) -> Conclusion:
        """Say what became of each row of a job that ended."""
        told = self._told(batch, end)
        settlements: dict[int, Settlement] = {}
        wrote: dict[int, EntryOutcome | None] = {}
        doubtful: dict[int, Action] = {}
        for at, action in enumerate(batch.actions):
            outcome = told.get(at)
            if outcome is None and not end.all_succeeded:
                doubtful[at] = action
            elif outcome is not None and outcome.status in _FAILED:
                settlements[at] = Settlement(
                    action,
                    Outcome.REJECTED,
                    action.process_id,
                    outcome.message or "no reason given",
                )
            elif outcome is not None and outcome.status is not EntryStatus.SUCCESS:
                doubtful[at] = action
            else:
                wrote[at] = outcome
        settlements.update(self._doubtful(doubtful, end))
        done, effect = self._written(batch, wrote, end)
        settlements.update(done)
        return Conclusion(settlements, effect)

    def _told(self, batch: Batch, end: End) -> dict[int, EntryOutcome | None]:
        """What the job's entries say, where they must be asked."""
        keyless = batch.kind is Kind.CREATE and any(a.change.key is None for a in batch.actions)
        if (end.all_succeeded and not keyless) or not batch.job:
            return {}
        entries = self._desk.client.job_entries_all(batch.job).entries
        items = [item(action, batch.shape, self._desk.primary_key) for action in batch.actions]
        keys = {action.change.key.attribute for action in batch.actions if action.change.key}
        keys |= {self._desk.primary_key or "id", "id"}
        return dict(enumerate(tie(entries, items, sorted(keys)).outcomes))

    def _doubtful(self, actions: Mapping[int, Action], end: End) -> dict[int, Settlement]:
        """Rows that the job says nothing about: only reading them back can tell."""
        blind = {at for at, action in actions.items() if not _has_name(action)}
        seen = self.look_back({at: a for at, a in actions.items() if at not in blind})
        found: dict[int, Settlement] = {}
        for at, action in actions.items():
            held = seen.get(at, ())
            what = Sight.NEITHER if at in blind else self._sight(action, held)
            found[at] = _judged(action, held, what, end)
        return found

    def _written(
        self, batch: Batch, wrote: Mapping[int, EntryOutcome | None], end: End
    ) -> tuple[dict[int, Settlement], bool | None]:
        """Rows that the job says it wrote."""
        actions = {at: batch.actions[at] for at in wrote}
        if batch.kind is Kind.CREATE:
            return self._created(batch, actions, wrote)
        outcome = Outcome.UPDATED if batch.kind is Kind.UPDATE else Outcome.DELETED
        if not end.read_back or not actions:
            plain = {at: Settlement(a, outcome, a.process_id) for at, a in actions.items()}
            return plain, None
        seen = self._settled_look(actions)
        found: dict[int, Settlement] = {}
        for at, action in actions.items():
            stored = self._stored(action, seen[at], end)
            found[at] = Settlement(action, outcome, action.process_id, stored=stored)
        changed = any(self._sight(actions[at], seen[at]) is not Sight.AS_BEFORE for at in actions)
        return found, changed

    def _settled_look(self, actions: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """Rows read back until they are no longer as before, or for as long as a list may lag."""
        seen = self.look_back(actions)
        for pause in LAG_STEPS:
            late = [a for a in actions if self._sight(actions[a], seen[a]) is Sight.AS_BEFORE]
            if len(late) < len(actions):
                break
            self._clock.sleep(pause)
            seen = self.look_back(actions)
        return seen

    def _stored(
        self, action: Action, held: Sequence[Snapshot], end: End
    ) -> Mapping[str, object] | None:
        """What ChakraHQ made of values, if nobody touched the row since."""
        if len(held) != 1 or self._sight(action, held) is not Sight.NEITHER:
            return None
        updated = held[0].updated_at
        if updated is None or end.server_time is None or updated > end.server_time:
            return None
        return {
            name: held[0].value(name)
            for name, value in action.fields.items()
            if value is not None and not name.startswith("record.") and name != "isDeleted"
        }

    def _created(
        self,
        batch: Batch,
        actions: Mapping[int, Action],
        told: Mapping[int, EntryOutcome | None],
    ) -> tuple[dict[int, Settlement], bool | None]:
        keyed = {at: a for at, a in actions.items() if self._can_look(a)}
        for attribute in {a.change.key.attribute for a in keyed.values() if a.change.key}:
            if self._desk.ways[attribute] is Way.EMPTY:
                # The first rows there ever were are what look-ups are proven on.
                self._desk.ways[attribute] = self._proven_now(attribute)
        seen = self._appeared(keyed) if keyed else {}
        found: dict[int, Settlement] = {}
        for at, action in actions.items():
            if at in keyed:
                found[at] = _made(action, seen[at], batch.server)
            else:
                found[at] = self._made_blindly(action, told.get(at), batch.server)
        return found, any(seen.values()) if keyed else None

    def _proven_now(self, attribute: str) -> Way:
        for pause in LAG_STEPS:
            way = self._desk.lookups(attribute).prove()
            if way not in (Way.EMPTY, Way.NONE):
                return way
            self._clock.sleep(pause)
        return Way.NONE

    def _can_look(self, action: Action) -> bool:
        key = action.change.key
        return key is not None and self._desk.ways.get(key.attribute) not in (None, Way.NONE)

    def _appeared(self, actions: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """Created rows, waited for as long as a list may lag behind (Q32)."""
        seen = self.look_back(actions)
        for pause in LAG_STEPS:
            missing = {at: action for at, action in actions.items() if not seen[at]}
            if not missing:
                break
            self._clock.sleep(pause)
            seen.update(self.look_back(missing))
        return seen

    def _made_blindly(
        self, action: Action, told: EntryOutcome | None, server: int | None
    ) -> Settlement:
        """A create without a key to look up: by the process that its entry names."""
        process_id = told.process_id if told else None
        created = told.created_at if told else None
        if process_id and created is None:
            try:
                row = self._desk.client.fetch_process(self._desk.name, process_id)
                created = self._desk.read(row).created_at
            except (NotFound, Refused):
                created = None
        merged = created is not None and server is not None and created < server
        return Settlement(action, Outcome.MERGED if merged else Outcome.CREATED, process_id)


_FAILED = frozenset({EntryStatus.ERROR, EntryStatus.INVALID})


def _created_at(row: Mapping[str, object]) -> int | None:
    created = row.get("createdAt")
    return created if isinstance(created, int) and created > 0 else None


def _has_name(action: Action) -> bool:
    return action.process_id is not None or action.change.key is not None


def _name_of(action: Action) -> tuple[str, str | int]:
    if action.process_id:
        return "id", action.process_id
    key = action.change.key
    if key is None:
        raise ValueError("a row without a name is never read back")
    return key.attribute, key.value


def _made(action: Action, held: Sequence[Snapshot], server: int | None) -> Settlement:
    """What became of a create that the job calls a success, by the process that is there now."""
    if not held:
        return Settlement(
            action, Outcome.UNKNOWN, None, "ChakraHQ says it was created, and does not show it"
        )
    newest = max(held, key=lambda each: each.created_at or 0)
    merged = newest.created_at is not None and server is not None and newest.created_at < server
    return Settlement(action, Outcome.MERGED if merged else Outcome.CREATED, newest.process_id)


def _judged(action: Action, held: Sequence[Snapshot], what: Sight, end: End) -> Settlement:
    process_id = held[0].process_id if held else action.process_id
    if what is Sight.AS_SENT:
        return Settlement(action, WRITTEN[action.kind], process_id)
    if what is Sight.AS_BEFORE and end.in_full:
        reason = "its job ended and did not write it, and none of its entries says why"
        return Settlement(action, Outcome.REJECTED, process_id, reason)
    return Settlement(
        action, Outcome.UNKNOWN, process_id, "its job ended without a word about this row"
    )


WRITTEN: Mapping[Kind, Outcome] = {
    Kind.CREATE: Outcome.CREATED,
    Kind.UPDATE: Outcome.UPDATED,
    Kind.DELETE: Outcome.DELETED,
}
"""What a row that is as sent is called."""

__all__ = ["WRITTEN", "Accepted", "Conclusion", "End", "Submission"]
