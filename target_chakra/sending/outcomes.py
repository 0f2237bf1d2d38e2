"""What became of each row of a job that ended: by the job's word, its entries, and reading back.

Runs on worker threads and only talks to ChakraHQ; what it finds is decided on and journaled
elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from chakra_api.errors import ChakraError, NotFound, Refused
from target_chakra.batches import Settlement
from target_chakra.changes import Kind
from target_chakra.lifecycle import Outcome
from target_chakra.mapping.destination_names import DELETED, destination_of, is_for_creates
from target_chakra.sending.entry_matching import EntryStatus, tie
from target_chakra.sending.item_shapes import item
from target_chakra.sending.read_back import MadeIds, has_name
from target_chakra.sending.recovery import Sight

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_chakra.batches import Batch
    from target_chakra.changes import Action
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.sending.entry_matching import EntryOutcome
    from target_chakra.sending.read_back import ReadBack


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended.

    Attributes:
        all_succeeded: Whether its counts say that every entry did.
        in_full: Whether every entry came to an end.
        read_back: Whether its effect must be seen, and not only its word.
        server_time: Of the server when its end was seen, epoch milliseconds.
        process_id: The process that the answer to a single create names.
    """

    all_succeeded: bool
    in_full: bool
    read_back: bool
    server_time: int | None
    process_id: str = ""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What became of a batch.

    Attributes:
        settlements: By position.
        effect: Whether anything was seen to change; None if it was not looked for.
        unproven: Of creates: the attribute of their keys, if look-ups by it can't be believed.
        understood: Whether the form of its items was: some were refused, each for itself.
    """

    settlements: Mapping[int, Settlement]
    effect: bool | None
    unproven: str | None = None
    understood: bool = False


class Outcomes:
    """Reads the outcomes of the rows of one procedure's batches.

    Args:
        procedure: The procedure.
        read_back: Sees what ChakraHQ holds now.
    """

    def __init__(self, procedure: OpenProcedure, read_back: ReadBack) -> None:
        self._procedure = procedure
        self._read_back = read_back

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
                reason = outcome.message or "no reason given"
                settlements[at] = Settlement(action, Outcome.REJECTED, action.process_id, reason)
            elif outcome is not None and outcome.status is not EntryStatus.SUCCESS:
                doubtful[at] = action
            else:
                wrote[at] = outcome
        settlements.update(self._doubtful(doubtful, end))
        made = MadeIds(batch.server, partial(self._made_ids, batch, told, end))
        done, effect = self._written(batch, wrote, end, made)
        settlements.update(done)
        if end.in_full:
            settlements = {at: _over(each) for at, each in settlements.items()}
        unproven = self._read_back.unproven({at: batch.actions[at] for at in done})
        creates = batch.kind is Kind.CREATE
        understood = _understood(told.values(), creates=creates)
        return Conclusion(settlements, effect, unproven if creates else None, understood)

    def _made_ids(
        self, batch: Batch, told: Mapping[int, EntryOutcome | None], end: End
    ) -> dict[int, str]:
        """The processes that a job's entries name, by position."""
        if end.process_id:
            return {0: end.process_id}
        try:
            entries = told or (self._entries(batch) if batch.job else {})
        except ChakraError:
            return {}
        return {at: each.process_id for at, each in entries.items() if each and each.process_id}

    def _told(self, batch: Batch, end: End) -> dict[int, EntryOutcome | None]:
        """What the job's entries say, where they must be asked."""
        keyless = batch.kind is Kind.CREATE and any(a.change.key is None for a in batch.actions)
        if (end.all_succeeded and not keyless) or not batch.job:
            return {}
        return self._entries(batch)

    def _entries(self, batch: Batch) -> dict[int, EntryOutcome | None]:
        """What the entries of a batch's job say, by position."""
        primary_key = self._procedure.primary_key
        count = len(batch.actions)
        entries = self._procedure.client.job_entries_all(batch.job or "", count).entries
        items = [item(action, batch.shape, primary_key) for action in batch.actions]
        keys = {action.change.key.attribute for action in batch.actions if action.change.key}
        keys |= {primary_key or "id", "id"}
        return dict(enumerate(tie(entries, items, sorted(keys)).outcomes))

    def _doubtful(self, actions: Mapping[int, Action], end: End) -> dict[int, Settlement]:
        """Rows that the job says nothing about: only reading them back can tell."""
        blind = {at for at, action in actions.items() if not has_name(action)}
        seen = self._read_back.caught_up({at: a for at, a in actions.items() if at not in blind})
        found: dict[int, Settlement] = {}
        for at, action in actions.items():
            now = seen.get(at, ())
            what = Sight.NEITHER if at in blind else self._read_back.sight(action, now)
            found[at] = _judged(action, now, what, end)
        return found

    def _written(
        self,
        batch: Batch,
        wrote: Mapping[int, EntryOutcome | None],
        end: End,
        made: MadeIds,
    ) -> tuple[dict[int, Settlement], bool | None]:
        """Rows that the job says it wrote."""
        actions = {at: batch.actions[at] for at in wrote}
        if batch.kind is Kind.CREATE:
            return self._created(actions, wrote, made)
        outcome = Outcome.UPDATED if batch.kind is Kind.UPDATE else Outcome.DELETED
        if not end.read_back or not actions:
            plain = {at: Settlement(a, outcome, a.process_id) for at, a in actions.items()}
            return plain, None
        seen, sight = self._read_back.changed(actions), self._read_back.sight
        found: dict[int, Settlement] = {}
        for at, action in actions.items():
            stored = self._stored(action, seen[at], end)
            found[at] = Settlement(action, outcome, action.process_id, stored=stored)
        changed = any(sight(actions[at], seen[at]) is not Sight.AS_BEFORE for at in actions)
        return found, changed

    def _stored(
        self, action: Action, seen: Sequence[Snapshot], end: End
    ) -> Mapping[str, object] | None:
        """What ChakraHQ made of values, if no other writer touched the row since."""
        if len(seen) != 1 or self._read_back.sight(action, seen) is not Sight.NEITHER:
            return None
        updated = seen[0].updated_at
        if updated is None or end.server_time is None or updated > end.server_time:
            return None
        return {
            name: seen[0].value(name)
            for name, value in action.fields.items()
            if value is not None and not is_for_creates(name) and name != DELETED
        }

    def _created(
        self,
        actions: Mapping[int, Action],
        told: Mapping[int, EntryOutcome | None],
        made: MadeIds,
    ) -> tuple[dict[int, Settlement], bool | None]:
        keyed = {at: a for at, a in actions.items() if self._read_back.can_look(a)}
        self._read_back.prove_on(keyed, made)
        seen = self._read_back.created(keyed, made) if keyed else {}
        found: dict[int, Settlement] = {}
        for at, action in actions.items():
            if at in keyed:
                found[at] = _made(action, seen[at], made.server)
            else:
                found[at] = self._made_blindly(action, told.get(at), made.server)
        return found, any(seen.values()) if keyed else None

    def _made_blindly(
        self, action: Action, told: EntryOutcome | None, server: int | None
    ) -> Settlement:
        """A create without a key to look up: by the process that its entry names."""
        process_id = told.process_id if told else None
        created = told.created_at if told else None
        if created is not None:
            created *= self._procedure.destinations.rules.times.unit_ms
        if process_id and created is None:
            procedure = self._procedure
            try:
                row = procedure.client.fetch_process(procedure.name, process_id)
                created = procedure.read(row).created_at
            except (NotFound, Refused):
                created = None
        merged = created is not None and server is not None and created < server
        return Settlement(action, Outcome.MERGED if merged else Outcome.CREATED, process_id)


