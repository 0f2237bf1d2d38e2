"""What the sandbox's log of requests tells about the pace. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

UNDER_WAY = 0.1
"""Seconds after a 429 in which requests may still come in that left before its answer arrived."""

STRETCH = 3.0
"""Seconds over which a rate is counted."""

ENOUGH = 0.9
"""Share of an allowance that counts as back to speed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A list request.

    Attributes:
        at: Seconds since the first one.
        refused: Whether the answer was 429.
    """

    at: float
    refused: bool


def asked(lines: Sequence[dict[str, Any]], path: str) -> list[Asked]:
    """The requests for a path, of the sandbox's log."""
    mine = [(line["at_ms"], line["status"]) for line in lines if line["path"] == path]
    first = min((at_ms for at_ms, _ in mine), default=0)
    return [Asked((at_ms - first) / 1000, status == 429) for at_ms, status in mine]


def used(log: Sequence[Asked], start: float, end: float, rps: float) -> float:
    """Share of an allowance that was used between two moments."""
    answered = sum(start <= each.at < end and not each.refused for each in log)
    return answered / (rps * (end - start))


def inside_pauses(log: Sequence[Asked], retry_after: float) -> int:
    """Requests that came inside a Retry-After, and had not left before it was known."""
    count = 0
    closed: list[float] = []
    for each in log:
        if any(said + UNDER_WAY < each.at < said + retry_after for said in closed[-3:]):
            count += 1
        if each.refused:
            closed.append(each.at)
    return count


def back_after(log: Sequence[Asked], moment: float, rps: float) -> float:
    """Seconds from a moment until a stretch began in which enough was used; infinite if never."""
    last = max((each.at for each in log), default=0.0)
    seconds = 0.0
    while moment + seconds + STRETCH <= last:
        begin = moment + seconds
        if used(log, begin, begin + STRETCH, rps) >= ENOUGH:
            return seconds
        seconds += 0.5
    return float("inf")


def by_second(log: Sequence[Asked]) -> list[int]:
    """Answered requests in each second."""
    counts = [0] * (int(max((each.at for each in log), default=0.0)) + 1)
    for each in log:
        counts[int(each.at)] += not each.refused
    return counts
