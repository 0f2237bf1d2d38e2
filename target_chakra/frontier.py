"""Up to where every row is settled: which STATE may be passed on (design decision 5). Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

State = TypeVar("State")


class Frontier(Generic[State]):
    """Rows by line number, and the states that came between them.

    A state may pass once every row before it is settled. Of several that may, only the last
    matters.
    """

    def __init__(self) -> None:
        self._open: dict[int, None] = {}
        self._states: deque[tuple[int, State]] = deque()
        self._last = 0

    def came_in(self, line: int) -> None:
        """A row came in; it is not settled."""
        self._open[line] = None
        self._last = line

    def state(self, value: State) -> None:
        """A state came in, behind all rows so far."""
        self._states.append((self._last, value))

    def settled(self, line: int) -> None:
        """A row is settled."""
        del self._open[line]

    @property
    def unsettled(self) -> int:
        """How many rows are not settled."""
        return len(self._open)

    def passable(self) -> State | None:
        """The last state that every row before it allows; each at most once."""
        first_open = next(iter(self._open), None)
        found: State | None = None
        while self._states and (first_open is None or self._states[0][0] < first_open):
            found = self._states.popleft()[1]
        return found