def _over(each: Settlement) -> Settlement:
    """A settlement of a job that has ended in full: nothing of it can come any more."""
    return replace(each, is_over=True) if each.outcome is Outcome.UNKNOWN else each


def _understood(told: Iterable[EntryOutcome | None], *, creates: bool) -> bool:
    """Whether refusals of single entries prove that ChakraHQ reads the items as they are meant.

    An update whose form is another's may be called invalid; a create has another form as a whole.
    """
    proofs = _FAILED if creates else {EntryStatus.ERROR}
    return any(each is not None and each.status in proofs for each in told)


_FAILED = frozenset({EntryStatus.ERROR, EntryStatus.INVALID})


def _made(action: Action, seen: Sequence[Snapshot], server: int | None) -> Settlement:
    """What became of a create that the job calls a success, by the process that is there now."""
    if not seen:
        return Settlement(
            action,
            Outcome.UNKNOWN,
            None,
            f"ChakraHQ says that {action.change.key} was created, and does not show it: neither"
            " in that spelling, nor does its job name the process",
        )
    newest = max(seen, key=lambda each: each.created_at or 0)
    merged = newest.created_at is not None and server is not None and newest.created_at < server
    outcome = Outcome.MERGED if merged else Outcome.CREATED
    return Settlement(action, outcome, newest.process_id, stored=_stored_key(action, newest))


def _stored_key(action: Action, seen: Snapshot) -> Mapping[str, object] | None:
    """The key in the spelling that ChakraHQ stores it in, if that is another."""
    key = action.change.key
    stored = seen.data.get(key.attribute) if key else None
    if key is None or not isinstance(stored, str) or stored == key.value:
        return None
    return {destination_of(key.attribute): stored} if isinstance(key.value, str) else None


def _judged(action: Action, seen: Sequence[Snapshot], what: Sight, end: End) -> Settlement:
    process_id = seen[0].process_id if seen else action.process_id
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
