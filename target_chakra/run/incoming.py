"""Rows as they come in: numbered, mapped to what their stream asks for, and taken by a stage."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from target_chakra.calls.call_desk import CallDesk
from target_chakra.calls.compared_desk import ComparedDesk
from target_chakra.calls.compiled_call import CompiledCall
from target_chakra.changes import Reject
from target_chakra.lifecycle import Outcome
from target_chakra.planning.intake import Intake
from target_chakra.weights import weight_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_chakra.books.bookkeeping import Bookkeeping
    from target_chakra.books.tally import Tally
    from target_chakra.calls.compiled_call import ComparedStream
    from target_chakra.changes import Change, PlanningEvent
    from target_chakra.context import RunContext
    from target_chakra.mapping.call_mapper import CallMapper
    from target_chakra.mapping.row_mapper import RowMapper
    from target_chakra.run.outbox import Outbox


class Incoming:
    """The rows of a run, as they come in.

    Args:
        tally: Counts them.
    """

    def __init__(self, tally: Tally[Any]) -> None:
        self._tally = tally
        self._mappers: dict[str, RowMapper | CallMapper] = {}

    def register(self, mapper: RowMapper | CallMapper) -> None:
        """A stream is about to come."""
        self._mappers[mapper.stream] = mapper

    def mapped(
        self, stream: str, line: int, row: Mapping[str, object], origin: str
    ) -> Change | Reject:
        """What a row asks for."""
        seq = self._tally.came_in(stream, weight_of(row))
        return self._mappers[stream](seq, line, row, origin)

    def numbered(self, decided: Change | Reject) -> Change | Reject:
        """A change that was decided on before; it counts as a row, and gets the row's number."""
        change = decided.change if isinstance(decided, Reject) else decided
        seq = self._tally.came_in(change.stream, weight_of(change.row))
        change = replace(change, seq=seq)
        return replace(decided, change=change) if isinstance(decided, Reject) else change


class Takers:
    """Who takes a change: the lanes of its process, or a desk that asks ChakraHQ for each row.

    Args:
        context: Of the run.
        books: Of the run.
        outbox: What becomes of actions.

    Attributes:
        intake: Takes changes of processes.
        calls: Takes those that each ask for one call.
        compared: Takes those that each say how a thing is to be.
    """

    def __init__(self, context: RunContext, books: Bookkeeping, outbox: Outbox) -> None:
        note = outbox.show_call if context.settings.writes_nothing else None
        self.intake = Intake(context, books, outbox.foreseen)
        self.calls = CallDesk(context, books.why[Outcome.UNKNOWN], outbox.calls, note)
        note_single = outbox.show_single if context.settings.writes_nothing else None
        self.compared = ComparedDesk(context, note_single)
        self._desks: dict[str, CallDesk | ComparedDesk] = {}

    def register_call(self, compiled: CompiledCall | ComparedStream) -> None:
        """A stream is about to come whose rows are no processes."""
        if isinstance(compiled, CompiledCall):
            self.calls.register(compiled)
            self._desks[compiled.mapper.stream] = self.calls
        else:
            self.compared.register(compiled)
            self._desks[compiled.mapper.stream] = self.compared

    def desk_of(self, stream: str) -> CallDesk | ComparedDesk | None:
        """The desk that takes the rows of a stream; None if they are processes."""
        return self._desks.get(stream)

    @property
    def scopes(self) -> set[str]:
        """What `Change.procedure` may be of a row that is no process."""
        return self.calls.scopes | self.compared.scopes

    def advance(self, *, flush: bool, keyless: bool) -> Iterator[PlanningEvent]:
        """Decide on what can be decided on.

        Args:
            flush: Whether to look up what does not fill a request.
            keyless: Whether rows without a key may be decided on.
        """
        of_processes = self.intake.advance(flush=flush, keyless=keyless)
        return chain(of_processes, self.calls.advance(), self.compared.advance())

    def stop(self) -> Iterator[PlanningEvent]:
        """Ask for nothing more on behalf of rows that are no processes."""
        return chain(self.calls.stop(), self.compared.stop())

    @property
    def busy(self) -> bool:
        """Whether changes are being looked up, or calls are on their way."""
        return bool(self.intake.busy or self.calls.busy or self.compared.busy)

    @property
    def asked(self) -> bool:
        """Whether answers are to come."""
        return bool(self.intake.busy or self.calls.in_flight or self.compared.asked)

    def drain(self) -> list[Change]:
        """Give up all changes that were not sent."""
        return [*self.intake.drain(), *self.calls.drain(), *self.compared.drain()]
