"""Keeps what there is to tell of a run while it goes on: streams as they end, counts over time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_api.course import CourseTaker
from tap_chakra.facts.scan_facts import StreamFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.clock import Clock
    from chakra_api.course import Course
    from chakra_api.endpoints.answers import RequestStats

COUNTED: Final = ("requests", "repeated", "waited", "rows", "emitted")
"""Requests, those of them that were sent again, seconds that all readers together waited for the
pace; rows read and emitted."""


class RunRecord:
    """The record of one run.

    Args:
        clock: Of the run.
        stats: The requests that were sent so far.

    Attributes:
        began_ms: When it began, by our clock, epoch milliseconds.
    """

    def __init__(self, clock: Clock, stats: Callable[[], RequestStats]) -> None:
        self._clock = clock
        self._stats = stats
        self._began = self._stream_began = clock.monotonic()
        self.began_ms = int(clock.now() * 1000)
        self._taker = CourseTaker(COUNTED, self._began)
        self._streams: dict[str, StreamFacts] = {}

    def begin(self, stream: str) -> None:
        """A stream's turn has come."""
        self._stream_began = self._clock.monotonic()
        self._streams[stream] = StreamFacts(stream, complete=False)

    def beat(self, counts: Callable[[], tuple[int, int]]) -> None:
        """Take a point of the course if one is due.

        Args:
            counts: Rows read and emitted of the stream under way; asked for if one is due.
        """
        now = self._clock.monotonic()
        if self._taker.is_due(now):
            self._take(now, counts())

    def _take(self, now: float, counts: tuple[int, int]) -> None:
        stats = self._stats()
        ended = self._streams.values()
        read = sum(each.rows or 0 for each in ended) - sum(each.resumed for each in ended)
        emitted = sum(each.emitted or 0 for each in ended)
        self._taker.take(
            now,
            (stats.requests, stats.retries, stats.waited, read + counts[0], emitted + counts[1]),
        )

    def tell(self, facts: StreamFacts) -> None:
        """What there is to tell of the stream under way, but for how long it took."""
        self._streams[facts.stream] = facts

    def end(self, stream: str, error: str = "") -> None:
        """A stream has ended; a failed one with the reason."""
        facts = self._streams[stream]
        ended = replace(facts, seconds=round(self._clock.monotonic() - self._stream_began, 3))
        if error:
            ended = replace(ended, error=error, complete=False)
        elif not facts.reads and not facts.unsure:
            ended = replace(ended, complete=True)
        self._streams[stream] = ended

    @property
    def streams(self) -> tuple[StreamFacts, ...]:
        """The streams so far, in the order of their turns."""
        return tuple(self._streams.values())

    @property
    def stats(self) -> RequestStats:
        """The requests that were sent so far."""
        return self._stats()

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self._clock.monotonic() - self._began

    def course(self) -> Course:
        """The counts over time, up to now."""
        self._take(self._clock.monotonic(), (0, 0))
        return self._taker.course()
