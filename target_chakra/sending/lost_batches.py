"""Batches whose answer was lost: their rows are read back until their outcome can be told.

Runs on the thread that decides; `recovery.py` says what follows from a look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.errors import AnswerLost, ChakraError
from target_chakra.batches import Settlement
from target_chakra.changes import Kind
from target_chakra.lifecycle import BatchEvent, Outcome
from target_chakra.sending.batch_in_flight import BatchInFlight, advance, move
from target_chakra.sending.outcomes import WRITTEN
from target_chakra.sending.recovery import Evidence, Sight, lost_verdict, seconds_left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_chakra.batches import Event
    from target_chakra.context import RunContext
    from target_chakra.sending.recovery import Age
    from target_chakra.sending.submission import Submission
    from target_chakra.workers import Relay

LOOK_PAUSES = (0.5, 30.0)
"""Least and most seconds between two looks at a batch."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Rows of a lost batch have an outcome; the batch is settled once all of them have.

    Attributes:
        in_flight: The batch.
        done: What became of its actions, by position.
    """

    in_flight: BatchInFlight
    done: Mapping[int, Settlement]


@dataclass(frozen=True, slots=True)
class NeverTaken:
    """A lost batch never was accepted: it may be sent again.

    Attributes:
        in_flight: The batch.
    """

    in_flight: BatchInFlight


LostStep: TypeAlias = "ReadBack | NeverTaken"


class Outage:
    """How long ChakraHQ has taken no batch at all: each that left was lost, and never accepted.

    Such batches are sent again, but not for ever.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._last: ChakraError | None = None

    def lost(self, at: float, error: ChakraError) -> None:
        """Note that a batch was lost.

        Args:
            at: When, by the monotonic clock, seconds.
            error: How its request ended.
        """
        self._since = at if self._since is None else self._since
        self._last = error

    def over(self) -> None:
        """Note that a batch was taken."""
        self._since = self._last = None

    def error_after(self, limit: float, now: float) -> ChakraError | None:
        """What stops the run once it has lasted so many seconds; None before."""
        if self._since is None or self._last is None or now - self._since < limit:
            return None
        return AnswerLost(
            f"ChakraHQ has taken no write for {limit:,.0f} s (job_timeout), though each was sent"
            f" again. The last one: {self._last.cause}",
            self._last.next_step,
        )


