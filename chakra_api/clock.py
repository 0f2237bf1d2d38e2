"""The one place that touches time and chance: everything else is given a `Clock`."""

from __future__ import annotations

import random
import time
from typing import Protocol


class Clock(Protocol):
    """Time and chance, as everything in this project asks for them."""

    def now(self) -> float:
        """Wall clock time in seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds since some fixed point; never runs backwards. For durations."""

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`; may raise to end a wait early."""

    def random(self) -> float:
        """A number drawn evenly from [0, 1)."""


class SystemClock:
    """The machine's own time and chance."""

    def now(self) -> float:
        """Wall clock time in seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some fixed point."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread for `seconds`."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number drawn evenly from [0, 1); spreads retries, guards nothing."""
        return random.random()  # noqa: S311 - jitter, not a secret
