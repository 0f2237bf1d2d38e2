"""Draws for made data: cheap, from one seeded stream."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Draw:
    """A seeded stream of draws; the same seed gives the same draws."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)
        self.fraction = self._random.random

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to `bound` - 1."""
        return int(self.fraction() * bound)

    def of(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[int(self.fraction() * len(items))]

    def some(self, items: Sequence[T], most: int) -> list[T]:
        """Return up to `most` different items, in their order."""
        first = self.below(len(items))
        return list(items[first : first + self.below(most + 1)])

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.fraction() < probability

    def uuid(self) -> str:
        """Return a version 4 uuid."""
        h = f"{self._random.getrandbits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
