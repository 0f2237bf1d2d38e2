"""A run over time: rows that ended, requests, waits, and jobs that were under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.pages.instants import utc
from chakra_plugin.pages.parts import Bars, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.course import Course
    from target_chakra.history.run_details import JobLine, RunDetails

PLACES: Final = 60
"""Bars of a chart over time."""
_SECOND: Final = 1000


def charts(details: RunDetails) -> Iterator[Bars]:
    """The charts of a run over time, those that there is something to show of."""
    if details.course is not None and details.course.seconds > 0:
        yield from _of_course(details.course, details.run.began_ms)
    if (jobs := _jobs(details)) is not None:
        yield jobs


def _of_course(course: Course, began_ms: int) -> Iterator[Bars]:
    grown = {name: course.increases(name, PLACES) for name in course.names}
    labels, ends = _labels(began_ms, course.seconds)
    ended = [max(0.0, a - b) for a, b in zip(grown["ended"], grown["rejected"], strict=True)]
    sent = [max(0.0, a - b) for a, b in zip(grown["requests"], grown["repeated"], strict=True)]
    yield Bars(
        "Rows that got their outcome",
        labels,
        (Series("rejected", _whole(grown["rejected"]), 8), Series("others", _whole(ended), 2)),
        "rows",
        ends,
    )
    yield Bars(
        "Requests",
        labels,
        (Series("repeated", _whole(grown["repeated"]), 3), Series("first tries", _whole(sent), 1)),
        "requests",
        ends,
    )
    if sum(grown["waited"]) >= 1:
        waited = Series("seconds, all threads together", _whole(grown["waited"]), 7)
        yield Bars("Waited for the pace", labels, (waited,), "s", ends)


def _jobs(details: RunDetails) -> Bars | None:
    """Jobs under way, by kind; the batches tell it even of a run that was killed."""
    timed = [each for each in details.jobs if each.sent_ms is not None]
    if not timed:
        return None
    began = details.run.began_ms
    last = max(each.settled_ms or each.sent_ms or began for each in timed)
    ended = max(details.run.ended_ms or last, last, began + 1)
    seconds = (ended - began) / _SECOND
    labels, ends = _labels(began, seconds)
    hues = (("create", 2), ("update", 1), ("delete", 6))
    series = [
        Series(f"{kind}s", _under_way(timed, kind, (began, ended)), hue) for kind, hue in hues
    ]
    shown = [each for each in series if any(each.values)]
    return Bars("Jobs under way", labels, shown, "jobs", ends) if shown else None


def _under_way(jobs: Sequence[JobLine], kind: str, time: tuple[int, int]) -> list[float]:
    """The mean number of jobs of a kind under way, in each part of the time."""
    began, ended = time
    width = (ended - began) / PLACES
    found = [0.0] * PLACES
    for each in jobs:
        if each.kind == kind and each.sent_ms is not None:
            begin = (each.sent_ms - began) / width
            end = ((each.settled_ms or ended) - began) / width
            for place in range(max(0, int(begin)), min(PLACES, int(end) + 1)):
                found[place] += max(0.0, min(end, place + 1) - max(begin, place))
    return [round(each, 2) for each in found]


def _labels(began_ms: int, seconds: float) -> tuple[list[str], tuple[str, str]]:
    width = seconds / PLACES
    labels = [f"from {_seconds(place * width)}" for place in range(PLACES)]
    ended = utc(began_ms + round(seconds * _SECOND))
    return labels, (utc(began_ms), f"{ended}, after {_seconds(seconds)}")


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f} s"


def _whole(values: Sequence[float]) -> list[float]:
    return [round(each, 1) for each in values]
