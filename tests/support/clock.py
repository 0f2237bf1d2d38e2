"""A clock that jumps: sleeping costs nothing and moves time."""

from __future__ import annotations


class FakeClock:
    """Time that passes only when somebody sleeps; chance that is always the same."""

    def __init__(self, now: float = 1_790_000_000.0, chance: float = 0.5) -> None:
        self._began = now
        self._passed = 0.0
        self._chance = chance
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self._began + self._passed

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self._passed += seconds

    def random(self) -> float:
        return self._chance
