"""Makes one call for each row: each at most once for its value of `once_by`, whatever crashes.

A call can't be read back: no list shows tasks or messages. So the journal is the only one who
knows. It knows of a call before that leaves, and what was answered; what left and was not answered
is unknown, and is made again only by its user's word.
"""

from __future__ import annotations

from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.errors import ChakraError, HeldBack
from chakra_api.values.writing import Unfit
from target_chakra.call_settings.call_mapping import REPEATABLE, CallKind
from target_chakra.calls.call_verdict import (
    CallVerdict,
    call_verdict,
    hidden_reject,
    refused_reject,
)
from target_chakra.calls.gate import Gate
from target_chakra.calls.new_journal import NewJournal
from target_chakra.changes import Action, Done, Ended, Failed, Halted, Kind
from target_chakra.lifecycle import CallState, Outcome
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_chakra.books.limits import CallLimits
    from target_chakra.books.reasons import Reasons
    from target_chakra.calls.call_maker import CallMaker
    from target_chakra.calls.compiled_call import CompiledCall
    from target_chakra.changes import Change, Key, PlanningEvent
    from target_chakra.context import RunContext
    from target_chakra.journal.calls import StoredCall
    from target_chakra.moments import Moment

NEVER_AGAIN: Final = (
    "Whether it was made is not known, and it is not made again before you decide: see"
    " target-chakra unknown"
)
Note: TypeAlias = "Callable[[Action, CallKind], None]"
"""Is told what would be made, and of which kind that is."""


