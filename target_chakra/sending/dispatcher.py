"""The life of each batch on its way: sent, followed, concluded, halved, or read back.

Runs on the thread that decides. Each step is in the journal before the next one leaves.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from chakra_api.errors import (
    AnswerLost,
    ChakraError,
    NoAccess,
    NotFound,
    Refused,
    ReportedErrors,
    TooLarge,
    WrongKey,
)
from target_chakra.batches import Batch, Released, Settled, Settlement
from target_chakra.changes import Failed, Halted, Kind
from target_chakra.lifecycle import BatchEvent, BatchState, Outcome
from target_chakra.sending.batch_in_flight import BatchInFlight, advance, move
from target_chakra.sending.item_shapes import SHAPES
from target_chakra.sending.job_polling import JobVerdict, job_verdict, look_of, wait
from target_chakra.sending.lost_batches import LostBatches, NeverTaken
from target_chakra.sending.refusals import no_effect, remedy_for
from target_chakra.sending.server_limits import ServerLimits
from target_chakra.sending.submission import Accepted, Conclusion, End, Submission
from target_chakra.workers import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from chakra_api.endpoints.answers import JobStatus
    from target_chakra.batches import SendingEvent
    from target_chakra.context import RunContext
    from target_chakra.sending.lost_batches import LostStep

MISSING_TRIES = 3
"""How often a job that is not there is looked for again before it counts as lost (Q31)."""
SAME_REASON = 8
"""Rows in a row refused alone, none accepted: it is not the rows' fault."""
CONCLUDE_TRIES = 5


