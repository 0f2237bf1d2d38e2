"""The rows of one procedure, kept so that a million of them can be listed cheaply.

A row has a slot: its place in the order of creation. Slots are never reused and `createdAt` never
falls from one slot to the next, so a range of `createdAt` is a range of slots, found by bisection.
A row is kept as the JSON the API sends by default; a list copies bytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from chakra_sandbox import exact_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.messages import Row


def key_text(value: object) -> str | None:
    """Return the form in which keys are compared: 7, 7.0 and "7" are one key."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, float | Decimal) and value == int(value):
        return str(int(value))
    return str(value)


def _pack(row: Row) -> bytes:
    # A copy: orjson's own result holds on to several times the memory it needs.
    return bytes(memoryview(exact_json.dumps(row)))


@dataclass(frozen=True, slots=True)
class Life:
    """When a row lived, in epoch milliseconds."""

    born_ms: int
    died_ms: int | None
    changes: tuple[int, ...]


class Store:
    """The rows of one procedure, living and dead.

    Attributes:
        primary_key: shortId of the key attribute, or None.
        cells: Each slot's row as JSON, as it is or was when it died.
        created: Each slot's `createdAt`, never falling.
        updated: Each slot's `updatedAt`.
        alive: 1 for each living slot.
        version: Grows with every write.
    """

    def __init__(self, primary_key: str | None) -> None:
        self.primary_key = primary_key
        self.cells: list[bytes] = []
        self.ids: list[str] = []
        self.created = array("q")
        self.updated = array("q")
        self.alive = bytearray()
        self.version = 0
        self._slot_of: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._twins: dict[str, list[int]] = {}
        self._died: dict[int, int] = {}
        self._changes: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self.cells)

    def living(self) -> int:
        """Count the living rows."""
        return len(self.cells) - len(self._died)

    def insert(self, row: Row) -> int:
        """Add a row; its `createdAt` must not lie before the newest row's.

        Returns:
            Its slot.
        """
        slot = len(self.cells)
        self.cells.append(_pack(row))
        self.ids.append(row["id"])
        self.created.append(row["createdAt"])
        self.updated.append(row["updatedAt"])
        self.alive.append(1)
        self._slot_of[row["id"]] = slot
        if self.primary_key is not None:
            self._add_key(key_text(row["data"].get(self.primary_key)), slot)
        self.version += 1
        return slot

    def replace(self, slot: int, row: Row, now_ms: int) -> None:
        """Put a changed row in a slot; one that was dead lives again if the row says so."""
        if not self.alive[slot] and not row["isDeleted"]:
            self.alive[slot] = 1
            del self._died[slot]
        if self.primary_key is not None:
            self._add_key(key_text(row["data"].get(self.primary_key)), slot)
        self.cells[slot] = _pack(row)
        self.updated[slot] = row["updatedAt"]
        self._changes.setdefault(slot, []).append(now_ms)
        self.version += 1

    def kill(self, slot: int, now_ms: int) -> None:
        """Delete a row; the slot keeps its last form, marked as deleted."""
        row = self.row(slot)
        self.cells[slot] = _pack({**row, "isDeleted": True, "updatedAt": now_ms})
        self.updated[slot] = now_ms
        self.alive[slot] = 0
        self._died[slot] = now_ms
        self.version += 1

    def row(self, slot: int) -> Row:
        """Return a copy of a row."""
        made: Row = exact_json.loads(self.cells[slot])
        return made

    def slot_of_id(self, row_id: str) -> int | None:
        """Find a row, living or dead."""
        return self._slot_of.get(row_id)

    def slots_that_had(self, value: object) -> list[int]:
        """Find the rows, living or dead, that have or once had a primary key value."""
        key = key_text(value)
        if key is None or key not in self._keys:
            return []
        return [self._keys[key], *self._twins.get(key, ())]

    def slots_of_key(self, value: object) -> list[int]:
        """Find the living rows with a primary key value; more than one only if keys may repeat."""
        key = key_text(value)
        return [s for s in self.slots_that_had(value) if self.alive[s] and self._key_at(s) == key]

    def slot_range(self, lower_ms: int | None, upper_ms: int | None) -> range:
        """Return the slots with lower <= createdAt < upper."""
        first = 0 if lower_ms is None else bisect_left(self.created, lower_ms)
        last = len(self.cells) if upper_ms is None else bisect_left(self.created, upper_ms)
        return range(first, max(first, last))

    def newest_ms(self) -> int:
        """Return the newest `createdAt`, 0 if there is none."""
        return self.created[-1] if self.created else 0

    def any_living(self, near: int) -> int | None:
        """Return the first living slot at or after `near`, going round."""
        found = self.alive.find(1, near)
        found = self.alive.find(1) if found < 0 else found
        return None if found < 0 else found

    def life(self, slot: int) -> Life:
        """Say when a row was born, changed and died."""
        changes = tuple(self._changes.get(slot, ()))
        return Life(self.created[slot], self._died.get(slot), changes)

    def lives(self) -> Iterator[tuple[int, Life]]:
        """Go through all rows that ever were, oldest first."""
        for slot in range(len(self.cells)):
            yield slot, self.life(slot)

    def _add_key(self, key: str | None, slot: int) -> None:
        if key is None:
            return
        if key not in self._keys:
            self._keys[key] = slot
        elif slot not in self.slots_that_had(key):
            self._twins.setdefault(key, []).append(slot)

    def _key_at(self, slot: int) -> str | None:
        return key_text(self.row(slot)["data"].get(self.primary_key))
