"""One adaptive rate for all threads.

Free until the first 429 or 503: without a ceiling, `acquire` then costs nothing. From there on
requests leave at even distances, at a rate that is cut when the server complains and climbs back
while it does not. No request leaves inside a Retry-After.

The climb is steep up to the rate that was last refused and careful beyond it, so that most of an
allowance is used without running into its limit again and again.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from chakra_api.errors import Throttled

if TYPE_CHECKING:
    from chakra_api.clock import Clock

CUT: Final = 0.7
"""A refused rate times this is the next one."""

STEEP: Final = 0.25
"""Share by which the rate grows in a second, below the rate that was last refused."""

CAREFUL: Final = 0.003
"""The same near it and above, at first; it doubles again and again while nobody complains."""

PATIENCE: Final = 14.0
"""Seconds of quiet after which the careful growth begins to double.

Each complaint costs a Retry-After of at least a second, in which an allowance without a burst is
lost: the longer the way to the next one, the more of it is used.
"""

DOUBLING: Final = 1.5
"""Seconds in which it doubles: an allowance that grew tenfold is found within half a minute."""

BURST_SECONDS: Final = 0.5
"""Complaints closer than this to a cut are about requests that left before it."""

NEAR: Final = 0.95
SLOWEST: Final = 0.2
"""Requests a second below which no complaint cuts."""

MEASURED_SECONDS: Final = 2.0
"""How long a stretch of requests is counted to know the rate at which they leave."""

FREE_AFTER: Final = 60.0
"""Seconds without a complaint after which a rate without a ceiling is free again."""


class Pacer:
    """Says when the next request may leave. Safe for many threads.

    Args:
        clock: Its monotonic time and sleep are used.
        max_rps: Ceiling in requests a second; None for none.
    """

    def __init__(self, clock: Clock, max_rps: float | None = None) -> None:
        self._clock = clock
        self._ceiling = max_rps
        self._rate = max_rps
        self._refused: float | None = None
        self._changed = self._cut_at = 0.0
        self._closed_until = self._next = 0.0
        self._counted_since, self._counted, self._measured = 0.0, 0, 0.0
        self._lock = threading.Lock()
        self.waited_seconds = 0.0

    def acquire(self, patience: float = float("inf")) -> None:
        """Return when a request may leave.

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
        rate = self._climbed(now)
        if rate is None:
            return 0.0
        if now < self._next:
            return self._next - now
        self._next = max(self._next, now - 1 / rate) + 1 / rate
        return 0.0

    def _climbed(self, now: float) -> float | None:
        """The rate by now."""
        if self._rate is None or self._refused is None:
            return self._rate
        quiet = now - self._cut_at
        if quiet > FREE_AFTER and self._ceiling is None:
            self._rate = self._refused = None
            return None
        passed = max(0.0, now - self._changed)
        near = self._refused * NEAR
        if self._rate < near:
            self._rate = min(self._rate * (1 + STEEP * passed), near)
        else:
            doublings = max(0.0, quiet - PATIENCE) / DOUBLING
            self._rate *= 1 + min(STEEP, CAREFUL * 2**doublings) * passed
        if self._ceiling is not None:
            self._rate = min(self._rate, self._ceiling)
        self._changed = now
        return self._rate

    def _count(self, now: float) -> None:
        if now - self._counted_since >= MEASURED_SECONDS:
            self._measured = self._counted / max(now - self._counted_since, 1e-9)
            self._counted_since, self._counted = now, 0
        self._counted += 1

    def throttled(self, retry_after: float | None = None) -> None:
        """The server complained: slow down, and send nothing for `retry_after` seconds."""
        with self._lock:
            now = self._clock.monotonic()
            if retry_after:
                self._closed_until = max(self._closed_until, now + retry_after)
            if self._refused is None or now - self._cut_at > BURST_SECONDS:
                self._cut(now)

    def _cut(self, now: float) -> None:
        seconds = max(now - self._counted_since, 0.25)
        leaving = max(self._counted / seconds, self._measured)
        current = leaving if self._rate is None else min(self._rate, max(leaving, SLOWEST))
        self._refused = max(current, SLOWEST)
        self._rate = max(current * CUT, SLOWEST)
        # What a Retry-After closes is no quiet in which the rate could prove itself.
        self._cut_at = self._changed = max(now, self._closed_until)
        self._counted_since, self._counted = self._cut_at, 0  # a pause is no rate either
        self._next = max(self._next, self._changed + 1 / self._rate)
