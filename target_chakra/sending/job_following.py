"""The job of a batch that was taken: looked at until it is over, then its rows' outcomes are read.

Runs on the thread that decides; `job_polling.py` says what follows from a look.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.errors import ChakraError, NoAccess, NotFound, WrongKey
from target_chakra.changes import Failed, Kind
from target_chakra.lifecycle import Outcome
from target_chakra.sending.job_polling import JobVerdict, job_verdict, look_of, wait
from target_chakra.sending.outcomes import End

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.endpoints.answers import JobStatus
    from target_chakra.batches import Event
    from target_chakra.context import RunContext
    from target_chakra.sending.batch_in_flight import BatchInFlight
    from target_chakra.sending.outcomes import Conclusion
    from target_chakra.sending.server_limits import ServerLimits
    from target_chakra.sending.submission import Submission
    from target_chakra.workers import Relay

MISSING_TRIES: Final = 3
"""How often a job that is not there is looked for again before it counts as lost (Q31)."""
LONGEST_PAUSE: Final = 30.0
"""Seconds between two looks at a job that an earlier run sent."""
CONCLUDE_TRIES: Final = 5
"""How often the outcomes of a job that is over are asked for before it counts as lost."""


@dataclass(frozen=True, slots=True)
class JobLost:
    """A job can't be followed any more: its rows are to be read back.

    Attributes:
        in_flight: The batch.
    """

    in_flight: BatchInFlight


@dataclass(frozen=True, slots=True)
class JobConcluded:
    """A job is over, and what became of its rows is known.

    Attributes:
        in_flight: The batch.
        found: What became of its rows.
        ended: When its end was seen, epoch milliseconds of the server; None if not known.
    """

    in_flight: BatchInFlight
    found: Conclusion
    ended: int | None


JobStep: TypeAlias = "JobLost | JobConcluded | Failed"


class JobFollower:
    """Follows all jobs of a run; its steps yield what became of them.

    Args:
        context: Of the run.
        submission: What carries the batches of a procedure.
        limits: What is known of the server; a job may show that it takes no more rows.
        workers: Pass on what the steps yield.
    """

    def __init__(
        self,
        context: RunContext,
        submission: Callable[[str], Submission],
        limits: ServerLimits,
        workers: Relay[JobStep, Event],
    ) -> None:
        self._context = context
        self._submission = submission
        self._limits = limits
        self._workers = workers

    @property
    def _now(self) -> float:
        return self._context.clock.monotonic()

    def follow(self, in_flight: BatchInFlight) -> None:
        """Look at a job when it is time to."""
        pause = wait(in_flight.looks, len(in_flight.batch.actions))
        if in_flight.is_adopted:
            # Its age may be days: it is looked at as often as one that was sent just now.
            pause = min(pause, LONGEST_PAUSE)
        self._workers.later(pause, partial(self._look, in_flight))

    def _look(self, in_flight: BatchInFlight) -> None:
        client = self._submission(in_flight.batch.procedure).client
        self._workers.start(
            partial(client.job, in_flight.batch.job or ""),
            partial(self._looked, in_flight),
            partial(self._not_seen, in_flight),
        )

    def _looked(self, in_flight: BatchInFlight, status: JobStatus) -> Iterator[JobStep]:
        in_flight.missing = 0
        look = look_of(status.row, status.counts, in_flight.waited(self._now))
        in_flight.looks = (*in_flight.looks[-2:], look)
        submitted = len(in_flight.batch.actions)
        verdict = job_verdict(in_flight.looks, submitted)
        if verdict is JobVerdict.RUNNING:
            yield from self._go_on(in_flight)
            return
        if verdict is JobVerdict.ENDED and look.none_under_way:
            self._limits.cut(in_flight.batch, look.finished)
        succeeded = look.counts.get("SUCCESS", 0) >= submitted
        server = look.completed_at or self._context.server_clock.earliest
        in_full = verdict is JobVerdict.DONE
        failed = look.failed if in_full else None
        self.conclude(in_flight, End(succeeded, in_full, in_flight.probing, server, failed=failed))

    def _not_seen(self, in_flight: BatchInFlight, error: Exception) -> Iterator[JobStep]:
        if not isinstance(error, ChakraError):
            raise error
        if isinstance(error, (WrongKey, NoAccess)):
            yield Failed(error)
            in_flight.left_alone = True
            return
        in_flight.missing += isinstance(error, NotFound)
        if in_flight.missing > MISSING_TRIES:
            yield JobLost(in_flight)
        else:
            pause = 2.0**in_flight.missing if in_flight.missing else 0.0
            self._workers.later(pause, partial(self._go_on, in_flight))

    def _go_on(self, in_flight: BatchInFlight) -> Iterator[JobStep]:
        patience = self._context.settings.patience
        if in_flight.age(self._now).is_past(patience.job_timeout, patience):
            yield JobLost(in_flight)
        else:
            self.follow(in_flight)

    # The end of a job

    def conclude(self, in_flight: BatchInFlight, end: End) -> None:
        """Ask what became of the rows of a job that is over."""
        submission = self._submission(in_flight.batch.procedure)
        self._workers.start(
            partial(submission.conclude, in_flight.batch, end),
            partial(self._concluded, in_flight, end),
            partial(self._not_concluded, in_flight, end),
        )

    @staticmethod
    def _concluded(in_flight: BatchInFlight, end: End, found: Conclusion) -> Iterator[JobStep]:
        yield JobConcluded(in_flight, found, end.server_time)

    def _not_concluded(
        self, in_flight: BatchInFlight, end: End, error: Exception
    ) -> Iterator[JobStep]:
        if not isinstance(error, ChakraError):
            raise error
        in_flight.tries += 1
        if in_flight.tries < CONCLUDE_TRIES and not isinstance(error, (WrongKey, NoAccess)):
            self._workers.later(in_flight.tries, partial(self.conclude, in_flight, end))
            return
        yield Failed(error)
        yield JobLost(in_flight)


def proves(kind: Kind, found: Conclusion) -> bool:
    """Whether a first batch had its effect, or shows that its items were understood."""
    if found.understood and found.effect is not False:
        return True
    wrote = any(s.outcome is not Outcome.REJECTED for s in found.settlements.values())
    return wrote and (found.effect is True or (kind is Kind.CREATE and found.effect is None))