class Dispatcher:
    """All batches of a run that are on their way; its steps yield what becomes of them.

    Args:
        context: Of the run.
        submission: What carries the batches of a procedure.
    """

    def __init__(self, context: RunContext, submission: Callable[[str], Submission]) -> None:
        self._context = context
        self._submission = submission
        self._outbox: deque[BatchInFlight] = deque()
        self._sending = 0
        relay = Relay(context.workers, self._read_back)
        self._lost = LostBatches(context, submission, relay)
        self._probing: set[tuple[str, Kind]] = set()
        self.forms = ServerLimits(context.journal)
        self.grounded = False
        self.jobs = 0
        self._in_flight: dict[int, BatchInFlight] = {}

    # What the writer asks

    @property
    def followed(self) -> int:
        """Jobs that are being followed."""
        return self._sending

    @property
    def lost(self) -> int:
        """Batches whose fate is being read back."""
        return self._lost.count

    @property
    def waiting(self) -> int:
        """Batches that are intended and not sent."""
        return len(self._outbox)

    @property
    def in_flight(self) -> tuple[Batch, ...]:
        """Batches that are not settled."""
        return tuple(flight.batch for flight in self._in_flight.values())

    def open_actions(self, batch: Batch) -> tuple[int, ...]:
        """Positions of a batch that have no outcome yet."""
        return tuple(self._in_flight[batch.id].open)

    @property
    def _has_place(self) -> bool:
        return not self.grounded and self._sending < self._context.settings.concurrency

    # Starting

    def size_for(self, procedure: str, kind: Kind, most: int) -> int:
        """Rows that the next batch may have; 0 while the first one is on its way."""
        busy = (procedure, kind) in self._probing and self.forms.shape(procedure, kind) is None
        return 0 if busy else self.forms.size(procedure, kind, most)

    def add(self, batch: Batch) -> None:
        """Take a new batch: intended in the journal, then sent when a place is free."""
        shape = self.forms.shape(batch.procedure, batch.kind)
        if shape is None:
            self._probing.add((batch.procedure, batch.kind))
        batch = replace(batch, shape=shape or SHAPES[batch.kind][0])
        self._intend(BatchInFlight(batch, probing=shape is None))
        self.advance()

    def _intend(self, flight: BatchInFlight, *, first: bool = False) -> None:
        now = self._context.now_ms()
        if self._has_place and not self._outbox:
            # Intent and departure in one transaction: both are on disk before it leaves.
            flight.batch = replace(flight.batch, sent=now)
            advance(flight, BatchEvent.SEND)
        flight.batch = self._context.journal.intend(flight.batch, now)
        self._in_flight[flight.batch.id] = flight
        if flight.batch.state is BatchState.SENDING:
            self._depart(flight)
        elif first:
            self._outbox.appendleft(flight)
        else:
            self._outbox.append(flight)

    def adopt(self, batch: Batch, outcomes: Mapping[int, Outcome]) -> Iterator[SendingEvent]:
        """Take on a batch of an earlier run, where it was left."""
        flight = BatchInFlight(batch)
        flight.settled = set(outcomes)
        # One row that was seen as sent proves that the job was taken.
        seen = any(outcome is not Outcome.UNKNOWN for outcome in outcomes.values())
        flight.accepted = seen or batch.job is not None
        self._in_flight[batch.id] = flight
        if batch.state is BatchState.INTENDED:
            yield from self._release(flight)
        elif batch.state is BatchState.SENDING:
            yield from self._lose(flight)
        elif batch.state is BatchState.SUBMITTED:
            self._sending += 1
            self._follow(flight)
        else:
            yield from self._read_back(self._lost.follow(flight))

    def advance(self) -> None:
        """Send what is intended while there is a free place."""
        while self._outbox and self._has_place:
            self._send(self._outbox.popleft())

    def stop_sending(self) -> Iterator[SendingEvent]:
        """Send nothing more; what was only intended is released."""
        self.grounded = True
        while self._outbox:
            yield from self._release(self._outbox.popleft())

    def _send(self, flight: BatchInFlight) -> None:
        flight.batch = replace(flight.batch, sent=self._context.now_ms())
        move(self._context.journal, flight, BatchEvent.SEND)
        self._depart(flight)

    def _depart(self, flight: BatchInFlight) -> None:
        self._sending += 1
        submission = self._submission(flight.batch.procedure)
        self._context.workers.start(
            partial(submission.submit, flight.batch),
            partial(self._taken, flight),
            partial(self._not_taken, flight),
        )

    # The answer to a submit

    def _taken(self, flight: BatchInFlight, accepted: Accepted) -> None:
        self.jobs += 1
        flight.accepted = flight.lineage.accepted = True
        server = accepted.server_time or flight.batch.server
        flight.batch = replace(flight.batch, job=accepted.job, server=server)
        move(self._context.journal, flight, BatchEvent.ACCEPT)
        if accepted.job:
            self._follow(flight)
        else:
            self._conclude(flight, End(True, True, flight.probing, None))  # noqa: FBT003 - a record of facts

    def _not_taken(self, flight: BatchInFlight, error: Exception) -> Iterator[SendingEvent]:
        if isinstance(error, AnswerLost):
            self._sending -= 1
            yield from self._lose(flight)
            return
        self._sending -= 1
        if isinstance(error, (WrongKey, NoAccess)) or not isinstance(
            error, (Refused, ReportedErrors)
        ):
            yield from self._release(flight)
            yield Failed(_as_chakra(error))
            return
        yield from self._refused(flight, error)
        self.advance()

    def _refused(
        self, flight: BatchInFlight, error: Refused | ReportedErrors
    ) -> Iterator[SendingEvent]:
        """Refused as a whole: in another shape, in halves, or as the one bad row."""
        move(self._context.journal, flight, BatchEvent.REFUSE)
        del self._in_flight[flight.batch.id]
        remedy = remedy_for(flight.batch, error, first=self._is_first(flight))
        if remedy.gone:
            yield from self._gone(flight, error)
        elif remedy.size:
            if isinstance(error, TooLarge):
                self.forms.too_large(flight.batch, remedy.size)
            self._split(flight, remedy.size, remedy.shape)
        else:
            yield from self._refused_alone(flight, error)

    @staticmethod
    def _is_first(flight: BatchInFlight) -> bool:
        return flight.probing and not flight.lineage.refused_alone

    def _split(self, flight: BatchInFlight, size: int, shape: str) -> None:
        actions = flight.batch.actions
        parts = [actions[start : start + size] for start in range(0, len(actions), size)]
        for part in reversed(parts):
            batch = replace(
                flight.batch,
                id=0,
                actions=part,
                state=BatchState.INTENDED,
                job=None,
                sent=None,
                shape=shape,
            )
            half = BatchInFlight(batch, probing=flight.probing)
            half.lineage = flight.lineage
            self._intend(half, first=True)
        self.advance()

    def _refused_alone(self, flight: BatchInFlight, error: ChakraError) -> Iterator[SendingEvent]:
        flight.lineage.refused_alone += 1
        reason = f"ChakraHQ refuses it: {error.cause}"
        action = flight.batch.actions[0]
        done = {0: Settlement(action, Outcome.REJECTED, action.process_id, reason)}
        self._probed(flight)
        yield Settled(flight.batch, done, None)
        if not flight.lineage.accepted and flight.lineage.refused_alone >= SAME_REASON:
            yield Halted(flight.batch.procedure, error)

    def _gone(self, flight: BatchInFlight, error: ChakraError) -> Iterator[SendingEvent]:
        """The bulk endpoint itself is not there."""
        self._probed(flight)
        yield Released(flight.batch)
        yield Halted(flight.batch.procedure, error)

    # Following a job

    def _follow(self, flight: BatchInFlight) -> None:
        pause = wait(flight.looks, len(flight.batch.actions))
        self._context.workers.later(pause, partial(self._look, flight))

    def _look(self, flight: BatchInFlight) -> None:
        client = self._submission(flight.batch.procedure).client
        self._context.workers.start(
            partial(client.job, flight.batch.job or ""),
            partial(self._looked, flight),
            partial(self._not_seen, flight),
        )

    def _looked(self, flight: BatchInFlight, status: JobStatus) -> Iterator[SendingEvent]:
        flight.missing = 0
        look = look_of(status.row, status.counts, flight.waited(self._context.now_ms()))
        flight.looks = (*flight.looks[-2:], look)
        submitted = len(flight.batch.actions)
        verdict = job_verdict(flight.looks, submitted)
        if verdict is JobVerdict.RUNNING:
            yield from self._go_on(flight)
            return
        if verdict is JobVerdict.ENDED and look.none_under_way:
            self.forms.cut(flight.batch, look.finished)
        succeeded = look.counts.get("SUCCESS", 0) >= submitted
        server = look.completed_at or status.server_time
        in_full = verdict is JobVerdict.DONE
        self._conclude(flight, End(succeeded, in_full, flight.probing, server))

    def _not_seen(self, flight: BatchInFlight, error: Exception) -> Iterator[SendingEvent]:
        if isinstance(error, (WrongKey, NoAccess)) or not isinstance(error, ChakraError):
            yield Failed(_as_chakra(error))
            self._sending -= 1
            return
        flight.missing += isinstance(error, NotFound)
        if flight.missing > MISSING_TRIES:
            self._sending -= 1
            yield from self._lose(flight)
        else:
            pause = 2.0**flight.missing if flight.missing else 0.0
            self._context.workers.later(pause, partial(self._go_on, flight))

    def _go_on(self, flight: BatchInFlight) -> Iterator[SendingEvent]:
        if flight.waited(self._context.now_ms()) >= self._context.settings.patience.job_timeout:
            self._sending -= 1
            yield from self._lose(flight)
        else:
            self._follow(flight)

    # The end of a job

    def _conclude(self, flight: BatchInFlight, end: End) -> None:
        submission = self._submission(flight.batch.procedure)
        self._context.workers.start(
            partial(submission.conclude, flight.batch, end),
            partial(self._concluded, flight, end),
            partial(self._not_concluded, flight, end),
        )

    def _concluded(
        self, flight: BatchInFlight, end: End, found: Conclusion
    ) -> Iterator[SendingEvent]:
        self._sending -= 1
        if flight.probing and self._try_other_shape(flight, found):
            self.advance()
            return
        if flight.probing and _proves(flight.batch.kind, found):
            self.forms.proven(flight.batch)
        self._probed(flight)
        done = {at: s for at, s in found.settlements.items() if at not in flight.settled}
        advance(flight, BatchEvent.SETTLE)
        del self._in_flight[flight.batch.id]
        yield Settled(flight.batch, done, end.server_time)
        if found.effect is False:
            yield Halted(flight.batch.procedure, no_effect(flight.batch))
        self.advance()

    def _try_other_shape(self, flight: BatchInFlight, found: Conclusion) -> bool:
        """Whether a first batch had no effect at all, so that its shape is in doubt (Q22)."""
        batch = flight.batch
        invalid = all(s.outcome is Outcome.REJECTED for s in found.settlements.values())
        shapes = SHAPES[batch.kind]
        if batch.kind is Kind.CREATE or not (invalid or found.effect is False):
            return False
        following = shapes.index(batch.shape) + 1
        if following >= len(shapes):
            return False
        move(self._context.journal, flight, BatchEvent.RELEASE)
        del self._in_flight[batch.id]
        self._split(flight, len(batch.actions), shapes[following])
        return True

    def _probed(self, flight: BatchInFlight) -> None:
        kind = (flight.batch.procedure, flight.batch.kind)
        others = (f for f in self._in_flight.values() if f is not flight and f.probing)
        if not any((f.batch.procedure, f.batch.kind) == kind for f in others):
            self._probing.discard(kind)

    def _not_concluded(
        self, flight: BatchInFlight, end: End, error: Exception
    ) -> Iterator[SendingEvent]:
        if not isinstance(error, ChakraError):
            yield Failed(_as_chakra(error))
            self._sending -= 1
            return
        flight.tries += 1
        if flight.tries < CONCLUDE_TRIES and not isinstance(error, (WrongKey, NoAccess)):
            self._context.workers.later(flight.tries, partial(self._conclude, flight, end))
            return
        self._sending -= 1
        yield Failed(error)
        yield from self._lose(flight)

    # What is read back

    def _lose(self, flight: BatchInFlight) -> Iterator[SendingEvent]:
        return self._read_back(self._lost.take(flight))

    def _read_back(self, steps: Iterable[LostStep]) -> Iterator[SendingEvent]:
        for step in steps:
            if isinstance(step, NeverTaken):
                yield from self._release(step.flight)
                continue
            flight = step.flight
            if not flight.open:
                if flight.probing and flight.seen_as_sent:
                    self.forms.proven(flight.batch)
                del self._in_flight[flight.batch.id]
                self._probed(flight)
            yield Settled(flight.batch, step.done, None)

    def _release(self, flight: BatchInFlight) -> Iterator[SendingEvent]:
        move(self._context.journal, flight, BatchEvent.RELEASE)
        self._in_flight.pop(flight.batch.id, None)
        self._probed(flight)
        yield Released(replace(flight.batch, actions=tuple(flight.open.values())))


def submissions(context: RunContext) -> Callable[[str], Submission]:
    """What carries the batches of a procedure, one for each."""
    return cache(lambda name: Submission(context.procedure(name), context.clock))


def _proves(kind: Kind, found: Conclusion) -> bool:
    """Whether a first batch had its effect."""
    wrote = any(s.outcome is not Outcome.REJECTED for s in found.settlements.values())
    return wrote and (found.effect is True or (kind is Kind.CREATE and found.effect is None))


def _as_chakra(error: Exception) -> ChakraError:
    if isinstance(error, ChakraError):
        return error
    raise error
