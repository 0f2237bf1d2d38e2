"""What a person sees of a scan: a line that is kept up to date, and a summary.

On a terminal it is one line that changes; otherwise a plain one every few seconds.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chakra_api.printable import printable
from chakra_api.values.counts import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

    from chakra_api.clock import Clock
    from chakra_api.endpoints.client import RequestStats
    from tap_chakra.scanning.scan_reading import Progress

PLAIN_SECONDS = 5.0
"""Seconds between two lines."""

LIVE_SECONDS = 0.25
"""Seconds between two changes of a line on a terminal."""

CLEAR = "\r\x1b[K"
MINUTE = 60
MOST_NAMED = 10
MOST_WARNINGS = 100
"""Warnings about the account that are written out."""
ROWS_A_PAGE = 100
"""Rows that a request may bring (contract 4.3)."""


class Screen:
    """One line of a terminal that changes; log lines push it down.

    Args:
        stream: Where it is shown.
        width: Columns that there are.
    """

    def __init__(self, stream: TextIO, width: Callable[[], int]) -> None:
        self._stream = stream
        self._width = width
        self._shown = False
        self.is_live = stream.isatty()

    def show(self, text: str) -> None:
        """Put a text in place of the last one."""
        if self.is_live:
            self._stream.write(CLEAR + printable(text)[: max(1, self._width() - 1)])
            self._stream.flush()
            self._shown = True

    def clear(self) -> None:
        """Take the text away, so that a log line may be written."""
        if self._shown:
            self._stream.write(CLEAR)
            self._stream.flush()
            self._shown = False


class PushesDown(logging.Filter):
    """Takes the progress line off the terminal before a log line is written."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the logging module's signature
        """Clear the progress line; every log record passes."""
        self._screen.clear()
        return True


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


class Odd(Protocol):
    """Counts of values that were not as their type has them, by attribute."""

    @property
    def misfits(self) -> Mapping[str, int]:
        """Those that went to `_extra_data`."""

    @property
    def zoneless(self) -> Mapping[str, int]:
        """Times that named no zone."""

    @property
    def nul(self) -> Mapping[str, int]:
        """Texts that lost U+0000."""


class Reporter:
    """Says when a line is due, and what it says.

    Args:
        clock: Only its monotonic time is used.
        before: The client's counts when the stream began.
        every: Seconds between two lines.
    """

    def __init__(self, clock: Clock, before: RequestStats, every: float = PLAIN_SECONDS) -> None:
        self._clock = clock
        self._before = before
        self._every = every
        self._began = self._last = clock.monotonic()
        self._share = 0.0

    def due(self) -> bool:
        """Whether the last line is old enough for another."""
        now = self._clock.monotonic()
        if now - self._last < self._every:
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

    @property
    def _seconds(self) -> float:
        return max(self._clock.monotonic() - self._began, 1e-3)

    def line(self, work: Work) -> str:
        """The line for now."""
        rows = work.progress.rows
        share = self._share = max(self._share, work.progress.share)
        left = f" {duration(self._seconds * (1 - share) / share)} left," if share else ""
        return (
            f"{counted(rows)}, {rows / self._seconds:,.0f} rows/s, {share:.0%} of the time,"
            f"{left} {_requests(work)}"
        )

    def summary(self, work: Work, coerced: Mapping[str, int]) -> str:
        """The line at the end.

        Args:
            work: What was done.
            coerced: Values that were spelled otherwise than their type, by attribute.
        """
        rows, seconds = work.progress.rows, self._seconds
        verdict = "complete" if work.progress.complete else "INCOMPLETE"
        dense = f", {counted(work.progress.dense, 'dense instant')}" if work.progress.dense else ""
        loose = f"; {line}" if (line := counts_line(coerced, "coerced to their type")) else ""
        return (
            f"{verdict} in {duration(seconds)}: {counted(rows)} read"
            f" ({rows / seconds:,.0f} rows/s), {work.emitted:,} emitted, {_requests(work)},"
            f" {work.requests / max(1, rows / ROWS_A_PAGE):.2f} per page{dense}{loose}"
        )


def _requests(work: Work) -> str:
    again = f" ({work.retries:,} repeated)" if work.retries else ""
    waited = f", {work.waited:.1f} s waited for the pace" if work.waited >= 0.1 else ""  # noqa: PLR2004 - nothing to speak of
    return f"{counted(work.requests, 'request')}{again}{waited}"


def the_first(warnings: Sequence[str]) -> Iterator[str]:
    """Warnings as they are written out: of very many the first, and how many more there are."""
    yield from warnings[:MOST_WARNINGS]
    if len(warnings) > MOST_WARNINGS:
        yield f"... and {len(warnings) - MOST_WARNINGS:,} more of these"


def duration(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - a digit less
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes} min {rest:02d} s" if minutes < MINUTE else f"{minutes / MINUTE:.1f} h"


def misfits_line(misfits: Mapping[str, int]) -> str:
    """How many values did not fit their type, by attribute; empty if all did."""
    return counts_line(misfits, "did not fit their type and went to _extra_data")


def odd_lines(counts: Odd, zone: str) -> list[str]:
    """What is said of values that did not fit, or were read by a rule; nothing if all was usual.

    Args:
        counts: Of such values, by attribute.
        zone: In which times were read that named none.
    """
    zoneless = f"named no time zone and were read in {zone} (setting naive_timezone)"
    nul = "held U+0000, which no database takes: they are without it, and exact in _extra_data"
    lines = (
        misfits_line(counts.misfits),
        counts_line(counts.zoneless, zoneless),
        counts_line(counts.nul, nul),
    )
    return [line for line in lines if line]


def counts_line(counts: Mapping[str, int], what: str) -> str:
    """How many values of which attributes, most first; empty if there are none."""
    if not counts:
        return ""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {count:,}" for name, count in ranked[:MOST_NAMED])
    more = f" and {len(ranked) - MOST_NAMED} more" if len(ranked) > MOST_NAMED else ""
    return f"{sum(counts.values()):,} values {what}: {shown}{more}"
