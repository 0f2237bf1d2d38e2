"""The loop that joins mapping, planning, sending and the books; knows neither Singer nor dlt.

One thread decides, journals and counts; threads of `workers` only talk to ChakraHQ. Rows come in
by `accept`, STATEs by `state`; a STATE goes out once every row before it is settled. The stages
yield events and know nothing of each other, nor of the writer, which acts on each event before
the stage goes on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from chakra_api.errors import ChakraError, IllegalTransition
from target_chakra.batches import Released, Settled
from target_chakra.books.bookkeeping import ROWS_A_STORING, Bookkeeping
from target_chakra.books.limits import crossed_percent
from target_chakra.books.tally import Tally
from target_chakra.changes import (
    Action,
    Change,
    Done,
    Ended,
    Halted,
    Refusal,
    Reject,
    is_looked_up_again,
)
from target_chakra.lifecycle import BatchState, Outcome
from target_chakra.run.incoming import Incoming, Takers
from target_chakra.run.leftovers import rest_of, taken_on
from target_chakra.run.outbox import Outbox, Way
from target_chakra.sending.batching import Batching
from target_chakra.sending.dispatcher import Dispatcher, submissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_chakra.batches import Batch, Event, Settlement
    from target_chakra.books.rejects_file import RejectsFile
    from target_chakra.calls.compiled_call import ComparedStream, CompiledCall
    from target_chakra.context import RunContext
    from target_chakra.mapping.row_mapper import RowMapper
    from target_chakra.planning.plan import Rules
    from target_chakra.run.hooks import Hooks

State = TypeVar("State")

ROWS_A_PUMP = 64
"""Rows between two looks at what came back."""


class Writer(Generic[State]):
    """Makes ChakraHQ agree with the rows of one run.

    Args:
        context: Journal, workers, clock, settings and procedures of the run.
        hooks: What the surroundings of the run are told, and what they are asked.
        rejects: Where rejected rows are written, beside the journal; None for nowhere.
        outbox: What becomes of its actions; by default what the settings say.

    Attributes:
        tally: What came in and what became of it; `books` store it.
        outbox: What becomes of its actions.
        failure: What stops the run; None if nothing does.
        halted: Procedures that nothing more can be written to, and why.
        is_finishing: Whether the run only waits for what becomes of rows.
    """

    def __init__(
        self,
        context: RunContext,
        hooks: Hooks[State],
        rejects: RejectsFile | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        self._context = context
        self._settings = context.settings
        self._hooks = hooks
        self.tally: Tally[State] = Tally(hooks.heard)
        self.failure: ChakraError | None = None
        self.halted: dict[str, ChakraError] = {}
        self._incoming = Incoming(self.tally)
        self._since_pump, self._is_accounted, self.is_finishing = 0, False, False
        self.outbox = outbox or Outbox(context.settings, context.procedure)
        self._recovered: set[int] = set()
        self._unstored: Mapping[int, Settlement] = {}
        self.books = Bookkeeping(context, rejects)
        self.takers = Takers(context, self.books, self.outbox)
        self.intake, self.calls = self.takers.intake, self.takers.calls
        self.dispatcher = Dispatcher(context, submissions(context))
        self._batching = Batching(self.dispatcher, context.settings)

    # Beginning

    def recover(self) -> None:
        """Take on what earlier runs left in flight: followed or read back, never sent blindly."""
        journal = self._context.journal
        self.dispatcher.limits.recall(journal.findings())
        self.calls.recover()
        batches = taken_on(journal, self.books, self.intake)
        self._recovered.update(found.batch.id for found in batches)
        for found in batches:
            self._follow(self.dispatcher.adopt(found.batch, found.outcomes))

    def register(self, mapper: RowMapper, rules: Rules) -> None:
        """A stream is about to come."""
        self._incoming.register(mapper)
        self.intake.register(mapper.stream, rules)
        if mapper.columns.attribute not in (None, "id"):
            procedure = self._context.procedure(mapper.destinations.procedure.short_id)
            procedure.key_attributes.add(mapper.columns.attribute)

    def register_call(self, compiled: CompiledCall | ComparedStream) -> None:
        """A stream is about to come whose rows are no processes."""
        self._incoming.register(compiled.mapper)
        self.takers.register_call(compiled)

    # Rows and STATEs come in

    def accept(self, stream: str, line: int, row: Mapping[str, object], origin: str = "") -> None:
        """A row came in (of a file that may come again); returns once there is room for another.

        Raises:
            ChakraError: The run must stop; nothing more is sent.
        """
        self._refuse_more()
        self._came(self._incoming.mapped(stream, line, row, origin))

    def carry_out(self, decided: Change | Reject) -> None:
        """A change that was decided on before; it counts as a row.

        Raises:
            ChakraError: The run must stop; nothing more is sent.
        """
        self._refuse_more()
        self._came(self._incoming.numbered(decided))

    def _refuse_more(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _came(self, came: Change | Reject) -> None:
        self.books.came_in(came)
        if isinstance(came, Reject):
            self._reject(came)
        else:
            self._take(came)
        self._since_pump += 1
        if self._since_pump >= ROWS_A_PUMP or self.tally.is_heavy:
            self.pump(0)
            while not self._has_room():
                if not self._moving:
                    self.intake.replayed_deletes.leave()
                self.pump(1.0, flush=True)

    def _take(self, change: Change) -> None:
        if change.procedure in self.halted:
            self._end_unsent(change)
        elif desk := self.takers.desk_of(change.stream):
            desk.add(change)
        elif self.books.unknown.bars(filter(None, [change.key])):
            self._end_unsent(change)
        else:
            self.intake.add(change)

    def _has_room(self) -> bool:
        has_room = self.tally.open < self._settings.most_open and not self.tally.is_heavy
        return has_room or self.failure is not None or self._hooks.stopped()

    def delete(self, deletes: list[Change]) -> None:
        """Delete what no row asks to be deleted."""
        for change in deletes:
            self._take(change)
        self.finish()

    def state(self, value: State) -> None:
        """A STATE came in; it goes out once every row before it is settled."""
        self.tally.state(value)
        self._pass_states()

    # The loop

    def pump(self, patience: float, *, flush: bool = False) -> None:
        """Do what is due, waiting at most so many seconds for it."""
        self._since_pump = 0
        if self.failure is None:
            rows = self.tally.open
            self._follow(self.takers.advance(flush=flush, keyless=not self._recovered))
            if self.tally.open < rows:
                patience = 0.0  # what the journal tells is settled at once: it may be the last
            # While look-ups are under way batches fill: a job takes as long for a few rows.
            self._batching.form(flush=flush and not self.intake.busy)
        self._follow(self._context.workers.pump(patience))
        self.books.flush(1 if flush else ROWS_A_STORING)
        self._pass_states()
        self._hooks.beat()

    # What the stages decide

    def _follow(self, events: Iterable[Event]) -> None:
        """Act on each event before the stage that yields them goes on."""
        for event in events:
            self._act_on(event)

    def _act_on(self, event: Event) -> None:
        if isinstance(event, Action):
            self._send(event)
        elif isinstance(event, Done):
            self.books.note_done(event)
            self.tally.settle(event.change, event.outcome)
        elif isinstance(event, Reject):
            self._reject(event)
        elif isinstance(event, Ended):
            self.tally.settle(event.change, event.outcome)
        elif isinstance(event, Settled):
            self._settle(event)
        elif isinstance(event, Released):
            self._release(event.batch)
        elif isinstance(event, Halted):
            self._halt(event)
        else:
            self._fail(event.error)

    # Changes that are planned

    def _send(self, action: Action) -> None:
        change, way = action.change, self.outbox.way_of(action)
        if way is Way.FOUND:
            self.intake.free(change)
        elif refused := self.outbox.refused(action):
            self._give_up(change)
            self._fail(refused)
        elif self.failure is not None or change.procedure in self.halted:
            self._give_up(change)
        elif way is Way.NOTED:
            self.outbox.note(action)
            self._give_up(change)
        else:
            self._batching.add(action)

    def _reject(self, reject: Reject) -> None:
        self.outbox.note_reject(reject)
        self.books.note_reject(reject)
        self.tally.settle(reject.change, Outcome.REJECTED)
        self._check_percent()

    def _end_unsent(self, change: Change) -> None:
        self.tally.settle(change, Outcome.NOT_SENT)

    def _give_up(self, change: Change) -> None:
        self.intake.free(change)
        self._end_unsent(change)

    def _check_percent(self) -> None:
        rejected, came = self.tally.count(Outcome.REJECTED), self.tally.last_seq
        if crossed := crossed_percent(rejected, came, self._settings.limits.stop_at_reject_percent):
            self._fail(crossed)

    # Batches that were sent

    def _settle(self, settled: Settled) -> None:
        batch = settled.batch
        if batch.state not in (BatchState.LOST, BatchState.SETTLED, BatchState.RELEASED):
            raise IllegalTransition(f"Rows settled in a batch that is {batch.state.value}")
        # Until that is stored the batch is in flight, as far as the next run can know.
        self._unstored = settled.done
        self.books.flush()
        self.books.store(batch, settled.done, settled.ended)
        self._unstored = {}
        for settlement in settled.done.values():
            self._end_action(settlement, batch)
        if batch.state is not BatchState.LOST:
            self._recovered.discard(batch.id)
        self._check_percent()

    def _end_action(self, settlement: Settlement, batch: Batch) -> None:
        action, outcome = settlement.action, settlement.outcome
        change = action.change
        if outcome is Outcome.REJECTED:
            self._end_rejected(settlement, batch)
            return
        if outcome is Outcome.UNKNOWN and action.twin and change.asked_by.may_come_again:
            # Its row will come again, and is unknown, too.
            self.intake.keyless.note_unknown(action.twin)
        self.intake.free(change)
        self.tally.settle(change, outcome)

    def _end_rejected(self, settlement: Settlement, batch: Batch) -> None:
        action = settlement.action
        change = action.change
        if len(change.parts) > 1:
            self.outbox.take_back(action)  # it comes again, alone
            self.intake.try_singly(change)
            return
        if is_looked_up_again(action):
            self._plan_again(replace(change, refused=Refusal(settlement.reason, batch.job)))
            return
        self.intake.free(change)
        self.tally.settle(change, Outcome.REJECTED)

    def _release(self, batch: Batch) -> None:
        self._recovered.discard(batch.id)
        for action in batch.actions:
            self.outbox.take_back(action)
            self._plan_again(action.change)

    def _plan_again(self, change: Change) -> None:
        writable = self.failure is None and change.procedure not in self.halted
        again = writable and not change.asked_by.may_come_again
        if change.key is None:
            if again:
                self.intake.add(change)
            else:
                self._end_unsent(change)
            return
        self.intake.free(change, (change,) if again else ())
        if not again:
            self._end_unsent(change)

    # What stops the writing

    def _halt(self, halted: Halted) -> None:
        procedure = halted.procedure
        if procedure in self.halted:
            return
        self.halted[procedure] = halted.error
        for action in self._batching.drain(procedure):
            self._give_up(action.change)
        for change in self.intake.drain_procedure(procedure):
            self._end_unsent(change)

    def _fail(self, error: ChakraError) -> None:
        if self.failure is None:
            self.failure = error
            self._follow(self.dispatcher.stop_sending())
            self._follow(self.takers.stop())

    # Journal and STATE

    def _pass_states(self) -> None:
        self.tally.supersede(self.books.unknown.superseded())
        found = self.tally.passable()
        if found is None or self._settings.writes_nothing:
            return
        self.books.flush()
        self._context.journal.pass_twins(found[0])
        self._hooks.emit(found[1])
        self._context.journal.forget_twins()

    # The end

    def finish(self) -> None:
        """Write all that came in, and wait for what becomes of it."""
        self.intake.replayed_deletes.leave()
        self.is_finishing = True
        while self.failure is None and not self._hooks.stopped():
            if not (self._moving or self.intake.waiting):
                break
            self.pump(1.0, flush=True)
        if self.failure is not None:
            self.wait_for_jobs()
        self.is_finishing = False
        self.books.flush()
        self._pass_states()

    @property
    def _moving(self) -> bool:
        waiting = not self._batching.is_empty or not self._context.workers.idle
        return bool(self.dispatcher.in_flight or self.takers.busy or waiting)

    def wait_for_jobs(self, seconds: float | None = None) -> None:
        """Send nothing more; wait for jobs in flight, at most so many seconds.

        What is being read back may take far longer, and is on record: the next run goes on with it.
        """
        self._follow(self.dispatcher.stop_sending())
        began = self._context.clock.monotonic()
        while self.dispatcher.followed or self.takers.asked:
            left = None if seconds is None else seconds - (self._context.clock.monotonic() - began)
            if left is not None and left <= 0:
                break
            self.pump(1.0 if left is None else min(1.0, left))

    def leave_rest(self) -> None:
        """The run ends: what was not sent is told, what is in flight left to the next run."""
        self.books.flush()
        self.account_rest()
        self._pass_states()

    def account_rest(self) -> None:
        """Give an outcome to each row that has none: it is in flight, or was never sent."""
        if self._is_accounted:
            return
        self._is_accounted = True
        unstored = self._unstored.values()
        for change, outcome in rest_of(self._batching, self.takers, self.dispatcher, unstored):
            self.tally.settle(change, outcome)
        # On their way from one hand to another when the run broke off.
        self.tally.give_up(self.books.unstored)
