"""The source of a mirrored stream: each day it adds, drops, changes and brings back rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

Row = dict[str, Any]
STREAM = "team"
OTHER_STREAM = "closed"
"""Where some of the rows stand on some days, in histories of two streams."""
COLUMNS = ("lead_id", "score")
KEYS = 60
"""Keys that the source ever uses; others use them, too."""


def key_of(number: int) -> str:
    return f"S-{number:03d}"


@dataclass
class Source:
    """What the source holds, and how it changes.

    Attributes:
        draw: Its chance.
        held: Scores by key.
        bad: Keys whose rows can't be written today.
        nameless: Rows without a key that it brings today.
        moved: Keys whose rows come on the other stream today, if there is one.
    """

    draw: random.Random
    held: dict[str, int] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    nameless: int = 0
    moved: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Its first rows."""
        for number in self.draw.sample(range(KEYS), 24):
            self.held[key_of(number)] = self.draw.randrange(100)

    def pass_a_day(self, *, calm: bool) -> None:
        """A day passes; on a calm one its rows are all good ones."""
        draw = self.draw
        for key in self._some(sorted(self.held), 5):
            del self.held[key]
        absent = sorted(set(map(key_of, range(KEYS))) - set(self.held))
        for key in self._some(absent, 6):
            self.held[key] = draw.randrange(100)
        for key in self._some(sorted(self.held), 6):
            self.held[key] = draw.randrange(100)
        if not self.held:
            self.held[key_of(0)] = 1
        self.bad = set() if calm else set(self._some(sorted(self.held), 1 + draw.randrange(2)))
        self.nameless = 0 if calm else int(draw.random() < 0.08)

    def move(self) -> None:
        """Rows move between its two streams."""
        for key in self._some(sorted(self.held), 9):
            self.moved ^= {key}

    def _some(self, keys: list[str], most: int) -> Iterable[str]:
        return self.draw.sample(keys, min(len(keys), self.draw.randrange(most + 1)))

    def rows(self) -> list[Row]:
        """The rows of today, in the order of the day."""
        found: list[Row] = [
            {"lead_id": key, "score": "many" if key in self.bad else score}
            for key, score in self.held.items()
        ]
        found += [{"lead_id": None, "score": 1}] * self.nameless
        self.draw.shuffle(found)
        return found