class LostBatches:
    """All lost batches of a run; its steps yield what became of their rows.

    Args:
        context: Of the run.
        submission: What carries the batches of a procedure.
        workers: Pass on what the steps yield.
    """

    def __init__(
        self,
        context: RunContext,
        submission: Callable[[str], Submission],
        workers: Relay[LostStep, Event],
    ) -> None:
        self._context = context
        self._submission = submission
        self._workers = workers

    @property
    def _now(self) -> float:
        return self._context.clock.monotonic()

    def take(self, in_flight: BatchInFlight) -> Iterator[LostStep]:
        """Take on a batch that was just lost."""
        move(self._context.journal, in_flight, BatchEvent.LOSE)
        yield from self.follow(in_flight)

    def follow(self, in_flight: BatchInFlight) -> Iterator[LostStep]:
        """Read a lost batch back until the outcome of each of its rows can be told."""
        nameless = {
            at: Settlement(a, Outcome.UNKNOWN, None, "the answer was lost and it has no key")
            for at, a in in_flight.open.items()
            if a.process_id is None and a.change.key is None
        }
        if nameless:
            yield self._settled(in_flight, nameless)
        if in_flight.open:
            pause = 0.0 if in_flight.waited(self._now) > 1 else LOOK_PAUSES[0]
            self._workers.later(pause, partial(self._look, in_flight))

    def _look(self, in_flight: BatchInFlight) -> None:
        submission = self._submission(in_flight.batch.procedure)
        self._workers.start(
            partial(submission.sights, in_flight.open),
            partial(self._saw, in_flight),
            partial(self._saw_nothing, in_flight),
        )

    def _saw(
        self, in_flight: BatchInFlight, seen: Mapping[int, tuple[Sight, str | None]]
    ) -> Iterator[LostStep]:
        now, patience = self._now, self._context.settings.patience
        age = in_flight.age(now)
        sights = {at: self._believed(in_flight.batch.kind, each, age) for at, each in seen.items()}
        evidence = _evidence(in_flight, sights, now)
        verdict = lost_verdict(evidence, age, patience)
        in_flight.accepted = verdict.accepted
        in_flight.seen_as_sent |= bool(verdict.settled)
        in_flight.until = now + seconds_left(evidence, age, patience)
        if verdict.released:
            yield NeverTaken(in_flight)
            return
        actions, written = in_flight.batch.actions, WRITTEN[in_flight.batch.kind]
        done = {at: Settlement(actions[at], written, seen[at][1]) for at in verdict.settled}
        for at in verdict.unknown:
            reason = f"the answer was lost, and the process is {_SAID[sights[at]]}"
            done[at] = Settlement(actions[at], Outcome.UNKNOWN, seen[at][1], reason)
        if done:
            yield self._settled(in_flight, done)
        if in_flight.open:
            self._look_later(in_flight)

    def _believed(self, kind: Kind, seen: tuple[Sight, str | None], age: Age) -> Sight:
        """What a look says: that nothing is listed proves no delete while lists may lag."""
        what, process_id = seen
        is_absent = kind is Kind.DELETE and process_id is None
        if is_absent and age.seconds < self._context.settings.patience.lag:
            return Sight.AS_BEFORE
        return what

    def _saw_nothing(self, in_flight: BatchInFlight, error: Exception) -> Iterator[LostStep]:
        if not isinstance(error, ChakraError):
            raise error
        patience = self._context.settings.patience
        age = in_flight.age(self._now)
        if not age.is_past(patience.job_timeout, patience):
            in_flight.until = self._now + max(0.0, patience.job_timeout - age.seconds)
            self._look_later(in_flight)
            return
        reason = f"the answer was lost, and reading back fails: {error.cause}"
        left = in_flight.open.items()
        gone = {at: Settlement(a, Outcome.UNKNOWN, None, reason) for at, a in left}
        yield self._settled(in_flight, gone)

    def _look_later(self, in_flight: BatchInFlight) -> None:
        patience, age = self._context.settings.patience, in_flight.age(self._now)
        pause = min(max(LOOK_PAUSES[0], age.seconds * 0.2), LOOK_PAUSES[1])
        left = [patience.lag, patience.horizon + patience.lag, patience.job_timeout]
        left = [each - age.seconds for each in left]
        if in_flight.until is not None:
            left.append(in_flight.until - self._now)
        if age.watched is not None:
            left.append(patience.watch - age.watched)
        pause = min(pause, *(each + 0.01 for each in left if each > 0), LOOK_PAUSES[1])
        self._workers.later(pause, partial(self._look, in_flight))

    def _settled(self, in_flight: BatchInFlight, done: Mapping[int, Settlement]) -> ReadBack:
        in_flight.settled.update(done)
        if not in_flight.open:
            advance(in_flight, BatchEvent.SETTLE)
        return ReadBack(in_flight, done)


def _evidence(in_flight: BatchInFlight, sights: Mapping[int, Sight], now: float) -> Evidence:
    """What was seen of a batch, now and before."""
    evidence = Evidence(sights, in_flight.accepted, in_flight.seen_as_sent)
    if not evidence.all_touched:
        in_flight.touched_since = None
        return evidence
    if in_flight.touched_since is None:
        in_flight.touched_since = now
    return replace(evidence, touched_for=now - in_flight.touched_since)


_SAID: Final[Mapping[Sight, str]] = {
    Sight.NEITHER: "neither as sent nor as before: somebody else wrote it",
    Sight.AS_BEFORE: "as before",
    Sight.NOT_AS_SENT: "not as sent",
}
