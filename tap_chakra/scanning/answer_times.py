"""What the answers of one round took, kept apart by what they tell of."""

from __future__ import annotations

from statistics import median, quantiles
from typing import Final

FEWEST_EARLIER: Final = 4
"""Answers that were asked before a crew grew, from which on they tell what one takes."""


class AnswerTimes:
    """What answers took since a crew has its size.

    Attributes:
        here: Seconds of each that was asked at this size.
        cold: The same, where a connection was set up within: it can only have taken longer.
        earlier: Seconds of each that was asked before.
        late: How late a thread came to its turn, each time.
    """

    def __init__(self) -> None:
        self.here: list[float] = []
        self.cold: list[float] = []
        self.earlier: list[float] = []
        self.late: list[float] = []

    @property
    def with_cold(self) -> float:
        """What an answer of this size takes, those on new connections among them."""
        return _quick([*self.here, *self.cold])

    def before(self, *, are_first: bool) -> float | None:
        """What an answer took before; None where too few tell.

        Args:
            are_first: As for `typical`.
        """
        if len(self.earlier) < FEWEST_EARLIER:
            return None
        return _typical(self.earlier, are_first=are_first)

    @property
    def lateness(self) -> float:
        """How late a thread comes to its turn, in the middle."""
        return median(self.late) if self.late else 0.0

    def typical(self, *, are_first: bool) -> float:
        """What an answer takes that nothing of ours delays: three in four take longer.

        Args:
            are_first: Whether these are the first of all: the quick ones have come by then, so it
                is the one in the middle.
        """
        return _typical(self.here, are_first=are_first)


def _typical(seconds: list[float], *, are_first: bool) -> float:
    return median(seconds) if are_first else _quick(seconds)


def _quick(seconds: list[float]) -> float:
    return quantiles(seconds, n=4)[0]
