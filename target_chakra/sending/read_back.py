"""Reads processes back that were written, or may have been: what ChakraHQ shows of them now.

Runs on worker threads and only talks to ChakraHQ. A list may lag behind a write (Q32), so what is
not seen at once is looked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_chakra.lookups.key_lookups import PAGE, Way
from target_chakra.sending.recovery import Sight, sight
from target_chakra.sending.server_limits import FIRST_BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chakra_api.clock import Clock
    from target_chakra.changes import Action
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot

LAG_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 8.0)
"""Seconds between looks for what a finished job wrote: 30 in all (Q32)."""


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
        lookups, text = self._procedure.lookups(attribute), self._procedure.key_text(attribute)
        way = self._procedure.ways.get(attribute)
        if way is None:
            way = self._procedure.ways[attribute] = lookups.prove()
        places = list(values)
        seen: dict[int, tuple[Snapshot, ...]] = {}
        for start in range(0, len(places), PAGE):
            part = places[start : start + PAGE]
            found = lookups.find(way, [values[at] for at in part]).snapshots
            seen.update({at: found.get(text(values[at]), ()) for at in part})
        return seen

    def sights(self, actions: Mapping[int, Action]) -> dict[int, tuple[Sight, str | None]]:
        """What the processes of a lost batch say, and which they are, by position."""
        return {
            at: (self.sight(actions[at], seen), seen[0].process_id if seen else None)
            for at, seen in self.look(actions).items()
        }

    def sight(self, action: Action, seen: Sequence[Snapshot]) -> Sight:
        """What the processes that were found say about an action."""
        converted = action.known.learned if action.known else None
        return sight(action, seen, self._procedure.destinations.comparable, converted)

    # For as long as a list may lag

    def changed(self, actions: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """Processes of updates and deletes, waited for until one of them is not as before."""
        seen = self.look(actions)
        for pause in LAG_PAUSES:
            late = [a for a in actions if self.sight(actions[a], seen[a]) is Sight.AS_BEFORE]
            if len(late) < len(actions):
                break
            self._clock.sleep(pause)
            seen = self.look(actions)
        return seen

    def created(self, actions: Mapping[int, Action]) -> dict[int, tuple[Snapshot, ...]]:
        """Processes of creates that can be looked up, waited for until all are there."""
        seen = self.look(actions)
        for pause in LAG_PAUSES:
            missing = {at: action for at, action in actions.items() if not seen[at]}
            if not missing:
                break
            self._clock.sleep(pause)
            seen.update(self.look(missing))
        return seen

    # Whether a create can be looked up

    def prove_on(self, actions: Mapping[int, Action]) -> None:
        """Prove look-ups on what was just created, where nothing was before (design decision 8)."""
        for attribute, values in _keys_of(actions).items():
            if self._procedure.ways[attribute] is Way.EMPTY:
                self._procedure.ways[attribute] = self._proven_on(
                    attribute, values[:FIRST_BATCH_ROWS]
                )

    def _proven_on(self, attribute: str, values: Sequence[object]) -> Way:
        for pause in LAG_PAUSES:
            way = self._procedure.lookups(attribute).prove_on(values)
            if way is not Way.NONE:
                return way
            self._clock.sleep(pause)
        return Way.NONE

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


def _name_of(action: Action) -> tuple[str, str | int]:
    if action.process_id:
        return "id", action.process_id
    key = action.change.key
    if key is None:
        raise ValueError("a row without a name is never read back")
    return key.attribute, key.value
