"""The last STATE before which every row is settled: the one to pass on (decision 5). Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

State = TypeVar("State")


class StateGate(Generic[State]):
    """Rows by number, from 1 on, and the states that came between them.

    A state may pass once every row before it is settled. Of several that may, only the last
    matters.
    """

    def __init__(self) -> None:
        self._done: set[int] = set()
        self._states: deque[tuple[int, State]] = deque()
        self._last = 0
        self._below = 0

    def came_in(self, line: int) -> None:
        """The next row came in; it is not settled."""
        if line != self._last + 1:
            raise ValueError("rows are numbered one by one")
        self._last = line

    def state(self, value: State) -> None:
        """A state came in, behind all rows so far."""
        self._states.append((self._last, value))

    def settled(self, line: int) -> None:
        """A row is settled."""
        if line <= self._below or line in self._done or line > self._last:
            raise ValueError(f"row {line} is not one that is open")
        self._done.add(line)
        while self._below + 1 in self._done:
            self._below += 1
            self._done.remove(self._below)

    def passable(self) -> State | None:
        """The last state that every row before it allows; each at most once."""
        found: State | None = None
        while self._states and self._states[0][0] <= self._below:
            found = self._states.popleft()[1]
        return found
