"""Readers on a virtual clock, beside a server that is slow in a way of its own.

The crew, the client and its pace are the real ones; who decides does as a scan does.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from chakra_api.endpoints.client import ChakraClient
from chakra_api.errors import ChakraError
from chakra_api.transcripts.watched import WatchedTransport
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import Response
from tap_chakra.scanning.crew import Crew
from tests.support.turns import Turns, TurnsClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.wire.transport import Request

BEGAN = 1_790_000_000.0
"""When the virtual clock of these tests begins, epoch seconds."""

BODY = b'{"_data": [], "_meta": {}}'


@dataclass
class SlowServer:
    """A server that answers so many requests at a time; others wait for their turn.

    Attributes:
        turns: Time.
        seconds: What an answer takes from when its turn comes, at a moment.
        at_a_time: How many are answered at a time.
        rps: Requests a second that are allowed; None for any.
        burst: How many of them may come at once.
        retry_after: Whether a 429 says how long to wait.
        refuses: Whether a request is refused for no reason, by its number.
        turn: Seconds that our own threads wait for each of their turns.
        handshake: Seconds that the first request of a thread takes beside its answer.
    """

    turns: Turns
    seconds: Callable[[float], float]
    at_a_time: int = 1_000
    rps: float | None = None
    burst: float = 1.0
    retry_after: bool = True
    refuses: Callable[[int], bool] = lambda _number: False
    turn: float = 0.0
    handshake: float = 0.0
    refused: int = 0
    requests: int = 0
    _draw: random.Random = field(default_factory=partial(random.Random, 1))
    _free: list[float] = field(default_factory=list)
    _connected: threading.local = field(default_factory=threading.local)
    _tokens: float = 0.0
    _filled: float = 0.0

    def send(self, _request: Request) -> Response:
        if self.handshake and not getattr(self._connected, "stands", False):
            self._connected.stands = True
            self.turns.sleep(self.handshake)
        now = self.turns.now
        self.requests += 1
        if self.refuses(self.requests) or not self._allows(now):
            self.refused += 1
            self.turns.sleep(self.seconds(now))
            return Response(429, {"retry-after": "1"} if self.retry_after else {}, b"")
        begins = now
        if len(self._free) >= self.at_a_time:
            begins = max(now, heapq.heappop(self._free))
        ends = begins + self.seconds(now) * self._draw.uniform(0.7, 1.3)
        heapq.heappush(self._free, ends)
        self.turns.sleep(ends - now + 3 * self.turn)
        return Response(200, {}, BODY)

    def _allows(self, now: float) -> bool:
        if self.rps is None:
            return True
        if not self._filled:
            self._tokens = self.burst
        else:
            self._tokens = min(self.burst, self._tokens + (now - self._filled) * self.rps)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def forget(self) -> None:
        """All that is being answered ends now."""
        self._free.clear()

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Readers:
    """Readers that ask a server for one page after another.

    Attributes:
        server: The server.
        most: How many readers there are.
        fixed: Whether all of them ask, whatever comes of it.
        decides: Seconds that who decides works on each answer.
        max_rps: As the setting.
    """

    server: SlowServer
    most: int = 64
    fixed: bool = False
    decides: float = 0.0
    max_rps: float | None = None
    counts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock = TurnsClock(self.server.turns, 1)
        pacer = Pacer(clock, self.max_rps)
        self.crew = Crew(self.most, clock.monotonic, lambda: pacer.pace)
        watched = WatchedTransport(
            self.server, [self.crew], monotonic=clock.monotonic, now=clock.now
        )
        self.client = ChakraClient(watched, pacer, clock, RetryPolicy())
        self._ready: deque[None] = deque()

    def read(self, pages: int) -> float:
        """Have so many pages answered; the seconds that it took."""
        turns, began = self.server.turns, self.server.turns.now
        given = asked = 0
        for _ in range(pages):
            while asked < (self.most if self.fixed else self.crew.count) and given < pages:
                turns.begin(self._task(turns.now))
                given, asked = given + 1, asked + 1
            with self.crew.awaited(asked):
                while not self._ready:
                    turns.listen(1.0)
            self._ready.popleft()
            asked -= 1
            self.counts.append(self.crew.count)
            turns.sleep(self.decides)
        return turns.now - began

    def _task(self, asked: float) -> Callable[[], None]:
        def task() -> None:
            self.server.turns.sleep(self.server.turn)
            with self.crew.at_work(asked, whole_pages=True):
                self._ask()
            self._ready.append(None)
            self.server.turns.call()

        return task

    def _ask(self) -> None:
        try:
            self.client.list_processes("lead", None)
        except ChakraError as error:  # a test would wait for ever
            raise AssertionError(error) from error
