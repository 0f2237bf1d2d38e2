"""How many calls an address may make: so many a second, and some more at once. No clock inside."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST_ADDRESSES: Final = 4_096
"""Addresses that are remembered; who was not heard of for longest is forgotten."""
AT_ONCE: Final = 2
"""Seconds' worth of calls that an address that was silent may make at once."""


class RateLimit:
    """Bounds the calls of each address.

    Args:
        rate: Calls a second.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate * AT_ONCE)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Count a call; 0 if it may be made, else the seconds after which one may.

        Args:
            address: Whose call it is.
            now: Seconds since some fixed point.
        """
        left, since = self._left.pop(address, (self._most, now))
        left = min(self._most, left + (now - since) * self._rate)
        allowed = left >= 1
        self._left[address] = (left - 1 if allowed else left, now)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate
