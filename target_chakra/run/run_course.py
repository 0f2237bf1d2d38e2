"""What of a run is counted over time, for those who look at it later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chakra_api.course import CourseTaker
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from chakra_api.clock import Clock
    from chakra_api.course import Course
    from chakra_api.endpoints.answers import RequestStats
    from target_chakra.run.writer import Writer

COUNTED: Final = ("rows", "ended", "rejected", "jobs", "requests", "repeated", "waited")
"""Rows that came in, those with an outcome, the rejected among these; jobs, requests, the repeated
among these; seconds that all threads together waited for the pace."""


class RunCourse:
    """Takes the course of one run.

    Args:
        clock: Of the run.
        began: When it began, by the monotonic clock.
    """

    def __init__(self, clock: Clock, began: float) -> None:
        self._clock = clock
        self._taker = CourseTaker(COUNTED, began)

    def beat(self, writer: Writer[Any], stats: RequestStats) -> None:
        """Take a point if one is due."""
        now = self._clock.monotonic()
        if self._taker.is_due(now):
            self._taker.take(now, _counts(writer, stats))

    def ended(self, writer: Writer[Any], stats: RequestStats) -> Course:
        """The course of a run that has ended."""
        self._taker.take(self._clock.monotonic(), _counts(writer, stats))
        return self._taker.course()


def _counts(writer: Writer[Any], stats: RequestStats) -> tuple[float, ...]:
    tally = writer.tally
    return (
        tally.last_seq,
        tally.last_seq - tally.open,
        tally.count(Outcome.REJECTED),
        writer.dispatcher.jobs,
        stats.requests,
        stats.retries,
        stats.waited,
    )
