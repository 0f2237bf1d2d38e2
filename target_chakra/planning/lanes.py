"""Changes that wait, one lane per process: combined, in order, and never two at work. Pure.

A process may be named in several ways: by its id, by its key, by a key that a change gives it.
While a change is at work all of its process's names are *held*, and changes that name it by any
of them wait in their lanes (design decision 7). A lane's first change is *ready* when nothing
holds its name.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from target_chakra.planning.combined import combined, may_combine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_chakra.changes import Change, Key

Group: TypeAlias = "tuple[str, str]"
"""Procedure and key attribute: what one look-up can ask for."""


class Lanes:
    """All changes that name a process and are not at work."""

    def __init__(self) -> None:
        self._lanes: dict[Key, deque[Change]] = {}
        self._ready: dict[Group, dict[Key, None]] = {}
        self._holder: dict[Key, Key] = {}
        self._held: dict[Key, list[Key]] = {}
        self._blocked: dict[Key, list[Key]] = {}
        self._blocked_keys: set[Key] = set()
        self._freed: dict[Key, int] = {}
        self._freed_in_order: deque[tuple[int, Key]] = deque()
        self._tick = 0
        self.waiting = 0
        """Changes in all lanes."""

    def add(self, key: Key, change: Change) -> None:
        """A change came in; it is combined with the one before it where that may be."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = deque()
        if lane and may_combine(lane[-1], change):
            lane[-1] = combined(lane[-1], change)
            return
        lane.append(change)
        self.waiting += 1
        self._ready_if_free(key)

    def _ready_if_free(self, key: Key) -> None:
        if key in self._lanes and key not in self._holder and key not in self._blocked_keys:
            self._ready.setdefault((key.procedure, key.attribute), {})[key] = None

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups in which a change is ready."""
        return tuple(group for group, keys in self._ready.items() if keys)

    def ready(self, group: Group) -> int:
        """How many changes of a group are ready."""
        return len(self._ready.get(group, ()))

    def take(self, group: Group, most: int) -> list[Change]:
        """Take ready changes to work on; each holds its key until it is released."""
        keys = self._ready.get(group, {})
        taken: list[Change] = []
        for key in list(keys)[:most]:
            del keys[key]
            if key in self._holder:
                continue
            lane = self._lanes[key]
            taken.append(lane.popleft())
            if not lane:
                del self._lanes[key]
            self._holder[key] = key
            self._held[key] = [key]
        self.waiting -= len(taken)
        return taken

    @property
    def tick(self) -> int:
        """A mark in time: what is freed later is stale for what was read now."""
        return self._tick

    def is_stale(self, names: Iterable[Key], since: int) -> bool:
        """Whether something at work on the process ended after that mark."""
        freed = self._freed
        if not freed:
            return False
        return any(freed.get(name, -1) >= since for name in names)

    def forget_ticks(self, before: int) -> None:
        """Nothing that was read before that mark is still to be decided on."""
        while self._freed_in_order and self._freed_in_order[0][0] < before:
            tick, name = self._freed_in_order.popleft()
            if self._freed.get(name) == tick:
                del self._freed[name]

    def hold(self, owner: Key, names: Iterable[Key]) -> Key | None:
        """Hold all names of an owner's process; the first that another holds, if any."""
        wanted = [name for name in dict.fromkeys(names) if self._holder.get(name) != owner]
        for name in wanted:
            if name in self._holder:
                return name
        for name in wanted:
            self._holder[name] = owner
        self._held.setdefault(owner, []).extend(wanted)
        return None

    def defer(self, owner: Key, change: Change, until: Key | None = None) -> None:
        """Put a change back at the head of its lane, until that name is freed."""
        self._lanes.setdefault(owner, deque()).appendleft(change)
        self.waiting += 1
        if until is not None:
            self._blocked.setdefault(until, []).append(owner)
            self._blocked_keys.add(owner)
        # Nothing was done: what others have read meanwhile is not stale. If it were, lanes that
        # name one process in several ways would put each other back for ever.
        self._let_go(owner)

    def join(self, owner: Key, change: Change) -> bool:
        """Combine a change that was taken with the one behind it; whether they may be one."""
        lane = self._lanes.get(owner)
        if not lane or not may_combine(change, lane[0]):
            return False
        lane[0] = combined(change, lane[0])
        self._free(owner)
        return True

    def release(self, owner: Key, again: Iterable[Change] = ()) -> None:
        """An owner's work is done; what is to be tried again goes before what waits."""
        back = list(again)
        if back:
            self._lanes.setdefault(owner, deque()).extendleft(reversed(back))
            self.waiting += len(back)
        self._free(owner)

    def _free(self, owner: Key) -> None:
        self._tick += 1
        for name in self._let_go(owner):
            self._freed[name] = self._tick - 1
            self._freed_in_order.append((self._tick - 1, name))

    def _let_go(self, owner: Key) -> list[Key]:
        """An owner holds nothing any more; the names that it held."""
        names = self._held.pop(owner, [])
        for name in names:
            del self._holder[name]
            self._ready_if_free(name)
            self.unblock(name)
        return names

    def unblock(self, name: Key) -> None:
        """What was put back until that name is free is waited for no longer."""
        for blocked in self._blocked.pop(name, ()):
            self._blocked_keys.discard(blocked)
            self._ready_if_free(blocked)

    def blocking(self, attribute: str) -> list[Key]:
        """The names by that attribute for which changes were put back."""
        return [name for name in self._blocked if name.attribute == attribute]

    def drain(self, procedure: str | None = None) -> list[Change]:
        """Take everything (of a procedure) that still waits: it will not be sent."""
        keys = [key for key in self._lanes if procedure in (None, key.procedure)]
        left = [change for key in keys for change in self._lanes.pop(key)]
        for group, ready in self._ready.items():
            if procedure in (None, group[0]):
                ready.clear()
        self.waiting -= len(left)
        return left
