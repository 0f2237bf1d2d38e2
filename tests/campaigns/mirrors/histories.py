"""A history of the mirrors' campaign by its number, and what the judge says of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.campaigns.mirrors.judge import verdict
from tests.campaigns.mirrors.weeks import MirrorWeeks

if TYPE_CHECKING:
    from collections.abc import Mapping

DAYS = 14


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a history.

    Attributes:
        number: From which all of it follows.
        ending: How its statements end.
        counts: Days, runs, rows, deletes and faults.
        condemned: What the judge condemns.
    """

    number: int
    ending: str
    counts: Mapping[str, int]
    condemned: tuple[str, ...]


def live(number: int, days: int = DAYS) -> Result:
    """A history, and what the judge says of it."""
    made = MirrorWeeks(number, days)
    weeks = made.live()
    counts = Counter(made.counts)
    counts["faults"] = len(made.faults)
    return Result(number, made.ending, counts, tuple(verdict(weeks)))
