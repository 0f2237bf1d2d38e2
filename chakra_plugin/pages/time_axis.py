"""The axis of a chart over the time of a run: places of equal width, and what stands under them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_plugin.pages.instants import utc
from chakra_plugin.pages.parts import Bars, Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chakra_api.course import Course

PLACES: Final = 60
"""Bars of a chart over time."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The time of a run.

    Attributes:
        began_ms: When it begins, epoch milliseconds.
        seconds: How long it is.
    """

    began_ms: int
    seconds: float

    def bars(self, caption: str, series: Sequence[Series], unit: str) -> Bars:
        """A chart of values, one for each of the places."""
        width = self.seconds / PLACES
        labels = [f"from {place * width:,.1f} s" for place in range(PLACES)]
        ended = utc(self.began_ms + round(self.seconds * 1000))
        ends = (utc(self.began_ms), f"{ended}, after {self.seconds:,.1f} s")
        return Bars(caption, labels, series, unit, ends)


def request_charts(course: Course, axis: TimeAxis) -> Iterable[Bars]:
    """The charts of what requests and waits there were."""
    grown = {name: course.increases(name, PLACES) for name in course.names}
    first = less(grown["requests"], grown["repeated"])
    again = Series("repeated", rounded(grown["repeated"]), 3)
    yield axis.bars("Requests", (Series("first tries", first, 1), again), "requests")
    if sum(grown["waited"]) >= 1:
        waited = Series("seconds, all threads together", rounded(grown["waited"]), 7)
        yield axis.bars("Waited for the pace", (waited,), "s")


def less(values: Sequence[float], others: Sequence[float]) -> list[float]:
    """Values without others that are among them."""
    return rounded([max(0.0, a - b) for a, b in zip(values, others, strict=True)])


def rounded(values: Sequence[float]) -> list[float]:
    """Values as they are drawn."""
    return [round(each, 1) for each in values]
