"""Measures every answer of a look: how long it took, its time, its headers, its complaints."""

from __future__ import annotations

import statistics
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from chakra_api.values.counts import counted
from chakra_api.wire.envelope import date_of
from chakra_plugin.findings.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.transcripts.watched import Exchange
    from chakra_api.wire.transport import Request, Response

FIRST_SERVER_FAULT: Final = 500
SLOW_SECONDS: Final = 2.0
"""A median from which on answers count as slow."""
SAME_SECONDS: Final = 2.0
"""Clocks that are so close count as the same."""
NO_DATE: Final = "no Date"
"""The fact of answers that do not tell the time."""
_WORTH_COMPRESSING: Final = 1_000
"""Bytes of an answer that a server would compress."""
_COMPLAINTS: Final = frozenset({429, 503})
_LIMIT_MARKS: Final = ("ratelimit", "rate-limit", "retry-after", "quota")
"""What stands in the name of a header that tells of a rate."""


class Measures:
    """What the answers of a look tell of the way to ChakraHQ. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._left = 0

    def leaves(self, request: Request) -> None:  # noqa: ARG002 - a watcher's signature
        """Count a request."""
        with self._lock:
            self._left += 1

    def came(self, exchange: Exchange) -> None:
        """Keep what came."""
        with self._lock:
            self._exchanges.append(exchange)

    def findings(self, lookback_seconds: float) -> Iterator[Finding]:
        """What follows from all answers so far.

        Args:
            lookback_seconds: Overlap of incremental runs: what clocks may be apart.
        """
        with self._lock:
            seen, left = list(self._exchanges), self._left
        answered = [each for each in seen if each.response is not None]
        yield _latency([each.seconds for each in answered], max(left, len(seen)) - len(answered))
        if not answered:
            return  # of clocks, limits and the like nothing is known
        yield from _failed([each.response.status for each in answered if each.response is not None])
        yield _clock(answered, lookback_seconds)
        yield _compression([each.response for each in answered if each.response is not None])
        yield _rate([each.response for each in answered if each.response is not None])


def _latency(seconds: Sequence[float], lost: int) -> Finding:
    topic = "latency"
    if not seconds:
        return Finding(
            topic, f"No answer came to {counted(lost, 'request')}", severity=Severity.FAULT
        )
    median, worst = statistics.median(seconds), max(seconds)
    found = f"An answer takes {_ms(median)} (median of {len(seconds)}), {_ms(worst)} at worst"
    if lost:
        return Finding(
            topic,
            f"{found}; to {counted(lost, 'request')} none came in the time of this look",
            "Runs wait longer for an answer, and ask again where none comes; where answers are"
            " slow, more of them at a time make a run faster",
            "request_timeout, concurrency",
            Severity.WARNING,
        )
    if median < SLOW_SECONDS:
        return Finding(topic, found)
    return Finding(
        topic,
        found,
        "Each request of a run takes as long: more of them at a time make it faster",
        "concurrency",
        Severity.NOTE,
    )


def _failed(statuses: Sequence[int]) -> Iterator[Finding]:
    """Answers that tell of a fault of the server; it is repeated, and worth knowing."""
    failed = Counter(
        status for status in statuses if status >= FIRST_SERVER_FAULT and status not in _COMPLAINTS
    )
    if failed:
        told = ", ".join(f"{count} x {status}" for status, count in sorted(failed.items()))
        yield Finding(
            "failed answers",
            f"{failed.total()} of {len(statuses)}: {told}",
            "Runs ask again; where it goes on, a stream fails with exit code 5",
            severity=Severity.WARNING,
        )


def _clock(answered: Sequence[Exchange], lookback: float) -> Finding:
    """The offset that fits all answers: a `Date` holds whole seconds, and has been under way."""
    topic = "clock"
    lows, highs = [], []
    for each in answered:
        at = None if each.response is None else date_of(each.response.headers)
        if at is not None:
            lows.append(at / 1000 - each.ended)
            highs.append(at / 1000 + 1 - (each.ended - each.seconds))
    if not lows:
        return Finding(
            topic,
            "Answers have no usable Date",
            "Bookmarks follow this machine's clock, which must not be ahead",
            "lookback_seconds",
            Severity.WARNING,
            fact=NO_DATE,
        )
    low, high = max(lows), min(highs)
    if low > high + SAME_SECONDS:
        return Finding(
            topic,
            f"Answers disagree about the time by {low - high:.0f} s or more",
            "Several servers answer; the overlap of incremental runs must be larger than that",
            "lookback_seconds",
            Severity.WARNING,
            fact="several clocks",
        )
    offset = 0.0 if low <= 0 <= high else (low + high) / 2
    if abs(offset) <= SAME_SECONDS:
        return Finding(topic, "ChakraHQ's clock and this machine's agree", fact="same")
    way = "ahead of" if offset > 0 else "behind"
    apart = abs(offset) > lookback
    return Finding(
        topic,
        f"ChakraHQ's clock is {abs(offset):,.0f} s {way} this machine's",
        "Bookmarks follow the earlier of the two: each run emits some rows again"
        if apart
        else "Bookmarks follow ChakraHQ's clock; nothing is lost by that",
        "lookback_seconds" if apart else "",
        Severity.WARNING if apart else Severity.NOTE,
        fact=f"{way} this machine's",
    )


def _compression(responses: Sequence[Response]) -> Finding:
    topic = "compression"
    large = [each for each in responses if len(each.body) >= _WORTH_COMPRESSING]
    packed = sum("gzip" in each.headers.get("content-encoding", "") for each in large)
    if not large:
        return Finding(topic, "No answer was large enough to be compressed")
    if packed:
        return Finding(topic, "Answers come compressed", fact="compressed")
    size = statistics.median(len(each.body) for each in large)
    return Finding(
        topic,
        "Answers are not compressed",
        f"A page of rows is about {size / 1000:,.0f} kB on its way: see whether a proxy unpacks it",
        severity=Severity.NOTE,
        fact="not compressed",
    )


def _rate(responses: Sequence[Response]) -> Finding:
    topic = "rate limit"
    complaints = sum(each.status in _COMPLAINTS for each in responses)
    names = sorted(
        {
            name
            for each in responses
            for name in each.headers
            if any(mark in name for mark in _LIMIT_MARKS)
        }
    )
    told = f"headers that tell of a limit: {', '.join(names)}" if names else "no header tells one"
    if not complaints:
        return Finding(
            topic,
            f"None of {len(responses)} answers was 429 or 503; {told}",
            "Runs begin without a pause, and slow down by themselves where ChakraHQ asks for it",
            "max_rps",
            fact="no complaint",
        )
    return Finding(
        topic,
        f"{complaints} of {len(responses)} answers were 429 or 503; {told}",
        "Runs find the rate that is taken by themselves; a ceiling below it leaves room for others",
        "max_rps",
        Severity.NOTE,
        fact="complaints",
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
