"""Reads processes back that were written, or may have been: what ChakraHQ shows of them now.

Runs on worker threads and only talks to ChakraHQ. A list may lag behind a write (Q32), so what is
not seen at once is looked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.errors import NotFound, Refused
from target_chakra.changes import Key, Kind
from target_chakra.lookups.comparison import same
from target_chakra.lookups.key_lookups import Spellings, Way
from target_chakra.mapping.destination_names import destination_of
from target_chakra.moments import surely_before
from target_chakra.sending.recovery import Sight, sight
from target_chakra.sending.server_limits import FIRST_BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from chakra_api.clock import Clock
    from target_chakra.changes import Action
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot

MOST_FETCHED = 10
"""Processes that are fetched one by one, rather than waited for until lists show them."""
LAG_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 8.5)
"""Seconds between looks for what a finished job wrote: over 30 in all (Q32)."""


class MadeIds:
    """The processes that a job says it made, asked for once and only if they are wanted.

    Args:
        server: When its batch was taken, epoch milliseconds of the server; None if not known.
        ask: Asks for their ids, by position.
    """

    def __init__(self, server: int | None, ask: Callable[[], Mapping[int, str]]) -> None:
        self.server = server
        self._ask = ask
        self._ids: Mapping[int, str] | None = None

    @property
    def ids(self) -> Mapping[int, str]:
        """Ids of processes, by position; those that the job does not name are missing."""
        # Before Python 3.12 a cached property has one lock for all objects: the threads of all
        # other batches would wait for this answer.
        if self._ids is None:
            self._ids = self._ask()
        return self._ids


class ReadBack:
    """Reads back the processes of one procedure.

    Args:
        procedure: The procedure.
        clock: For the waits while a write is not yet listed.
    """

    def __init__(self, procedure: OpenProcedure, clock: Clock) -> None:
        self._procedure = procedure
        self._clock = clock

    # Once

    def look(self, actions: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """The processes that actions are about, as they are now, by position."""
        by_attribute: dict[str, dict[int, Spellings]] = {}
        for at, action in actions.items():
            name = _name_of(action)
            spellings = self._procedure.spellings_of(name, action.known)
            by_attribute.setdefault(name.attribute, {})[at] = spellings
        seen: dict[int, tuple[Snapshot, ...]] = {}
        for attribute, values in by_attribute.items():
            seen.update(self._find(attribute, values))
        return seen

    def _find(
        self, attribute: str, spellings: Mapping[int, Spellings]
    ) -> dict[int, tuple[Snapshot, ...]]:
        """Processes by a key: in its own spelling, or else in any other."""
        lookups, text = self._procedure.lookups(attribute), self._procedure.key_text(attribute)
        way = self._procedure.ways.get(attribute)
        if way is None:
            way = self._procedure.ways[attribute] = lookups.prove()
        found = lookups.find_spelled(way, list(spellings.values())).snapshots
        seen: dict[int, tuple[Snapshot, ...]] = {}
        for at, key in spellings.items():
            seen[at] = found.get(text(key.own), ())
            if not seen[at]:
                others = {s.process_id: s for o in key.others for s in found.get(text(o), ())}
                seen[at] = tuple(others.values())
        return seen

    def sights(self, actions: Mapping[int, Action]) -> dict[int, tuple[Sight, str | None]]:
        """What the processes of a lost batch say, and which they are, by position.

        Of a process that is not listed there is no id, unless it is proven to be gone.
        """
        found = self.look(actions)
        asked = self._asked_by_id({at: a for at, a in actions.items() if not found[at]})
        sights: dict[int, tuple[Sight, str | None]] = {}
        for at, seen in {**found, **asked}.items():
            process_id = seen[0].process_id if seen else None
            if at in asked:
                process_id = actions[at].process_id
            sights[at] = self._lost(actions[at], seen), process_id
        return sights

    def _lost(self, action: Action, seen: Sequence[Snapshot]) -> Sight:
        what = self.sight(action, seen)
        if seen:
            is_blind = action.kind is Kind.UPDATE and action.before is None and len(seen) == 1
            return Sight.NOT_AS_SENT if is_blind and what is Sight.NEITHER else what
        key = action.change.key
        if action.kind is not Kind.CREATE or key is None or not isinstance(key.value, str):
            return what
        # It may be there in a spelling that nobody can guess: never sent again blindly.
        irregular = self._procedure.spelling(key.attribute).is_irregular
        return Sight.NOT_AS_SENT if irregular else what

    def sight(self, action: Action, seen: Sequence[Snapshot]) -> Sight:
        """What the processes that were found say about an action."""
        converted = self._converted(action)
        if action.kind is Kind.CREATE and len(seen) == 1 and action.change.key is not None:
            # It was found by its key, in whatever spelling.
            name = destination_of(action.change.key.attribute)
            converted[name] = seen[0].value(name)
        return sight(action, seen, self._procedure.destinations.comparable, converted)

    def _converted(self, action: Action) -> dict[str, object]:
        """What ChakraHQ is known to make of the very values that were sent."""
        known, comparable = action.known, self._procedure.destinations.comparable
        if known is None:
            return {}
        sent, written = action.fields, known.written
        return {
            name: stored
            for name, stored in known.learned.items()
            if name in sent
            and name in written
            and same(name, sent[name], written[name], comparable)
        }

    def identify(self, actions: Mapping[int, Action], ids: Iterable[str]) -> dict[int, str]:
        """Which of the processes that a job made are those of which creates, by position."""
        left, found = dict(actions), dict[int, str]()
        for process_id in ids:
            for snapshot in self._fetched(process_id):
                at = next((at for at, each in left.items() if self._is_of(each, snapshot)), None)
                if at is not None:
                    found[at] = process_id
                    del left[at]
        return found

    def _is_of(self, action: Action, made: Snapshot) -> bool:
        """Whether a create made that process, by its key in whatever spelling, or by all of it."""
        key = action.change.key
        if key is None:
            return self.sight(action, (made,)) is Sight.AS_SENT
        stored, text = made.data.get(key.attribute), self._procedure.key_text(key.attribute)
        if text(stored) == text(key.value):
            return True
        is_text = isinstance(key.value, str) and isinstance(stored, str)
        spelling = self._procedure.spelling(key.attribute)
        return is_text and spelling.explains(str(key.value), str(stored)) is not None

    def wait(self, seconds: float) -> None:
        """Wait for lists that lag behind a write."""
        self._clock.sleep(seconds)

    # For as long as a list may lag

    def changed(self, actions: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """Processes of updates and deletes, waited for until one of them is not as before."""
        seen, late = self._looked(actions)
        for pause in LAG_PAUSES:
            if len(late) < len(actions):
                break
            self._clock.sleep(pause)
            seen, late = self._looked(actions)
        return seen

    def caught_up(self, actions: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """Processes of actions, each waited for until it is not as before or lists have caught up.

        For rows of which nothing but their process tells what became of them.
        """
        seen, late = self._looked(actions)
        for pause in LAG_PAUSES:
            if not late:
                break
            self._clock.sleep(pause)
            again, late = self._looked(late)
            seen.update(again)
        return seen

    def _looked(
        self, actions: Mapping[int, Action]
    ) -> tuple[dict[int, tuple[Snapshot, ...]], dict[int, Action]]:
        """Processes as they are now, and the actions whose effect a list may not show yet."""
        seen = self.look(actions)
        late = {at: a for at, a in actions.items() if self._may_be_late(a, seen[at])}
        asked = self._asked_by_id({at: a for at, a in late.items() if not seen[at]})
        seen.update(asked)
        told = {at for at, found in asked.items() if all(each.deleted for each in found)}
        return seen, {at: action for at, action in late.items() if at not in told}

    def _asked_by_id(self, absent: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """Processes that were to be deleted and are not listed, as far as that can be told.

        A list may be about to replace their entries; who asks by the id is told at once.
        """
        found: dict[int, tuple[Snapshot, ...]] = {}
        deletes = [(at, a) for at, a in absent.items() if a.kind is Kind.DELETE and a.process_id]
        for at, action in deletes[:MOST_FETCHED]:
            try:
                seen = self._by_id(action.process_id or "")
            except NotFound:
                found[at] = ()
            except Refused:
                continue
            else:
                if seen:
                    found[at] = seen
        return found

    def _may_be_late(self, action: Action, seen: Sequence[Snapshot]) -> bool:
        """Whether a list may not show yet what an action did.

        One that shows nothing of a process may only be about to replace its entry.
        """
        if not seen and action.kind is Kind.DELETE:
            written = action.process_id or ""
            return self._procedure.recent.is_recent(written, self._clock.monotonic())
        if not seen:
            return True
        return self.sight(action, seen) is Sight.AS_BEFORE

    def created(
        self, actions: Mapping[int, Action], made: MadeIds
    ) -> dict[int, tuple[Snapshot, ...]]:
        """Processes of creates that can be looked up, waited for until all are there.

        Args:
            actions: The creates, by position.
            made: The processes that the job says it made.
        """
        seen = self._seen(actions, made)
        for pause in LAG_PAUSES:
            missing = {at: action for at, action in actions.items() if not seen[at]}
            if not missing:
                break
            self._clock.sleep(pause)
            seen.update(self._seen(missing, made))
        return seen

    def _seen(
        self, actions: Mapping[int, Action], made: MadeIds
    ) -> dict[int, tuple[Snapshot, ...]]:
        """Processes of creates as they are now; learns how their keys are stored."""
        seen = self.look(actions)
        for at, found in seen.items():
            self._learn(actions[at], found, made)
        missing = [at for at in actions if not seen[at]]
        for at in missing:
            found = self._fetched(made.ids.get(at))
            if not found:
                continue
            seen[at] = found
            is_spelled = self._learn(actions[at], found, made)
            if not is_spelled:
                break  # It is there as it was sent: the list lags, and the others will come.
            rest = {each: actions[each] for each in missing if not seen[each]}
            if rest and self._has_rules(actions[at]):
                return {**seen, **self._seen(rest, made)}
        return seen

    def _has_rules(self, action: Action) -> bool:
        key = action.change.key
        return key is not None and self._procedure.spelling(key.attribute).is_proven

    def _fetched(self, process_id: str | None) -> tuple[Snapshot, ...]:
        try:
            return self._by_id(process_id) if process_id else ()
        except Refused:
            return ()

    def _by_id(self, process_id: str) -> tuple[Snapshot, ...]:
        """The process of an id; empty if the answer shows none.

        Raises:
            Refused: It is not there, or not shown to this key.
        """
        procedure = self._procedure
        row = procedure.client.fetch_process(procedure.name, process_id)
        return (procedure.read(row),) if row.get("id") else ()

    def _learn(self, action: Action, seen: Sequence[Snapshot], made: MadeIds) -> bool:
        """Learn how the key of a process that was just created is stored; whether otherwise."""
        key = action.change.key
        if key is None or len(seen) != 1 or type(key.value) is not str:
            return False
        stored = seen[0].data.get(key.attribute)
        if stored == key.value and not self._procedure.spellings_of(key, None).others:
            return False
        if not surely_before(seen[0].created_at, made.server):
            self._procedure.spelling(key.attribute).learn(key.value, stored)
        return stored != key.value

    # Whether a create can be looked up

    def prove_on(self, actions: Mapping[int, Action], made: MadeIds) -> None:
        """Prove look-ups on what was just created, where nothing was before (design decision 8)."""
        by_attribute: dict[str, dict[int, Action]] = {}
        for at, action in actions.items():
            if action.change.key is not None:
                by_attribute.setdefault(action.change.key.attribute, {})[at] = action
        for attribute, some in by_attribute.items():
            if self._procedure.ways[attribute] is Way.EMPTY:
                first = dict(list(some.items())[:FIRST_BATCH_ROWS])
                self._procedure.ways[attribute] = self._proven_on(attribute, first, made)

    def _proven_on(self, attribute: str, actions: Mapping[int, Action], made: MadeIds) -> Way:
        values: list[object] = list(_keys_of(actions)[attribute])
        for pause in (0.0, *LAG_PAUSES):
            if pause:
                self._clock.sleep(pause)
            way = self._procedure.lookups(attribute).prove_on(values)
            if way is not Way.NONE:
                return way
            values = self._stored_keys(attribute, actions, made)
        return Way.NONE

    def _stored_keys(
        self, attribute: str, actions: Mapping[int, Action], made: MadeIds
    ) -> list[object]:
        """The keys of what was just created, as ChakraHQ stores them as far as it shows."""
        seen = self._seen(actions, made)
        return [
            seen[at][0].data.get(attribute) if len(seen[at]) == 1 else action.change.key.value
            for at, action in actions.items()
            if action.change.key is not None
        ]

    def unproven(self, actions: Mapping[int, Action]) -> str | None:
        """An attribute of these keys that can't be looked up by; None if there is none."""
        ways = self._procedure.ways
        return next((name for name in _keys_of(actions) if ways.get(name) is Way.NONE), None)

    def can_look(self, action: Action) -> bool:
        """Whether there is a way to look an action's key up."""
        key = action.change.key
        return key is not None and self._procedure.ways.get(key.attribute) not in (None, Way.NONE)


def has_name(action: Action) -> bool:
    """Whether an action's process has an id or a key to be read back by."""
    return action.process_id is not None or action.change.key is not None


def _keys_of(actions: Mapping[int, Action]) -> dict[str, list[object]]:
    """The keys of actions by attribute."""
    keys: dict[str, list[object]] = {}
    for action in actions.values():
        if (key := action.change.key) is not None:
            keys.setdefault(key.attribute, []).append(key.value)
    return keys


def _name_of(action: Action) -> Key:
    if action.process_id:
        return Key(action.change.procedure, "id", action.process_id)
    if action.change.key is None:
        raise ValueError("a row without a name is never read back")
    return action.change.key
