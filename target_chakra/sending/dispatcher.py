"""The life of each batch on its way: intended, sent, followed or read back, and settled.

Runs on the thread that decides. Each step is in the journal before the next one leaves.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias

from chakra_api.errors import AnswerLost, ChakraError, NoAccess, Refused, ReportedErrors, WrongKey
from target_chakra.batches import Batch, Released, Settled
from target_chakra.changes import Failed, Halted, Kind
from target_chakra.lifecycle import BatchEvent, BatchState, Outcome
from target_chakra.lookups.key_lookups import not_believed
from target_chakra.moments import elapsed
from target_chakra.sending.batch_in_flight import (
    BatchInFlight,
    Departure,
    Wait,
    advance,
    move,
    wait_of,
)
from target_chakra.sending.item_shapes import SHAPES
from target_chakra.sending.job_following import JobConcluded, JobFollower, JobLost, proves
from target_chakra.sending.lost_batches import LostBatches, NeverTaken, Outage, ReadBack
from target_chakra.sending.outcomes import End
from target_chakra.sending.refusals import Resend, after_refusal, no_effect, other_shape, parts_of
from target_chakra.sending.server_limits import FIRST_BATCH_ROWS, ServerLimits
from target_chakra.sending.submission import Accepted, Submission
from target_chakra.workers import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from target_chakra.batches import Event, SendingEvent
    from target_chakra.changes import Action
    from target_chakra.context import RunContext
    from target_chakra.sending.job_following import JobStep
    from target_chakra.sending.lost_batches import LostStep

    Step: TypeAlias = JobStep | LostStep


class Dispatcher:
    """All batches of a run that are on their way; its steps yield what becomes of them.

    Args:
        context: Of the run.
        submission: What carries the batches of a procedure.

    Attributes:
        limits: In what shape and size the server takes batches.
        jobs: How many batches were taken as jobs.
    """

    def __init__(self, context: RunContext, submission: Callable[[str], Submission]) -> None:
        self._context = context
        self._submission = submission
        self.limits = ServerLimits(context.journal, singly=context.settings.bulk == "never")
        relay: Relay[Step, Event] = Relay(context.workers, self._react)
        self._jobs = JobFollower(context, submission, self.limits, relay)
        self._lost = LostBatches(context, submission, relay)
        self._outage = Outage()
        self._outbox: deque[BatchInFlight] = deque()
        self._in_flight: dict[int, BatchInFlight] = {}
        self._stopped = False
        self._tried = Counter[str]()  # creates handed over, by procedure
        self.jobs = 0

    # What the writer asks

    @property
    def followed(self) -> int:
        """Jobs that are being followed."""
        return sum(each.is_followed for each in self._in_flight.values())

    @property
    def lost(self) -> int:
        """Batches whose rows are being read back."""
        return sum(each.batch.state is BatchState.LOST for each in self._in_flight.values())

    @property
    def wait(self) -> Wait:
        """What is waited for."""
        timeout = self._context.settings.patience.job_timeout
        return wait_of(self._in_flight.values(), self._context.clock.monotonic(), timeout)

    @property
    def waiting(self) -> int:
        """Batches that are intended and not sent."""
        return len(self._outbox)

    @property
    def in_flight(self) -> tuple[Batch, ...]:
        """Batches that are not settled."""
        return tuple(each.batch for each in self._in_flight.values())

    def unsettled(self) -> Iterator[tuple[Action, bool]]:
        """The actions without an outcome, each with whether it has left, or may have."""
        for each in self._in_flight.values():
            has_left = each.batch.state is not BatchState.INTENDED
            yield from ((action, has_left) for action in each.open.values())

    @property
    def _has_place(self) -> bool:
        return not self._stopped and self.followed < self._context.settings.concurrency

    # Starting

    def size_for(self, procedure: str, kind: Kind, most: int) -> int:
        """Rows that the next batch may have; 0 while one that proves something is on its way."""
        if self.limits.shape(procedure, kind) is None and any(
            each.probes(procedure, kind) for each in self._in_flight.values()
        ):
            return 0
        size = self.limits.size(procedure, kind, most)
        if kind is not Kind.CREATE or not self._context.procedure(procedure).is_unproven:
            return size
        # What is created first proves that creates can be looked up (design decision 8). Where all
        # of a batch are refused the next one may be larger: they would come at a crawl.
        creates = (Kind.CREATE, procedure)
        is_on_its_way = any(
            (each.batch.kind, each.batch.procedure) == creates for each in self._in_flight.values()
        )
        return 0 if is_on_its_way else min(max(FIRST_BATCH_ROWS, 2 * self._tried[procedure]), size)

    def add(self, batch: Batch) -> None:
        """Take a new batch: intended in the journal, then sent when a place is free."""
        if batch.kind is Kind.CREATE:
            self._tried[batch.procedure] += len(batch.actions)
        shape = self.limits.shape(batch.procedure, batch.kind)
        batch = replace(batch, shape=shape or SHAPES[batch.kind][0])
        self._intend(BatchInFlight(batch, probing=shape is None))
        self.advance()

    def _intend(self, in_flight: BatchInFlight, *, first: bool = False) -> None:
        if self._has_place and not self._outbox:
            # Intent and departure in one transaction: both are on disk before it leaves.
            self._depart(in_flight)
            advance(in_flight, BatchEvent.SEND)
        in_flight.batch = self._context.journal.intend(in_flight.batch, self._context.now_ms())
        self._in_flight[in_flight.batch.id] = in_flight
        if in_flight.batch.state is BatchState.SENDING:
            self._submit(in_flight)
        elif first:
            self._outbox.appendleft(in_flight)
        else:
            self._outbox.append(in_flight)

    def adopt(self, batch: Batch, outcomes: Mapping[int, Outcome]) -> Iterator[SendingEvent]:
        """Take on a batch of an earlier run, where it was left."""
        # A run that died while it found out the shape did not prove it.
        probing = self.limits.shape(batch.procedure, batch.kind) is None
        in_flight = BatchInFlight(batch, probing=probing)
        in_flight.settled = set(outcomes)
        # One row that was seen as sent proves that the job was taken.
        seen = any(outcome is not Outcome.UNKNOWN for outcome in outcomes.values())
        in_flight.accepted, in_flight.seen_as_sent = seen or batch.job is not None, seen
        # Where ChakraHQ's clock can't tell its age, it is as old as this run has watched it.
        age = elapsed(batch.sent, self._context.now()) if batch.sent else None
        in_flight.is_taken_on(age or 0.0, self._context.clock.monotonic())
        self._in_flight[batch.id] = in_flight
        if batch.state is BatchState.INTENDED:
            yield from self._release(in_flight)
        elif batch.state is BatchState.SENDING:
            yield from self._react(self._lost.take(in_flight))
        elif batch.state is BatchState.SUBMITTED:
            self._jobs.follow(in_flight)
        else:
            yield from self._react(self._lost.follow(in_flight))

    def advance(self) -> None:
        """Send what is intended while there is a free place."""
        while self._outbox and self._has_place:
            self._send(self._outbox.popleft())

    def stop_sending(self) -> Iterator[SendingEvent]:
        """Send nothing more; what was only intended is released."""
        self._stopped = True
        while self._outbox:
            yield from self._release(self._outbox.popleft())

    def _send(self, in_flight: BatchInFlight) -> None:
        self._depart(in_flight)
        move(self._context.journal, in_flight, BatchEvent.SEND)
        self._submit(in_flight)

    def _depart(self, in_flight: BatchInFlight) -> None:
        """It leaves now: no process that existed before can be its own work."""
        context = self._context
        server = context.server_clock.earliest
        in_flight.batch = replace(in_flight.batch, sent=context.stamp(), server=server)
        in_flight.leaves(context.clock.monotonic())

    def _submit(self, in_flight: BatchInFlight) -> None:
        submission = self._submission(in_flight.batch.procedure)
        departure = Departure(self._context, in_flight.batch)
        self._context.workers.start(
            partial(submission.submit, in_flight.batch, departure),
            partial(self._taken, in_flight, departure),
            partial(self._not_taken, in_flight, departure),
        )

    # The answer to a submit

    def _taken(self, in_flight: BatchInFlight, departure: Departure, accepted: Accepted) -> None:
        self.jobs += bool(accepted.job)
        self._outage.over()
        departure.note(in_flight)
        in_flight.accepted = in_flight.lineage.accepted = True
        server = accepted.server_time or in_flight.batch.server
        in_flight.batch = replace(in_flight.batch, job=accepted.job, server=server)
        move(self._context.journal, in_flight, BatchEvent.ACCEPT)
        if accepted.job:
            self._jobs.follow(in_flight)
        else:
            end = End(
                all_succeeded=True,
                in_full=True,
                read_back=in_flight.probing,
                server_time=None,
                process_id=accepted.process_id,
            )
            self._jobs.conclude(in_flight, end)

    def _not_taken(
        self, in_flight: BatchInFlight, departure: Departure, error: Exception
    ) -> Iterator[SendingEvent]:
        departure.note(in_flight)
        if isinstance(error, AnswerLost):
            self._outage.lost(self._context.clock.monotonic(), error)
            yield from self._react(self._lost.take(in_flight))
        elif isinstance(error, (Refused, ReportedErrors)) and not _bars_all(error):
            yield from self._refused(in_flight, error)
            self.advance()
        else:
            yield from self._release(in_flight)
            if not isinstance(error, ChakraError):
                raise error
            yield Failed(error)

    def _refused(self, in_flight: BatchInFlight, error: ChakraError) -> Iterator[SendingEvent]:
        move(self._context.journal, in_flight, BatchEvent.REFUSE)
        del self._in_flight[in_flight.batch.id]
        for step in after_refusal(in_flight, error, self.limits):
            if isinstance(step, Resend):
                self._resend(step)
            else:
                yield step

    def _resend(self, resend: Resend) -> None:
        for part in reversed(resend.parts):
            self._intend(part, first=True)
        self.advance()

    # What becomes of a batch that was taken, or may have been

    def _react(self, steps: Iterable[Step]) -> Iterator[SendingEvent]:
        for step in steps:
            if isinstance(step, JobConcluded):
                yield from self._conclude(step)
            elif isinstance(step, JobLost):
                yield from self._react(self._lost.take(step.in_flight))
            elif isinstance(step, ReadBack):
                yield self._read_back(step)
            elif isinstance(step, NeverTaken):
                yield from self._never_taken(step.in_flight)
            else:
                yield step

    def _conclude(self, step: JobConcluded) -> Iterator[SendingEvent]:
        in_flight, found = step.in_flight, step.found
        batch = in_flight.batch
        # Before its rows are settled: what was learned from them must not be lost with a crash.
        self._context.procedure(batch.procedure).store_spellings(self._context.journal)
        shape = other_shape(batch, found) if in_flight.probing else None
        if shape is not None and in_flight.is_adopted:
            yield from self._release(in_flight)  # its rows come again, and are sent in this run's
            return
        if shape is not None:
            move(self._context.journal, in_flight, BatchEvent.RELEASE)
            del self._in_flight[batch.id]
            self._resend(parts_of(in_flight, len(batch.actions), shape))
            return
        if in_flight.probing and proves(batch.kind, found):
            self.limits.proven(batch)
        done = {at: s for at, s in found.settlements.items() if at not in in_flight.settled}
        advance(in_flight, BatchEvent.SETTLE)
        del self._in_flight[batch.id]
        yield Settled(in_flight.batch, done, step.ended)
        if found.effect is False:
            yield Halted(batch.procedure, no_effect(batch))
        if found.unproven is not None:
            yield Halted(batch.procedure, not_believed(batch.procedure, found.unproven))
        self.advance()

    def _never_taken(self, in_flight: BatchInFlight) -> Iterator[SendingEvent]:
        yield from self._release(in_flight)
        limit = self._context.settings.patience.job_timeout
        error = self._outage.error_after(limit, self._context.clock.monotonic())
        if error is not None:
            yield Failed(error)

    def _read_back(self, step: ReadBack) -> Settled:
        in_flight = step.in_flight
        if in_flight.seen_as_sent:
            self._outage.over()
        if not in_flight.open:
            if in_flight.probing and in_flight.seen_as_sent:
                self.limits.proven(in_flight.batch)
            del self._in_flight[in_flight.batch.id]
        return Settled(in_flight.batch, step.done, None)

    def _release(self, in_flight: BatchInFlight) -> Iterator[SendingEvent]:
        move(self._context.journal, in_flight, BatchEvent.RELEASE)
        self._in_flight.pop(in_flight.batch.id, None)
        yield Released(replace(in_flight.batch, actions=tuple(in_flight.open.values())))


def submissions(context: RunContext) -> Callable[[str], Submission]:
    """What carries the batches of a procedure, one for each."""
    return cache(lambda name: Submission(context.procedure(name), context.clock))


def _bars_all(error: Exception) -> bool:
    """Whether no other batch would fare better."""
    return isinstance(error, (WrongKey, NoAccess))