class CallDesk:
    """Makes the calls of a run.

    Args:
        context: Of the run.
        why_unknown: Is told why calls are unknown.
        limits: How many their users allow.
        note: Is told what would be made, where the run writes nothing; None where it writes.

    Attributes:
        scopes: What `Change.procedure` may be of a call.
        unknown: Rows of this run that only their user's word can end, by what they ask for.
    """

    def __init__(
        self,
        context: RunContext,
        why_unknown: Reasons,
        limits: CallLimits,
        note: Note | None = None,
    ) -> None:
        self._context = context
        self._journal = context.journal.calls
        self._new_journal = NewJournal(self._journal, context.settings.passed_over)
        self._why_unknown = why_unknown
        self._limits = limits
        self._note = note
        self._makers: dict[str, CallMaker] = {}
        self._gates: dict[str, Gate] = {}
        self._new: list[Change] = []
        self._ready: dict[str, deque[Change]] = {}
        self._open: dict[Key, deque[Change]] = {}
        self._in_flight: dict[int, Change] = {}
        self._made: Counter[str] = Counter()
        self._noted: set[Key] = set()
        self._woken: set[str] = set()
        self.scopes: set[str] = set()
        self.unknown: Counter[str] = Counter()

    def register(self, compiled: CompiledCall) -> None:
        """A stream is about to come whose rows each ask for a call.

        Raises:
            SettingsError: Another journal knows of such calls, and this run's of none.
        """
        self._new_journal.check(compiled)
        stream = compiled.mapper.stream
        self._makers[stream] = compiled.maker
        self._gates[stream] = Gate(stream, compiled.brakes, self._context.clock)
        self._ready.setdefault(stream, deque())
        self.scopes.add(compiled.mapper.scope)

    def most_of(self, stream: str) -> int | None:
        """Calls that a run may make for the rows of a stream; None for any number."""
        return self._makers[stream].most

    def recover(self) -> None:
        """Settle what earlier runs left open: what never left may be made, the rest is unknown."""
        self._journal.recover(REPEATABLE, self._free())

    def add(self, change: Change) -> None:
        """A row asks for a call."""
        self._new.append(change)

    @property
    def busy(self) -> bool:
        """Whether calls are waiting or in flight."""
        return bool(self._new or any(self._ready.values()) or self._in_flight)

    @property
    def in_flight(self) -> tuple[Change, ...]:
        """What was asked for and is not answered."""
        return tuple(self._in_flight.values())

    def stop(self) -> Iterator[PlanningEvent]:
        """Ask for nothing more."""
        for change in self.drain():
            yield Ended(change, Outcome.NOT_SENT)

    def drain(self) -> list[Change]:
        """Give up what has not been asked for."""
        queues = (self._new, *self._ready.values(), *self._open.values())
        given_up = [each for queue in queues for each in queue]
        for queue in queues:
            queue.clear()
        return given_up

    # What was made before

    def advance(self) -> Iterator[PlanningEvent]:
        """Look new rows up in the journal, and ask for what was not made; what is known by now."""
        new, self._new = self._new, []
        first = [each for each in new if self._is_first(each)]
        for scope in dict.fromkeys(each.procedure for each in first):
            of_scope = [each for each in first if each.procedure == scope]
            known = self._journal.known(scope, [str(_key(each).value) for each in of_scope])
            for change in of_scope:
                yield from self._weighed(change, known.get(str(_key(change).value)))
        for stream, ready in self._ready.items():
            yield from self._leaving(stream, ready)

    def _is_first(self, change: Change) -> bool:
        """Whether no other row of its key is at work; one that is not waits for it."""
        waiting = self._open.get(_key(change))
        if waiting is None:
            self._open[_key(change)] = deque()
            return True
        waiting.append(change)
        return False

    def _weighed(self, change: Change, known: StoredCall | None) -> Iterator[PlanningEvent]:
        maker = self._makers[change.stream]
        if known is not None and known.state is CallState.MADE:
            yield from self._ended(change, Done(change, Outcome.UNCHANGED))
        elif known is not None:
            yield from self._ended_unknown(change, NEVER_AGAIN)
        elif why := maker.refused(change.fields):
            yield from self._ended(change, hidden_reject(change, why, RejectKind.UNFIT))
        elif self._note is not None:
            yield from self._noted_only(change, maker, self._note)
        else:
            self._ready[change.stream].append(change)

    def _noted_only(self, change: Change, maker: CallMaker, note: Note) -> Iterator[PlanningEvent]:
        """The run writes nothing: what would be made is shown, each once."""
        if _key(change) in self._noted:
            yield from self._ended(change, Done(change, Outcome.UNCHANGED))
            return
        shown = maker.shown(change.fields)
        if isinstance(shown, Unfit):
            yield from self._ended(change, hidden_reject(change, shown.reason, RejectKind.UNFIT))
            return
        self._noted.add(_key(change))
        self._limits.counted(change.stream, maker.most)
        note(Action(change, Kind.CALL, None, shown, None), maker.kind)
        yield from self._ended(change, Ended(change, Outcome.NOT_SENT))

    # Calls

    def _leaving(self, stream: str, ready: deque[Change]) -> Iterator[PlanningEvent]:
        """Begin the calls of a stream that may leave by now."""
        gate = self._gates[stream]
        while ready and len(self._in_flight) < self._context.settings.concurrency:
            if (closed := gate.closed()) is not None:
                yield Halted(ready[0].procedure, closed)
                while ready:
                    change = ready.popleft()
                    yield from self._ended(change, Ended(change, Outcome.NOT_SENT))
            elif (wait := gate.wait()) > 0:
                self._wake_after(stream, wait)
                return
            else:
                gate.passes()
                yield from self._start(ready.popleft())

    def _wake_after(self, stream: str, seconds: float) -> None:
        """Have this looked at again once the next call of a stream may leave."""
        if stream not in self._woken:
            self._woken.add(stream)
            self._context.workers.later(seconds, partial(self._woken.discard, stream))

    def _start(self, change: Change) -> Iterator[PlanningEvent]:
        maker = self._makers[change.stream]
        if (limit := self._limits.counted(change.stream, maker.most)) is not None:
            yield from self._ended(change, Ended(change, Outcome.NOT_SENT))
            yield Failed(limit)
            return
        number = self._journal.intend(change, maker.kind.value, self._context.now_ms())
        self._in_flight[number] = change
        self._context.workers.start(
            partial(maker.make, change.fields, partial(self._leaves, change.stream, number)),
            partial(self._answered, number),
            partial(self._not_answered, number),
        )

    def _leaves(self, stream: str, number: int) -> None:
        """The request leaves, on a worker's thread.

        Raises:
            HeldBack: It has waited for its turn until quiet hours began.
        """
        if (closed := self._gates[stream].closed()) is not None:
            raise closed
        self._journal.leaves(number, self._context.now_ms())

    def _answered(self, number: int, made: str) -> Iterator[PlanningEvent]:
        change = self._in_flight[number]
        self._journal.made(number, made)
        del self._in_flight[number]
        self._made[change.stream] += 1
        yield from self._ended(change, Done(change, Outcome.CREATED))

    def _not_answered(self, number: int, error: Exception) -> Iterator[PlanningEvent]:
        if not isinstance(error, ChakraError):
            raise error
        change = self._in_flight[number]
        kind = self._makers[change.stream].kind
        verdict = call_verdict(error, kind, made_before=self._made[change.stream] > 0)
        if verdict is CallVerdict.UNKNOWN:
            self._journal.lose(number, error.cause, self._free())
        else:
            self._journal.forget(number)
        del self._in_flight[number]
        if verdict is CallVerdict.UNKNOWN:
            yield from self._ended_unknown(change, error.cause)
        elif verdict is CallVerdict.REFUSED:
            yield from self._ended(change, refused_reject(change, error))
        else:
            yield from self._ended(change, Ended(change, Outcome.NOT_SENT))
            held_back = isinstance(error, HeldBack)
            yield Halted(change.procedure, error) if held_back else Failed(error)

    def _ended_unknown(self, change: Change, why: str) -> Iterator[PlanningEvent]:
        self._why_unknown.note(change, why)
        self.unknown[self._makers[change.stream].kind.noun] += 1
        yield from self._ended(change, Ended(change, Outcome.UNKNOWN))

    def _ended(self, change: Change, event: PlanningEvent) -> Iterator[PlanningEvent]:
        """A call has an outcome: a later row of its key is looked at next."""
        self._new.extend(self._open.pop(_key(change)))
        yield event

    def _free(self) -> Moment:
        """Until when a request that leaves now may still be carried out."""
        return self._context.stamp().after(self._context.settings.patience.horizon)


def _key(change: Change) -> Key:
    if change.key is None:
        raise ValueError("A call without a key")
    return change.key
