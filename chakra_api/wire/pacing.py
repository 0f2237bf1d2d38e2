"""One adaptive rate of requests for all threads.

Free until the first 429 or 503: without a ceiling, `acquire` then costs nothing. From there on
requests leave at even distances, at a rate that `allowance.py` learns from the complaints. No
request leaves inside a Retry-After.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import Throttled
from chakra_api.wire.allowance import (
    MOST_COMPLAINED,
    SLOWEST_RATE,
    Allowance,
    Doubts,
    first,
)

if TYPE_CHECKING:
    from chakra_api.clock import Clock

BURST_SECONDS: Final = 0.5
"""Complaints closer than this to a cut are about requests that left before it."""

MEASURED_SECONDS: Final = 2.0
"""How long a stretch of requests is counted to know the rate at which they leave."""

BRIEF_SECONDS: Final = 0.1
"""A shorter stretch counts as this long."""

MEANINGFUL_REQUESTS: Final = 20
"""Requests in a stretch from which on its rate says what was refused."""

TOLERATED_SHARE: Final = 0.03
"""Share of requests that may be complained about where no pause is asked for.

A limiter refuses as many as are too many, which then costs little; a server that answers 503 now
and then says nothing about the rate.
"""

LEAST_COMPLAINTS: Final = 3
"""Such complaints in a stretch below which there is no telling."""

MANY_COMPLAINTS: Final = 5
"""Complaints that are not heard, from which on it is asked whether they are too many for that."""

USED_SHARE: Final = 0.8
"""Share of the rate that left from which on it counts as used: counting is not exact."""

FREE_AFTER: Final = 60.0
"""Seconds without a complaint after which a rate without a ceiling is free again."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast requests may leave.

    Attributes:
        rate: Requests a second; None if they leave freely.
        complaints: How often a complaint was heard, and so was about the rate so far as is known.
    """

    rate: float | None = None
    complaints: int = 0


@dataclass(slots=True)
class _Stretch:
    """Requests that left and complaints that came, since a moment."""

    since: float
    requests: int = 0
    complaints: int = 0

    @property
    def is_much(self) -> bool:
        """Whether so many requests were complained of that it is the rate, whatever else may be."""
        many = self.complaints >= MANY_COMPLAINTS
        return many and self.complaints > MOST_COMPLAINED * self.requests

    def rate(self, now: float) -> float:
        return self.requests / max(now - self.since, BRIEF_SECONDS)


class Pacer:
    """Says when the next request may leave. Safe for many threads.

    Args:
        clock: Its monotonic time and sleep are used.
        max_rps: Ceiling in requests a second; None for none.
    """

    def __init__(self, clock: Clock, max_rps: float | None = None) -> None:
        self._clock = clock
        self._ceiling = max_rps
        self._allowance: Allowance | None = None
        self._closed_until = self._next = 0.0
        self._stretch = self._before = _Stretch(0.0)
        self._rate_before = 0.0
        self._doubts = Doubts()
        self._heard = _Stretch(0.0)
        self._unheard_until = 0.0
        self._heard_complaints = 0
        self._lock = threading.Lock()
        self.waited_seconds = 0.0

    @property
    def pace(self) -> Pace:
        """How fast requests may leave by now."""
        with self._lock:
            return Pace(self._rate(self._clock.monotonic()), self._heard_complaints)

    def acquire(self, patience: float = float("inf")) -> None:
        """Wait until a request may leave.

        Args:
            patience: Seconds; a longer pause that the server asked for is not waited for.

        Raises:
            Throttled: It asked for a longer pause: an hour's would hold every thread that long.
        """
        while True:
            with self._lock:
                now = self._clock.monotonic()
                self._check(self._closed_until - now, patience)
                wait = self._wait(now)
                if wait <= 0:
                    self._count(now)
                    return
                self.waited_seconds += wait
            self._clock.sleep(wait)

    @staticmethod
    def _check(pause: float, patience: float) -> None:
        if pause > max(0.0, patience):
            raise Throttled(
                f"ChakraHQ asked for a pause of {pause:.0f} s more, longer than is waited for",
                "Run it again after that, with a lower max_rps",
                retry_after=pause,
            )

    def _wait(self, now: float) -> float:
        """Seconds until a request may leave; takes the place if it is 0."""
        if now < self._closed_until:
            return self._closed_until - now
        rate = self._rate(now)
        if rate is None:
            return 0.0
        if now < self._next:
            return self._next - now
        self._next = max(self._next, now - 1 / rate) + 1 / rate
        return 0.0

    def _rate(self, now: float) -> float | None:
        """Requests a second by now; None if they leave freely."""
        if self._allowance is None:
            return self._ceiling
        if now - self._allowance.since > FREE_AFTER:
            self._allowance = None
            return self._ceiling
        rate = self._allowance.rate(now)
        return rate if self._ceiling is None else min(rate, self._ceiling)

    def _count(self, now: float) -> None:
        if now - self._stretch.since >= MEASURED_SECONDS:
            self._rate_before = self._stretch.rate(now)
            self._before, self._stretch = self._stretch, _Stretch(now)
        self._stretch.requests += 1
        self._heard.requests += 1

    def throttled(self, retry_after: float | None = None) -> None:
        """The server complained: slow down, and send nothing for `retry_after` seconds."""
        with self._lock:
            now = self._clock.monotonic()
            self._stretch.complaints += 1
            self._heard.complaints += 1
            if retry_after:
                self._close(now, now + retry_after)
            else:
                self._hear(now)

    def _close(self, now: float, until: float) -> None:
        """Send nothing until a moment. A complaint meanwhile is about requests that left before."""
        closed = now < self._closed_until
        self._closed_until = max(self._closed_until, until)
        if not closed:
            self._learn(now, self._closed_until)

    def _hear(self, now: float) -> None:
        """Take in a complaint that asks for no pause."""
        if self._allowance is not None and now - self._allowance.since < BURST_SECONDS:
            return
        requests = self._stretch.requests + self._before.requests
        complaints = self._stretch.complaints + self._before.complaints
        if complaints >= LEAST_COMPLAINTS and complaints > TOLERATED_SHARE * requests:
            self._learn(now, now)

    def _learn(self, now: float, resume: float) -> None:
        if now < self._unheard_until:
            if not self._heard.is_much:
                return
            self._unheard_until, self._doubts = now, Doubts()
        current = self._current(now)
        unrelated = self._is_unrelated(now, current)
        self._heard_complaints += not unrelated
        if unrelated:
            self._allowance = None
            self._unheard_until = now + self._doubts.unheard
            self._doubts = self._doubts.anew()
        elif self._allowance is None:
            enough = self._stretch.requests + self._before.requests >= MEANINGFUL_REQUESTS
            self._allowance = first(current, resume, meaningful=enough)
        else:
            refused = self._allowance.refuse(current, now, resume)
            leaps = self._doubts.worth_a_leap(current)
            self._allowance = refused.leap(resume) if leaps else refused
        # A pause is no rate either.
        self._stretch = self._before = _Stretch(resume)
        self._rate_before = 0.0
        if self._allowance is not None:
            self._next = max(self._next, resume + 1 / self._allowance.start)

    def _is_unrelated(self, now: float, rate: float) -> bool:
        """Whether a complaint is one of those that do not follow the rate."""
        heard, self._heard = self._heard, _Stretch(now)
        if self._allowance is not None:
            through = max(0, heard.requests - heard.complaints)
            self._doubts = self._doubts.after(through, now - heard.since, rate)
        return self._doubts.sure

    def _current(self, now: float) -> float:
        """The rate that was refused: ours, if so many were there to send, else what was sent."""
        leaving = max(self._stretch.rate(now), self._rate_before)
        rate = self._rate(now)
        return max(leaving if rate is None or leaving < USED_SHARE * rate else rate, SLOWEST_RATE)
