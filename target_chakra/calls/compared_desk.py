"""Makes each thing that a row names as the row says: looked at first, written where it differs.

Users, message templates and the like can be seen, and to write one twice does no harm. So no row
of it is stored: one whose write was lost comes again, and finds what became of it. The rows of one
thing are carried out one after the other; what does not show the row before yet is looked at again.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from chakra_api.errors import ChakraError
from chakra_api.values.writing import Unfit
from target_chakra.calls.call_verdict import (
    CallVerdict,
    call_verdict,
    hidden_reject,
    refused_reject,
)
from target_chakra.calls.differences import Difference, changed_since, differing, left_as_it_was
from target_chakra.calls.written_lately import WrittenLately
from target_chakra.changes import Action, Done, Ended, Failed, Kind
from target_chakra.lifecycle import Outcome
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_chakra.calls.compiled_call import ComparedStream
    from target_chakra.calls.thing_writer import Sight, ThingWriter
    from target_chakra.changes import Change, Fields, PlanningEvent
    from target_chakra.context import RunContext

LOOK_AGAIN_AFTER: Final = 2.0
"""Seconds between two looks at a thing whose write is not seen: lists may lag."""
Note: TypeAlias = "Callable[[Action], None]"
"""Is told what would be written."""


class _Named(NamedTuple):
    """A thing, as all rows of it name it."""

    scope: str
    thing: str


@dataclass(slots=True)
class _Working:
    """A row whose thing is looked at, or written.

    Attributes:
        change: What it asks for.
        asked: When it was looked at last, monotonic.
        sight: What was seen before the write; None until then.
        has_left: Whether its write may have left.
        lost: What was left open of a write that is not seen yet: its error, None if ChakraHQ said
            that it was done.
        until: Until when it is looked for, monotonic.
    """

    change: Change
    asked: float = 0.0
    sight: Sight | None = None
    has_left: bool = False
    lost: ChakraError | None = None
    until: float = 0.0


class ComparedDesk:
    """Compares the things of a run, and writes those that differ.

    Args:
        context: Of the run.
        note: Is told what would be written, where the run writes nothing; None where it writes.

    Attributes:
        scopes: What `Change.procedure` may be of such a row.
        written: Things that were written, by kind.
    """

    def __init__(self, context: RunContext, note: Note | None = None) -> None:
        self._context = context
        self._note = note
        self._writers: dict[str, ThingWriter] = {}
        self._new: deque[Change] = deque()
        self._ready: deque[_Named] = deque()
        self._rows: dict[_Named, deque[Change]] = {}
        self._at_work: dict[_Named, _Working] = {}
        self._foreseen: dict[_Named, dict[str, object]] = {}
        self._lately = WrittenLately(context)
        self._is_stopped = False
        self.scopes: set[str] = set()
        self.written: Counter[str] = Counter()

    def register(self, compiled: ComparedStream) -> None:
        """A stream is about to come whose rows each name a thing."""
        self._writers[compiled.mapper.stream] = compiled.writer
        if compiled.mapper.scope not in self.scopes:
            self.scopes.add(compiled.mapper.scope)
            self._lately.recall(compiled.mapper.scope)

    def add(self, change: Change) -> None:
        """A row says how a thing is to be."""
        self._new.append(change)

    @property
    def busy(self) -> bool:
        """Whether rows wait or are at work."""
        return bool(self._new or self._rows)

    @property
    def asked(self) -> bool:
        """Whether answers are to come."""
        return bool(self._at_work)

    def unsettled(self) -> Iterator[tuple[Change, bool]]:
        """The rows at work, each with whether its write may have left."""
        for each in self._at_work.values():
            yield each.change, each.has_left

    def stop(self) -> Iterator[PlanningEvent]:
        """Write nothing more."""
        self._is_stopped = True
        for change in self.drain():
            yield Ended(change, Outcome.NOT_SENT)

    def drain(self) -> list[Change]:
        """Give up what is not at work."""
        given_up = [*self._new, *(each for rows in self._rows.values() for each in rows)]
        self._new.clear()
        self._ready.clear()
        self._rows = {name: deque() for name in self._at_work}
        return given_up

    @property
    def _now(self) -> float:
        return self._context.clock.monotonic()

    # Looks

    def advance(self) -> Iterator[PlanningEvent]:
        """Find the things of new rows, and begin to look at as many as may be under way."""
        while self._new:
            change = self._new.popleft()
            thing = self._writers[change.stream].find(change)
            if isinstance(thing, Unfit):
                yield hidden_reject(change, f"{change.key} {thing.reason}", RejectKind.NO_KEY)
                continue
            name = _Named(change.procedure, thing)
            if name not in self._rows:
                self._rows[name] = deque()
                self._ready.append(name)
            self._rows[name].append(change)
        while self._ready and len(self._at_work) < self._context.settings.concurrency:
            name = self._ready.popleft()
            self._at_work[name] = _Working(self._rows[name].popleft())
            self._look(name)

    def _look(self, name: _Named) -> None:
        at_work = self._at_work[name]
        at_work.asked, change = self._now, at_work.change
        writer = self._writers[change.stream]
        self._context.workers.start(
            partial(writer.look, name.thing, change),
            partial(self._looked, name),
            partial(self._not_seen, name),
        )

    def _looked(self, name: _Named, sight: Sight) -> Iterator[PlanningEvent]:
        at_work = self._at_work[name]
        if at_work.sight is not None:
            sent = differing(at_work.sight)
            left = {field: each for field, each in differing(sight).items() if field in sent}
            yield from self._judged(name, at_work.sight, left)
            return
        change = at_work.change
        unlike = differing(sight, self._foreseen.get(name, {}))
        if self._is_stopped:
            yield from self._ended(name, Ended(change, Outcome.NOT_SENT))
        elif (pause := self._lately.pause(*name, sight, unlike, at_work.asked)) is not None:
            self._context.workers.later(min(pause, LOOK_AGAIN_AFTER), partial(self._look, name))
        elif sight.problem:
            unfit = hidden_reject(change, sight.problem, RejectKind.UNFIT, sight.next_step)
            yield from self._ended(name, unfit)
        elif not unlike:
            yield from self._ended(name, Done(change, Outcome.UNCHANGED))
        elif why := changed_since(change, sight, unlike):
            yield from self._ended(name, hidden_reject(change, why, RejectKind.CHANGED))
        elif self._note is not None:
            kind = Kind.UPDATE if sight.thing_id or name in self._foreseen else Kind.CREATE
            self._note(_action(change, kind, sight, unlike))
            self._foreseen.setdefault(name, {}).update(_after(unlike))
            yield from self._ended(name, Ended(change, Outcome.NOT_SENT))
        else:
            at_work.sight = sight
            self._lately.intend(*name, _after(unlike))
            self._write(name, sight)

    def _not_seen(self, name: _Named, error: Exception) -> Iterator[PlanningEvent]:
        if not isinstance(error, ChakraError):
            raise error
        at_work = self._at_work[name]
        verdict = self._verdict(at_work.change, error)
        if at_work.sight is None and verdict is CallVerdict.REFUSED:
            yield from self._refused(name, error)
        else:
            yield from self._broken_off(name, at_work.lost or error)

    # Writes

    def _write(self, name: _Named, sight: Sight) -> None:
        at_work = self._at_work[name]
        writer = self._writers[at_work.change.stream]
        self._context.workers.start(
            partial(writer.write, name.thing, sight, partial(self._leaves, at_work)),
            partial(self._answered, name),
            partial(self._not_answered, name),
        )

    def _leaves(self, at_work: _Working) -> None:
        """The request leaves, on a worker's thread: is the journal still this run's?"""
        self._context.journal.look()
        at_work.has_left = True

    def _answered(self, name: _Named, holds: Fields | None) -> Iterator[PlanningEvent]:
        at_work = self._at_work[name]
        sight = at_work.sight
        if sight is None:
            raise ValueError("A write without a look")
        if holds is None:
            self._look_for(name, None)
            return
        yield from self._judged(name, sight, differing(sight, holds), is_final=True)

    def _not_answered(self, name: _Named, error: Exception) -> Iterator[PlanningEvent]:
        if not isinstance(error, ChakraError):
            raise error
        at_work = self._at_work[name]
        verdict = self._verdict(at_work.change, error)
        if verdict is CallVerdict.REFUSED:
            yield from self._refused(name, error)
        elif verdict is CallVerdict.UNKNOWN:
            self._look_for(name, error)
        else:
            yield from self._broken_off(name, error)

    def _look_for(self, name: _Named, lost: ChakraError | None) -> None:
        """Look whether a write is there of which the answer does not tell."""
        at_work = self._at_work[name]
        lag = self._context.settings.patience.lag
        at_work.lost, at_work.until = lost, self._now + lag
        self._look(name)

    def _judged(
        self, name: _Named, sight: Sight, left: dict[str, Difference], *, is_final: bool = False
    ) -> Iterator[PlanningEvent]:
        """A thing was seen after its write.

        Args:
            name: The thing.
            sight: As it was before.
            left: What still differs of what was sent.
            is_final: Whether no later look will show anything else.
        """
        at_work = self._at_work[name]
        change = at_work.change
        if not left:
            self.written[self._writers[change.stream].kind.value] += 1
            self._lately.done(*name)
            outcome = Outcome.UPDATED if sight.thing_id else Outcome.CREATED
            yield from self._ended(name, Done(change, outcome))
        elif not is_final and self._now < at_work.until:
            self._context.workers.later(LOOK_AGAIN_AFTER, partial(self._look, name))
        elif at_work.lost is not None:
            yield from self._broken_off(name, at_work.lost)
        else:
            self._lately.take_back(*name)
            yield from self._ended(
                name, hidden_reject(change, left_as_it_was(left), RejectKind.REFUSED)
            )

    # Ends

    def _verdict(self, change: Change, error: ChakraError) -> CallVerdict:
        kind = self._writers[change.stream].kind
        return call_verdict(error, kind, made_before=self.written[kind.value] > 0)

    def _refused(self, name: _Named, error: ChakraError) -> Iterator[PlanningEvent]:
        self._lately.take_back(*name)
        yield from self._ended(name, refused_reject(self._at_work[name].change, error))

    def _broken_off(self, name: _Named, error: ChakraError) -> Iterator[PlanningEvent]:
        """The run stops: the row comes again, and finds what became of its thing."""
        yield from self._ended(name, Ended(self._at_work[name].change, Outcome.NOT_SENT))
        yield Failed(error)

    def _ended(self, name: _Named, event: PlanningEvent) -> Iterator[PlanningEvent]:
        """A row has an outcome: the next one of its thing is looked at."""
        del self._at_work[name]
        if self._rows[name]:
            self._ready.append(name)
        else:
            del self._rows[name]
        yield event


def _action(change: Change, kind: Kind, sight: Sight, unlike: dict[str, Difference]) -> Action:
    before = {field: each.before for field, each in unlike.items()}
    return Action(change, kind, sight.thing_id or None, {**_after(unlike), **sight.beside}, before)


def _after(unlike: dict[str, Difference]) -> dict[str, object]:
    """What the fields that differ are to hold."""
    return {field: each.after for field, each in unlike.items()}
