"""What a person sees of a scan: a line every few seconds, and a summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.client import RequestStats
    from chakra_api.clock import Clock
    from tap_chakra.scan import Progress

INTERVAL = 5.0
"""Seconds between two lines."""


@dataclass(frozen=True, slots=True)
class Work:
    """What was done, as a line shows it.

    Attributes:
        progress: How far the scan is.
        emitted: Rows emitted.
        requests: Requests sent.
        retries: Requests that were sent again.
        waited: Seconds that all readers together waited for the pace.
    """

    progress: Progress
    emitted: int
    requests: int
    retries: int
    waited: float


class Reporter:
    """Says when a line is due, and what it says.

    Args:
        clock: Only its monotonic time is used.
        before: The client's counts when the stream began.
    """

    def __init__(self, clock: Clock, before: RequestStats) -> None:
        self._clock = clock
        self._before = before
        self._began = self._last = clock.monotonic()

    def due(self) -> bool:
        """Whether the last line is old enough for another."""
        now = self._clock.monotonic()
        if now - self._last < INTERVAL:
            return False
        self._last = now
        return True

    def work(self, progress: Progress, emitted: int, stats: RequestStats) -> Work:
        """What was done since the stream began."""
        return Work(
            progress,
            emitted,
            stats.requests - self._before.requests,
            stats.retries - self._before.retries,
            stats.waited - self._before.waited,
        )

    def line(self, work: Work) -> str:
        """The line for now."""
        seconds = max(self._clock.monotonic() - self._began, 1e-3)
        return (
            f"{work.progress.rows:,} rows read, {work.emitted:,} emitted,"
            f" {work.progress.rows / seconds:,.0f} rows/s,"
            f" {work.progress.share:.0%} of the time covered,"
            f" {work.requests:,} requests ({work.retries:,} repeated),"
            f" {work.waited:.1f} s waited for the pace"
        )

    def summary(self, work: Work) -> str:
        """The line at the end."""
        seconds = self._clock.monotonic() - self._began
        verdict = "complete" if work.progress.complete else "INCOMPLETE"
        dense = f", {work.progress.dense} dense instants" if work.progress.dense else ""
        return f"{verdict} in {seconds:.1f} s: {self.line(work)}{dense}"


def misfit_line(counts: Mapping[str, int], what: str) -> str:
    """How many values of which attributes, most first; empty if there are none."""
    if not counts:
        return ""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {count:,}" for name, count in ranked[:10])
    more = f" and {len(ranked) - 10} more" if len(ranked) > 10 else ""  # noqa: PLR2004 - a line's worth
    return f"{sum(counts.values()):,} values {what}: {shown}{more}"
