"""How many requests and how many seconds one look may take, whatever the account and its server."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.transcripts.watched import Exchange
    from chakra_api.wire.transport import Request

MOST_REQUESTS: Final = 60
MOST_SECONDS: Final = 8.0
"""From the first request on; the rest of ten seconds is for the start and the page. So long an
answer is waited for, too: one that takes six seconds is slow, and its host is reached."""


class OverBudget(ChakraError):
    """A request that is not sent: the look has had its share."""

    brief = "left out"


class Budget:
    """Keeps requests from leaving once the look has had its share. Safe for many threads.

    Args:
        monotonic: Seconds.

    Attributes:
        spent: Requests that left.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began = monotonic()
        self._lock = threading.Lock()
        self.spent = 0

    @property
    def seconds(self) -> float:
        """Seconds since the look began."""
        return self._monotonic() - self._began

    @property
    def seconds_left(self) -> float:
        """Seconds that may still be waited; never negative."""
        return max(0.0, MOST_SECONDS - self.seconds)

    def leaves(self, request: Request) -> None:
        """Count a request.

        Raises:
            OverBudget: It is one too many, or too late.
        """
        with self._lock:
            if self.spent >= MOST_REQUESTS:
                raise OverBudget(
                    f"{request.path} would be request {MOST_REQUESTS + 1} of this look"
                )
            if not self.seconds_left:
                raise OverBudget(f"{request.path} would begin after {MOST_SECONDS:g} s")
            self.spent += 1

    def came(self, exchange: Exchange) -> None:
        """A request was answered: nothing to do."""
