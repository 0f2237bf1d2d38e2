"""A run over time: rows that ended, requests, waits, and jobs that were under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_plugin.pages.parts import Bars, Series
from chakra_plugin.pages.time_axis import PLACES, TimeAxis, less, request_charts, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.course import Course
    from target_chakra.history.run_details import JobLine, RunDetails


def charts(details: RunDetails) -> Iterator[Bars]:
    """The charts of a run over time, those that there is something to show of."""
    if details.course is not None and details.course.seconds > 0:
        axis = TimeAxis(details.run.began_ms, details.course.seconds)
        yield _rows(details.course, axis)
        yield from request_charts(details.course, axis)
    if (jobs := _jobs(details)) is not None:
        yield jobs


def _rows(course: Course, axis: TimeAxis) -> Bars:
    ended, rejected = (course.increases(name, PLACES) for name in ("ended", "rejected"))
    series = (Series("rejected", rounded(rejected), 8), Series("others", less(ended, rejected), 2))
    return axis.bars("Rows that got their outcome", series, "rows")


def _jobs(details: RunDetails) -> Bars | None:
    """Jobs under way, by kind; the batches tell it even of a run that was killed."""
    timed = [each for each in details.jobs if each.sent_ms is not None]
    if not timed:
        return None
    began = details.run.began_ms
    last = max(each.settled_ms or each.sent_ms or began for each in timed)
    time = (began, max(details.run.ended_ms or last, last, began + 1))
    hues = (("create", 2), ("update", 1), ("delete", 6))
    series = [Series(f"{kind}s", _under_way(timed, kind, time), hue) for kind, hue in hues]
    shown = [each for each in series if any(each.values)]
    axis = TimeAxis(began, (time[1] - began) / 1000)
    return axis.bars("Jobs under way", shown, "jobs") if shown else None


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
