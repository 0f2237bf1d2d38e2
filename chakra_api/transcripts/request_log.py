"""Each request as a line of the log, for who looks for what a run does."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chakra_api.transcripts.watched import Exchange, Watcher
    from chakra_api.wire.transport import Request


_NUMBER: Final = re.compile(r"(?<=/phoneNumber/)[^/]+")
"""A person's number in a path. Ids and keys of processes stay: who looks for them needs them."""


class RequestLog:
    """Logs each request with its answer's status, size and time; nothing of what they hold.

    Args:
        log: Takes the lines, at DEBUG.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log

    def leaves(self, request: Request) -> None:
        """Nothing is said before the answer is there."""

    def came(self, exchange: Exchange) -> None:
        """Say what came of a request."""
        request, response = exchange.request, exchange.response
        path = _NUMBER.sub("…", request.path.partition("?")[0])
        if response is not None:
            came = f"{response.status}, {len(response.body):,} bytes"
        else:
            came = exchange.error.brief if exchange.error else "nothing"
        self._log.debug("%s %s: %s, %.3f s", request.method, path, came, exchange.seconds)


def request_log(log: logging.Logger) -> tuple[Watcher, ...]:
    """What logs the requests of a run, where its log takes that; else nothing.

    Args:
        log: The log of the command.
    """
    return (RequestLog(log),) if log.isEnabledFor(logging.DEBUG) else ()
