"""What lists show while they lag behind the writes (Q32), and whether they show the dead (Q12)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_sandbox import exact_json
from chakra_sandbox.reads.selection import View

if TYPE_CHECKING:
    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.store import Store


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a list shows of a slot: its row, or None for nothing."""

    cell: bytes | None


class Lag:
    """The list's view of one store; with a lag, it holds the older form of what was written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._behind: dict[int, _Seen] = {}
        self._due: deque[tuple[int, int]] = deque()
        self._waiting: dict[int, int] = {}

    def before_write(self, slot: int, due_ms: int, *, hides: bool = False) -> None:
        """Keep what lists show of a slot until `due_ms`; call it before the write.

        Args:
            slot: That is to be written.
            due_ms: When lists show what is written.
            hides: Whether they show nothing until then: an index that replaces its entries.
        """
        if hides:
            self._behind[slot] = _Seen(None)
        elif slot not in self._behind:
            there = slot < len(self._store) and self._store.alive[slot]
            self._behind[slot] = _Seen(self._store.cells[slot] if there else None)
        self._due.append((due_ms, slot))
        self._waiting[slot] = self._waiting.get(slot, 0) + 1

    def catch_up(self, now_ms: int) -> None:
        """Let lists see what is due; a slot written again waits for its last write."""
        while self._due and self._due[0][0] <= now_ms:
            _, slot = self._due.popleft()
            self._waiting[slot] -= 1
            if not self._waiting[slot]:
                del self._waiting[slot], self._behind[slot]

    def view(self, *, shows_dead: bool) -> View:
        """Return the rows as a list shows them now."""
        store, behind = self._store, self._behind
        listed = bytearray(b"\1") * len(store) if shows_dead else store.alive
        if not behind:
            return View(store, listed, store.cells.__getitem__)
        listed = bytearray(listed)
        for slot, seen in behind.items():
            listed[slot] = seen.cell is not None
        return View(store, listed, self._cell)

    def row(self, slot: int) -> Row | None:
        """A slot's row as the list shows it now, or showed it before it died; None for no row."""
        seen = self._behind.get(slot)
        cell = self._store.cells[slot] if seen is None else seen.cell
        return None if cell is None else exact_json.loads(cell)

    def _cell(self, slot: int) -> bytes:
        seen = self._behind.get(slot)
        return self._store.cells[slot] if seen is None or seen.cell is None else seen.cell
