"""Sends requests at the pace that all threads share, and again as `wire/retry.py` allows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeAlias

from chakra_api.endpoints.answers import RequestStats
from chakra_api.errors import (
    AnswerLost,
    Boundless,
    ChakraError,
    Redirected,
    Throttled,
    Unavailable,
)
from chakra_api.wire import retry
from chakra_api.wire.envelope import Envelope, open_envelope
from chakra_api.wire.server_clock import ServerClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.clock import Clock
    from chakra_api.wire.pacing import Pace, Pacer
    from chakra_api.wire.transport import Request, Response, Transport

    Opener: TypeAlias = Callable[[Response, str], Envelope]


class Calls:
    """What all endpoints of a client send by. Safe for many threads.

    Args:
        transport: Sends one request.
        pacer: The rate that all threads share.
        clock: Time, and chance for the jitter of retries.
        policy: How long to go on after failures.

    Attributes:
        server_clock: The server's time, by its last answers.
    """

    def __init__(
        self, transport: Transport, pacer: Pacer, clock: Clock, policy: retry.RetryPolicy
    ) -> None:
        self._transport = transport
        self._pacer = pacer
        self._clock = clock
        self._policy = policy
        self._requests = self._retries = 0
        self.server_clock = ServerClock(clock)
        self._lock = threading.Lock()

    @property
    def stats(self) -> RequestStats:
        """The requests that were sent so far."""
        return RequestStats(self._requests, self._retries, self._pacer.waited_seconds)

    @property
    def pace(self) -> Pace:
        """How fast requests may leave by now."""
        return self._pacer.pace

    @property
    def server_now(self) -> int:
        """The server's time by its last answer, epoch milliseconds; ours where it says none."""
        now = self.server_clock.last
        return int(self._clock.now() * 1000) if now is None else now

    def with_policy(self, policy: retry.RetryPolicy) -> Calls:
        """The same way to ChakraHQ, for another patience."""
        return Calls(self._transport, self._pacer, self._clock, policy)

    def boundary(self) -> str:
        """What separates the parts of a form: drawn, so that no file can hold it on purpose."""
        draws = (int(self._clock.random() * (1 << 53)) for _ in range(2))
        return "chakra-" + "".join(f"{draw:014x}" for draw in draws)

    def close(self) -> None:
        """Let go of all connections."""
        self._transport.close()

    def once(self, request: Request) -> Response:
        """Send a request once, whatever its answer is, and out of turn.

        Raises:
            NotSent: The server is not reached.
            AnswerLost: It broke off.
        """
        return self._transport.send(request)

    def call(self, request: Request, what: str, opened: Opener = open_envelope) -> Envelope:
        """Send a request until it is answered, or the policy gives it up.

        Args:
            request: The request.
            what: What is asked for, as a message names it.
            opened: Takes the envelope off its answer.

        Raises:
            ChakraError: The last failure, with what failed before it.
        """
        began = self._clock.monotonic()
        failures: tuple[ChakraError, ...] = ()
        while True:
            try:
                patience = self._policy.max_seconds - self._since(began)
                return self._once(request, what, patience, opened)
            except ChakraError as failure:
                failures = (*failures, failure)
                tries = retry.Tries(failures, self._since(began), request.repeatable)
                verdict = retry.decide(tries, self._policy, self._clock.random())
                if isinstance(verdict, retry.GiveUp):
                    raise _with_history(failure, failures, verdict.reason) from None
                self._clock.sleep(verdict.seconds)
                with self._lock:
                    self._retries += 1

    def call_once_for_all(
        self, request: Request, what: str, lost: str, opened: Opener = open_envelope
    ) -> Envelope:
        """Send what must not happen twice: a lost answer says what may have come of it.

        Args:
            request: The request, not repeatable.
            what: What is asked for, as a message names it.
            lost: What to do where the answer is lost.
            opened: Takes the envelope off its answer.

        Raises:
            AnswerLost: It may have been carried out.
            ChakraError: It was not.
        """
        try:
            return self.call(request, what, opened)
        except AnswerLost as error:
            error.next_step = lost
            raise

    def _since(self, moment: float) -> float:
        return self._clock.monotonic() - moment

    def _once(self, request: Request, what: str, patience: float, opened: Opener) -> Envelope:
        self._pacer.acquire(patience)
        if request.leaving is not None:
            request.leaving()
        with self._lock:
            self._requests += 1
        try:
            envelope = opened(self._transport.send(request), what)
        except (Throttled, Unavailable) as complaint:
            self._pacer.throttled(complaint.retry_after)
            raise
        except Redirected as error:
            if request.repeatable:
                raise
            raise AnswerLost(error.cause, error.next_step) from None
        except Boundless as error:
            error.cause = f"{error.cause}: that to {what}"
            raise
        if envelope.server_time is not None:
            self.server_clock.heard(envelope.server_time)
        return envelope


def _with_history(
    failure: ChakraError, failures: tuple[ChakraError, ...], reason: str
) -> ChakraError:
    """The last failure of a request, saying what failed before it and why it is not sent again."""
    before = retry.history(failures) if len(failures) > 1 else ""
    if told := "; ".join(part for part in (before, reason) if part):
        failure.cause = f"{failure.cause} ({told})"
    return failure
