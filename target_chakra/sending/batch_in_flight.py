"""A batch on its way, as the thread that decides knows it; and when it leaves.

Its intent is stored up to minutes before: there are the pauses that ChakraHQ asks for, and the
tries that it answers so. How old a batch is decides whether it may be sent again, and is counted
from the moment at which it left last, also by the run after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from target_chakra.lifecycle import BatchState, after
from target_chakra.sending.recovery import Age

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_chakra.batches import Batch
    from target_chakra.changes import Action, Kind
    from target_chakra.context import RunContext
    from target_chakra.journal.journal import Journal
    from target_chakra.lifecycle import BatchEvent
    from target_chakra.moments import Moment
    from target_chakra.sending.job_polling import Look

LATE: Final = 1.0
"""Seconds after which the moment that is stored is too early to stand."""


class Lineage:
    """What is known of a batch that was refused as a whole, and of its halves.

    Attributes:
        accepted: Whether any part of it was taken.
        refused_alone: Rows of it that were refused alone.
    """

    __slots__ = ("accepted", "refused_alone")

    def __init__(self) -> None:
        self.accepted = False
        self.refused_alone = 0


class BatchInFlight:
    """A batch on its way.

    Attributes:
        batch: The batch, as the journal has it.
        probing: Whether it is the first of its kind on the account, and is read back.
        lineage: Shared with the other parts of a batch that was refused as a whole.
        looks: The last looks at its job.
        missing: Looks at which its job was not there.
        tries: Failed tries to read its outcome.
        accepted: Whether ChakraHQ is known to have taken it.
        settled: Positions that have an outcome.
        seen_as_sent: Whether a row of it was read back as it was sent.
        touched_since: Since when all that is left of it was seen touched by others, by the
            monotonic clock; None if it was not.
        until: When reading it back ends at the latest, by the monotonic clock; None if nobody
            has looked yet.
        left_alone: Whether its job can't be followed any more in this run.
        is_adopted: Whether an earlier run sent it.
    """

    __slots__ = (
        "_age",
        "_since",
        "accepted",
        "batch",
        "is_adopted",
        "left_alone",
        "lineage",
        "looks",
        "missing",
        "probing",
        "seen_as_sent",
        "settled",
        "touched_since",
        "tries",
        "until",
    )

    def __init__(
        self, batch: Batch, *, probing: bool = False, lineage: Lineage | None = None
    ) -> None:
        self.batch = batch
        self.probing = probing
        self.lineage = lineage or Lineage()
        self.looks: tuple[Look, ...] = ()
        self.missing = 0
        self.tries = 0
        self.accepted = False
        self.seen_as_sent = False
        self.touched_since: float | None = None
        self.until: float | None = None
        self.left_alone = False
        self.settled: set[int] = set()
        self.is_adopted = False
        self._age = self._since = 0.0

    @property
    def open(self) -> dict[int, Action]:
        """Its actions that have no outcome yet, by position."""
        return {at: a for at, a in enumerate(self.batch.actions) if at not in self.settled}

    @property
    def is_followed(self) -> bool:
        """Whether it has the place of a job: it is being sent, or its job is looked at."""
        at_work = self.batch.state in (BatchState.SENDING, BatchState.SUBMITTED)
        return at_work and not self.left_alone

    def probes(self, procedure: str, kind: Kind) -> bool:
        """Whether it is the first of that procedure and kind."""
        return self.probing and (self.batch.procedure, self.batch.kind) == (procedure, kind)

    def leaves(self, monotonic: float) -> None:
        """It is sent now, at a moment of the monotonic clock."""
        self._age, self._since = 0.0, monotonic

    def is_taken_on(self, age: float, monotonic: float) -> None:
        """An earlier run sent it so many seconds ago; this one takes it on now."""
        self.is_adopted = True
        self._age, self._since = max(0.0, age), monotonic

    def waited(self, monotonic: float) -> float:
        """Seconds since it was sent, at a moment of the monotonic clock."""
        return self._age + self.watched(monotonic)

    def watched(self, monotonic: float) -> float:
        """Seconds of these in which this run has been watching it."""
        return max(0.0, monotonic - self._since)

    def age(self, monotonic: float) -> Age:
        """How old it is, at a moment of the monotonic clock."""
        watched = self.watched(monotonic) if self.is_adopted else None
        return Age(self.waited(monotonic), watched)


class Departure:
    """Called on the worker's thread whenever a batch leaves, and before it does.

    Args:
        context: Of the run.
        batch: The batch; it is stored that it leaves now.
    """

    def __init__(self, context: RunContext, batch: Batch) -> None:
        self._context = context
        self._batch = batch
        self._stored = context.clock.monotonic()
        self._sent: Moment | None = None

    def __call__(self) -> None:
        """It leaves, for the first time or again.

        Raises:
            JournalError: The journal is not this run's any more, or can't be written.
        """
        journal, now = self._context.journal, self._context.clock.monotonic()
        journal.look()
        if now - self._stored >= LATE:
            sent = self._context.stamp()
            journal.leaves_late(replace(self._batch, sent=sent))
            self._stored, self._sent = now, sent

    def note(self, in_flight: BatchInFlight) -> None:
        """Note when it left last, on the thread that decides, once the worker is done."""
        if self._sent is not None:
            in_flight.batch = replace(in_flight.batch, sent=self._sent)
            in_flight.leaves(self._stored)


def move(journal: Journal, in_flight: BatchInFlight, event: BatchEvent) -> None:
    """Move a batch on, in the journal too."""
    advance(in_flight, event)
    journal.move(in_flight.batch)


def advance(in_flight: BatchInFlight, event: BatchEvent) -> None:
    """Move a batch on; its state is stored with the outcomes of its rows."""
    in_flight.batch = replace(in_flight.batch, state=after(in_flight.batch.state, event))


@dataclass(frozen=True, slots=True)
class Wait:
    """What is on its way, and for how long that may last.

    Attributes:
        lost: Rows that are read back.
        lost_seconds: Until the last of them has an outcome, at most.
        in_jobs: Rows in jobs that are followed.
        job_seconds: Until the last of these is given up.
    """

    lost: int = 0
    lost_seconds: float = 0.0
    in_jobs: int = 0
    job_seconds: float = 0.0


def wait_of(batches: Iterable[BatchInFlight], now: float, job_timeout: float) -> Wait:
    """What batches are waited for.

    Args:
        batches: Those in flight.
        now: By the monotonic clock.
        job_timeout: Seconds for a job to end.
    """
    lost = in_jobs = 0
    lost_seconds = job_seconds = 0.0
    for each in batches:
        left = max(0.0, job_timeout - each.waited(now))
        if each.batch.state is BatchState.LOST:
            if each.until is not None:  # the first look comes at once, and may settle all
                lost += len(each.open)
                lost_seconds = max(lost_seconds, each.until - now)
        elif each.is_followed:
            in_jobs += len(each.open)
            job_seconds = max(job_seconds, left)
    return Wait(lost, lost_seconds, in_jobs, job_seconds)
