"""The rate limit: a token bucket per key, and the 429 it answers (Q30)."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import TYPE_CHECKING

from chakra_sandbox.messages import JSON_HEADERS, ResponseOut, refusal

if TYPE_CHECKING:
    from chakra_sandbox.knobs import Knobs

_MS = 1000


class Throttle:
    """Buckets that fill with time; one per key."""

    def __init__(self) -> None:
        self._levels: dict[str, tuple[float, int]] = {}

    def refuse(self, key: str, knobs: Knobs, now_ms: int) -> ResponseOut | None:
        """Take a token from the key's bucket.

        Returns:
            None if there was one, else the 429.
        """
        rate = knobs.rate_limit_rps
        if not rate:
            return None
        burst = float(max(1, knobs.rate_limit_burst))
        level, at_ms = self._levels.get(key, (burst, now_ms))
        level = min(burst, level + (now_ms - at_ms) * rate / _MS)
        if level >= 1:
            self._levels[key] = (level - 1, now_ms)
            return None
        self._levels[key] = (level, now_ms)
        return too_many(knobs, now_ms, (1 - level) / rate)


def too_many(knobs: Knobs, now_ms: int, wait_seconds: float) -> ResponseOut:
    """The 429 that asks for a wait of so many seconds, in whole ones."""
    seconds = max(1, math.ceil(wait_seconds))
    answer = refusal(429, "Too many requests")
    headers = dict(JSON_HEADERS)
    if knobs.retry_after == "seconds":
        headers["retry-after"] = str(seconds)
    elif knobs.retry_after == "date":
        # A date has whole seconds: the next one, so that it never lies in the past.
        headers["retry-after"] = formatdate(math.ceil(now_ms / _MS) + seconds, usegmt=True)
    bodies = {"envelope": answer.body, "empty": b"", "html": b"<html><h1>429</h1></html>"}
    if knobs.rate_limit_body == "html":
        headers["content-type"] = "text/html"
    return ResponseOut(429, bodies[knobs.rate_limit_body], headers)
