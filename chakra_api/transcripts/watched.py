"""Shows each request and its answer to who watches: to measure, to bound, to write down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chakra_api.errors import ChakraError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chakra_api.wire.transport import Request, Response, Transport


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and what came of it.

    Attributes:
        request: The request as it was sent.
        response: Its answer, of any status; None if none came.
        error: Why none came; None if one did.
        seconds: From the request to the whole answer.
        ended: Our clock's epoch seconds at that moment.
    """

    request: Request
    response: Response | None
    error: ChakraError | None
    seconds: float
    ended: float


class Watcher(Protocol):
    """Is told of each request. Called by many threads."""

    def leaves(self, request: Request) -> None:
        """A request is about to leave; what this raises keeps it from leaving."""

    def came(self, exchange: Exchange) -> None:
        """A request was answered, or failed."""


class WatchedTransport:
    """A transport that is watched.

    Args:
        transport: Sends.
        watchers: Told of each request, in this order.
        monotonic: Seconds, for durations.
        now: Epoch seconds.
    """

    def __init__(
        self,
        transport: Transport,
        watchers: Sequence[Watcher],
        *,
        monotonic: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._watchers = watchers
        self._monotonic = monotonic
        self._now = now

    def send(self, request: Request) -> Response:
        """Send a request once; see `Transport`."""
        for watcher in self._watchers:
            watcher.leaves(request)
        began = self._monotonic()
        try:
            response = self._transport.send(request)
        except ChakraError as error:
            self._tell(request, None, error, began)
            raise
        self._tell(request, response, None, began)
        return response

    def close(self) -> None:
        """Let go of all connections."""
        self._transport.close()

    def _tell(
        self, request: Request, response: Response | None, error: ChakraError | None, began: float
    ) -> None:
        seconds = self._monotonic() - began
        exchange = Exchange(request, response, error, seconds, self._now())
        for watcher in self._watchers:
            watcher.came(exchange)
