"""Whether a request that failed is sent again: pure, by its attempts (design, decision 10).

What is repeatable, a read or what does the same when it is done twice, may always be sent again.
Everything else only when it certainly did nothing: it never left (`NotSent`) or was turned away
(`Throttled`). Nothing is where its user has to mend something first.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from chakra_api.errors import (
    AnswerLost,
    Barred,
    Boundless,
    ChakraError,
    NotSent,
    ReportedErrors,
    ServerFault,
    Throttled,
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long a request is sent again.

    Attributes:
        max_attempts: Attempts in all, those that were throttled not counted: being told to
            wait is no failure, and `max_seconds` limits it.
        max_seconds: Seconds from the first attempt after which no further one begins.
        base: Upper bound of the first wait in seconds; it doubles with each failure.
        cap: Upper bound of any wait that the server did not ask for, in seconds.
        max_reported: Attempts in all when ChakraHQ itself reported errors in a 2xx.
    """

    max_attempts: int = 6
    max_seconds: float = 300.0
    base: float = 1.0
    cap: float = 60.0
    max_reported: int = 3


@dataclass(frozen=True, slots=True)
class Tries:
    """One request's attempts so far.

    Attributes:
        failures: One for each attempt, in order; at least one.
        elapsed: Seconds since the first attempt began.
        repeatable: Whether sending it twice is harmless.
    """

    failures: tuple[ChakraError, ...]
    elapsed: float
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Send the request again after `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not send the request again; why not, or empty if the failure speaks for itself."""

    reason: str = ""


Verdict: TypeAlias = Wait | GiveUp


def decide(tries: Tries, policy: RetryPolicy, jitter: float) -> Verdict:
    """Whether to send a request again after the last of `tries.failures`.

    Args:
        tries: What happened so far.
        policy: How long to go on.
        jitter: Drawn evenly from [0, 1): spreads the retries of many threads.
    """
    failure = tries.failures[-1]
    if not _may_repeat(failure, repeatable=tries.repeatable):
        return GiveUp()
    if _count(tries, Throttled, counted=False) >= policy.max_attempts:
        return GiveUp("no attempts left")
    if _count(tries, ReportedErrors, counted=True) >= policy.max_reported:
        return GiveUp("no attempts left")
    wait = _wait(tries, policy, jitter)
    if tries.elapsed + wait > policy.max_seconds:
        return GiveUp(
            f"a wait of {wait:.0f} s more would pass the limit of {policy.max_seconds:g} s"
        )
    return Wait(wait)


def retry_after(failure: ChakraError) -> float | None:
    """Seconds that the server asked to wait, if the failure carries them."""
    return failure.retry_after if isinstance(failure, (Throttled, ServerFault)) else None


def history(failures: tuple[ChakraError, ...]) -> str:
    """What happened at each attempt: "4 attempts: 2 x 502, connection reset, 502"."""
    runs = [(brief, len(list(run))) for brief, run in groupby(each.brief for each in failures)]
    said = ", ".join(brief if count == 1 else f"{count} x {brief}" for brief, count in runs)
    return f"{len(failures)} attempts: {said}"


def _may_repeat(failure: ChakraError, *, repeatable: bool) -> bool:
    if isinstance(failure, (NotSent, Throttled)):
        return not isinstance(failure, Barred)
    if isinstance(failure, Boundless):
        return False
    return repeatable and isinstance(failure, (AnswerLost, ReportedErrors))


def _count(tries: Tries, kind: type[ChakraError], *, counted: bool) -> int:
    return sum(isinstance(failure, kind) is counted for failure in tries.failures)


def _wait(tries: Tries, policy: RetryPolicy, jitter: float) -> float:
    asked = retry_after(tries.failures[-1])
    if asked is not None:
        return asked
    doublings = min(len(tries.failures) - 1, 62)  # beyond it every cap has long been passed
    return jitter * min(policy.cap, policy.base * 2.0**doublings)
