"""What became of each row of a job that ended: by the job's word, its entries, and reading back.

Runs on worker threads and only talks to ChakraHQ; what it finds is decided on and journaled
elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError, NotFound, Refused
from target_chakra.batches import Settlement
from target_chakra.changes import Kind
from target_chakra.lifecycle import Outcome
from target_chakra.mapping.destination_names import DELETED, destination_of, is_for_creates
from target_chakra.moments import surely_before
from target_chakra.sending.entry_matching import (
    FAILED,
    EntryOutcome,
    EntryStatus,
    Tied,
    failure_of,
    named_ids,
    reasons_for,
    refused_among,
    tie,
)
from target_chakra.sending.item_shapes import item
from target_chakra.sending.read_back import LAG_PAUSES, MOST_FETCHED, MadeIds, has_name
from target_chakra.sending.recovery import Sight

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_chakra.batches import Batch
    from target_chakra.changes import Action
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.sending.read_back import ReadBack

_NO_REASON: Final = "its job ended and did not write it, and none of its entries says why"


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended.

    Attributes:
        all_succeeded: Whether its counts say that every entry did.
        in_full: Whether every entry came to an end.
        read_back: Whether its effect must be seen, and not only its word.
        server_time: Of the server when its end was seen, epoch milliseconds.
        process_id: The process that the answer to a single create names.
        failed: How many of its entries were refused; None if that is not known.
    """

    all_succeeded: bool
    in_full: bool
    read_back: bool
    server_time: int | None
    process_id: str = ""
    failed: int | None = None


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
        self._in_order: dict[Kind, bool] = {}

    def conclude(self, batch: Batch, end: End) -> Conclusion:
        """Say what became of each row of a job that ended."""
        told, settlements = self._certain(batch, self._told(batch, end), end)
        wrote: dict[int, EntryOutcome | None] = {}
        doubtful: dict[int, Action] = {}
        for at, action in enumerate(batch.actions):
            outcome = told.get(at)
            if at in settlements:
                continue
            if outcome is None and not end.all_succeeded:
                doubtful[at] = action
            elif outcome is not None and outcome.status in FAILED:
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
        if told or not batch.job:
            return {at: each.process_id for at, each in told.items() if each and each.process_id}
        try:
            tied = self._entries(batch)
        except ChakraError:
            return {}
        if tied.by_order:
            ids = [each.process_id for each in tied.loose if each.process_id]
            return self._read_back.identify(dict(enumerate(batch.actions)), ids[:MOST_FETCHED])
        return self._made_ids(batch, dict(enumerate(tied.outcomes)), end)

    def _told(self, batch: Batch, end: End) -> Tied:
        """What the job's entries say, where they must be asked."""
        keyless = batch.kind is Kind.CREATE and any(a.change.key is None for a in batch.actions)
        if (end.all_succeeded and not keyless) or not batch.job:
            return Tied((), 0)
        return self._entries(batch)

    def _entries(self, batch: Batch) -> Tied:
        """What the entries of a batch's job say."""
        primary_key = self._procedure.primary_key
        count = len(batch.actions)
        entries = self._procedure.client.job_entries_all(batch.job or "", count).entries
        items = [item(action, batch.shape, primary_key) for action in batch.actions]
        keys = {action.change.key.attribute for action in batch.actions if action.change.key}
        keys |= {primary_key or "id", "id"}
        return tie(entries, items, sorted(keys))

    def _certain(
        self, batch: Batch, tied: Tied, end: End
    ) -> tuple[dict[int, EntryOutcome | None], dict[int, Settlement]]:
        """What is certain of each row; and the rows of which that can't be said."""
        told = dict(enumerate(tied.outcomes))
        free = {at: batch.actions[at] for at, o in told.items() if tied.by_order or o is None}
        known = sum(o.status in FAILED for at, o in told.items() if o and at not in free)
        if not free or end.failed is None or not 0 <= end.failed - known <= len(free):
            return {at: None if tied.by_order else o for at, o in told.items()}, {}
        refused = end.failed - known
        nameless = any(not has_name(action) for action in free.values())
        ids = named_ids(tied) if batch.kind is Kind.CREATE else None
        ordered = tied.by_order and self._in_order.get(batch.kind, False)
        if nameless and (not refused or (ordered and ids is None)):
            return told, {}
        made = dict[int, str]()
        if refused in (0, len(free)):
            bad, unsure = (set(free) if refused else set()), set[int]()
        elif ids is not None:
            bad, unsure, made = self._by_ids(free, ids, refused)
        else:
            bad, unsure = self._by_count(free, refused, batch.server)
        if tied.by_order and 0 < refused < len(free) and not unsure:
            failed = {at for at, each in enumerate(tied.loose) if each.status in FAILED}
            ordered = failed == bad
            # A few rows may agree by chance; one batch that does not is proof of the contrary.
            proves = len(free) >= MOST_FETCHED or not ordered
            if proves and self._in_order.get(batch.kind, True):
                self._in_order[batch.kind] = ordered
        reasons = reasons_for(bad, tied, in_order=ordered)
        for at in free:
            status = failure_of(tied) if at in bad else EntryStatus.SUCCESS
            reason = reasons.get(at, "") or _NO_REASON
            told[at] = EntryOutcome(status, reason if at in bad else "", made.get(at), None)
        said = f"its job refused {refused:,} of {len(free):,} rows, and nothing says which"
        return told, {at: _unsure(free[at], said) for at in unsure}

    def _by_ids(
        self, free: Mapping[int, Action], ids: set[str], refused: int
    ) -> tuple[set[int], set[int], dict[int, str]]:
        """Which creates were refused, by the processes that the job says it made.

        Returns:
            The refused ones, those of which that can't be said, and the others' processes.
        """
        named, made = {at: a for at, a in free.items() if has_name(a)}, dict[int, str]()
        for pause in (0.0, *LAG_PAUSES):
            if pause:
                self._read_back.wait(pause)
            for at, seen in self._read_back.look(named).items() if named else ():
                found = [each.process_id for each in seen if each.process_id in ids]
                if found:
                    made[at] = found[0]
            left = {at: a for at, a in free.items() if at not in made}
            more = sorted(ids - set(made.values()))
            if len(left) <= refused:
                break
            if len(more) <= MOST_FETCHED or not named.keys() & left.keys():
                made.update(self._read_back.identify(left, more))
                break
        rest = {at for at in free if at not in made}
        return *refused_among(rest, set(), refused), made

    def _by_count(
        self, free: Mapping[int, Action], refused: int, server: int | None
    ) -> tuple[set[int], set[int]]:
        """Which rows were refused, by reading back: so many are not there, or are as before."""
        named = {at: a for at, a in free.items() if has_name(a)}
        nameless = set(free) - set(named)
        unwritten, unclear = set[int](), nameless
        for pause in (0.0, *LAG_PAUSES):
            if pause:
                self._read_back.wait(pause)
            seen = self._read_back.look(named) if named else {}
            found = {at: self._what(named[at], seen[at], server) for at in named}
            unwritten = {at for at, what in found.items() if what is Sight.AS_BEFORE}
            unclear = nameless | {at for at, what in found.items() if what is Sight.NEITHER}
            if len(unwritten) <= refused:
                break
        return refused_among(unwritten, unclear, refused)

    def _what(self, action: Action, seen: Sequence[Snapshot], server: int | None) -> Sight:
        """Whether a row of a job that is over was written."""
        what = self._read_back.sight(action, seen)
        if what is not Sight.NEITHER:
            return what
        if action.kind is Kind.CREATE:
            born = seen[0].created_at if len(seen) == 1 else None
            is_new = born is not None and server is not None and born >= server
            return Sight.AS_SENT if is_new else Sight.NEITHER
        return Sight.AS_BEFORE if action.before is None else Sight.NEITHER

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
        merged = surely_before(created, server)
        return Settlement(action, Outcome.MERGED if merged else Outcome.CREATED, process_id)


