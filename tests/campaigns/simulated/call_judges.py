"""Judges of calls: each made once, when it may leave, and in no run more than are allowed.

They read the server's own count and the requests as they left, and know nothing of the target.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.support.simulated import Sent


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a call that left.

    Attributes:
        value: What it is made once for.
        run: Of which run of the process.
        at: When it left, epoch seconds.
    """

    value: str
    run: int
    at: float


@dataclass(frozen=True, slots=True)
class Braked:
    """What a stream's user allows.

    Attributes:
        most: Messages of a run.
        apart: Seconds between two messages; 0 for as fast as they come.
        quiet: When none leaves: from and until, in minutes of the day; None for never.
        zone: Whose clocks.
        abreast: Messages that are under way at a time, at the most.
    """

    most: int
    apart: float = 0.0
    quiet: tuple[int, int] | None = None
    zone: str = "UTC"
    abreast: int = 1


def asked_in(requests: Iterable[Sent], values: Iterable[str]) -> list[Asked]:
    """The requests that carry one of these values, in their order."""
    marks = {f'"{value}"'.encode(): value for value in values}
    found = []
    for sent in requests:
        value = next((value for mark, value in marks.items() if mark in sent.body), None)
        if value is not None:
            found.append(Asked(value, sent.run, sent.left))
    return found


def calls_are_made_once(wanted: Mapping[str, bool], made: Mapping[str, int]) -> Iterator[str]:
    """Values whose call is not made once, of rows that fit; or at all, of those that don't.

    Args:
        wanted: Whether its row fits, by value.
        made: How often the server made the call, by value.
    """
    for value, fits in wanted.items():
        if made.get(value, 0) != fits:
            yield f"{value} was made {made.get(value, 0)} times"
    for value in made.keys() - wanted.keys():
        yield f"{value} was made, and no row asks for it"


def hours_are_kept(asked: Iterable[Asked], braked: Braked) -> Iterator[str]:
    """Messages that left in quiet hours."""
    if braked.quiet is None:
        return
    begin, end = braked.quiet
    for each in asked:
        here = datetime.fromtimestamp(each.at, timezone.utc).astimezone(ZoneInfo(braked.zone))
        # Minutes since the quiet hours began, whichever day that was.
        since = (here.hour * 60 + here.minute - begin) % 1440
        if since < (end - begin) % 1440:
            yield f"{each.value} left at {here:%H:%M:%S}, in quiet hours"


def limits_are_kept(asked: Iterable[Asked], braked: Braked) -> Iterator[str]:
    """Runs that asked for more messages than they may."""
    values: dict[int, set[str]] = defaultdict(set)
    for each in asked:
        values[each.run].add(each.value)
    for run, found in values.items():
        if len(found) > braked.most:
            yield f"run {run} asked for {len(found)} messages, and {braked.most} are allowed"


def the_pace_is_kept(asked: Sequence[Asked], braked: Braked) -> Iterator[str]:
    """Times in which more messages left than the pace allows.

    Those that are under way at once may have waited for one pause, and leave together behind it.
    """
    if not braked.apart:
        return
    first: dict[tuple[int, str], float] = {}
    for each in asked:
        first.setdefault((each.run, each.value), each.at)
    times: dict[int, list[float]] = defaultdict(list)
    for (run, _), at in first.items():
        times[run].append(at)
    for run, moments in times.items():
        moments.sort()
        for one, begin in enumerate(moments):
            for other in range(one + 1, len(moments)):
                count, seconds = other - one, moments[other] - begin
                if count > seconds / braked.apart + braked.abreast:
                    yield f"run {run} sent {count + 1} messages in {seconds:.1f} s"


BRAKES = (hours_are_kept, limits_are_kept, the_pace_is_kept)
"""The judges of what holds messages back."""