def _unsure(action: Action, said: str) -> Settlement:
    """A row that its job wrote, or may have: what it created may be there, and hidden."""
    hidden = action.kind is Kind.CREATE
    return Settlement(action, Outcome.UNKNOWN, action.process_id, said, is_hidden=hidden)


def _over(each: Settlement) -> Settlement:
    """A settlement of a job that has ended in full: nothing of it can come any more."""
    return replace(each, is_over=True) if each.outcome is Outcome.UNKNOWN else each


def _understood(told: Iterable[EntryOutcome | None], *, creates: bool) -> bool:
    """Whether refusals of single entries prove that ChakraHQ reads the items as they are meant.

    An update whose form is another's may be called invalid; a create has another form as a whole.
    """
    proofs = FAILED if creates else {EntryStatus.ERROR}
    return any(each is not None and each.status in proofs for each in told)


def _made(action: Action, seen: Sequence[Snapshot], server: int | None) -> Settlement:
    """What became of a create that the job calls a success, by the process that is there now."""
    if not seen:
        return _unsure(
            action,
            f"ChakraHQ says that {action.change.key} was created, and does not show it: neither"
            " in that spelling, nor does its job name the process. It may be there and this API"
            " key's role hides it",
        )
    newest = max(seen, key=lambda each: each.created_at or 0)
    merged = surely_before(newest.created_at, server)
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
        return Settlement(action, Outcome.REJECTED, process_id, _NO_REASON)
    return Settlement(
        action, Outcome.UNKNOWN, process_id, "its job ended without a word about this row"
    )


WRITTEN: Mapping[Kind, Outcome] = {
    Kind.CREATE: Outcome.CREATED,
    Kind.UPDATE: Outcome.UPDATED,
    Kind.DELETE: Outcome.DELETED,
}
"""What a row that is as sent is called."""
