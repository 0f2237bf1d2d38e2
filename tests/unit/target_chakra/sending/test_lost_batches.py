"""A lost batch is read back until its fate is known: by default settings, on a clock that jumps.

The server behind the lost answer took the batch or did not, and writes its rows when it likes. It
is the same code that runs in earnest; only time, threads and ChakraHQ are of this file.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import Unavailable
from chakra_api.wire.server_clock import ServerClock
from target_chakra.batches import Batch, Released, Settled, Settlement
from target_chakra.changes import Action, Change, Key, Kind, Mode
from target_chakra.context import RunContext
from target_chakra.lifecycle import BatchState, Outcome
from target_chakra.moments import Moment
from target_chakra.sending.dispatcher import Dispatcher
from target_chakra.sending.lost_batches import LOOK_PAUSES
from target_chakra.sending.recovery import Sight
from target_chakra.settings import parse_settings
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

SETTINGS = parse_settings(
    {"api_key": "k", "concurrency": 1}, user_agent="test", journal="sqlite:///j.db"
)
PATIENCE = SETTINGS.patience
HORIZON, TIMEOUT = PATIENCE.horizon, PATIENCE.job_timeout
NEVER = float("inf")


class Timers:
    """Workers without threads: a task runs at once, and sleeping costs nothing."""

    def __init__(self, clock: FakeClock, take_in: Callable[[Iterable[object]], None]) -> None:
        self._clock = clock
        self._take_in = take_in
        self._due: list[tuple[float, int, Callable[[], Iterable[object]]]] = []
        self._numbers = count()

    def start(
        self,
        task: Callable[[], object],
        done: Callable[[Any], Iterable[object]],
        failed: Callable[[Exception], Iterable[object]],
    ) -> None:
        try:
            found = task()
        except Unavailable as error:
            self._take_in(failed(error))
        else:
            self._take_in(done(found))

    def later(self, seconds: float, step: Callable[[], Iterable[object]]) -> None:
        due = self._clock.monotonic() + seconds
        heapq.heappush(self._due, (due, next(self._numbers), step))

    def run(self) -> None:
        while self._due:
            due, _, step = heapq.heappop(self._due)
            self._clock.sleep(max(0.0, due - self._clock.monotonic()))
            self._take_in(step())


class World:
    """A server that writes each row at its time, and the run that reads them back.

    Args:
        writes: Seconds after the submit at which each row is written.
        touched: Rows that somebody else writes at once.
        down: Whether nothing can be read.
        absent: Whether a process that was written is not listed any more.
    """

    def __init__(
        self,
        writes: list[float],
        touched: frozenset[int] = frozenset(),
        *,
        down: bool = False,
        absent: bool = False,
    ) -> None:
        self.clock = FakeClock()
        self.timers = Timers(self.clock, self.take_in)
        self.writes, self.touched, self.down = writes, touched, down
        self.absent = absent
        self.looks: list[float] = []
        self.settlements: dict[int, Settlement] = {}
        self.states: list[BatchState] = []
        self.released_at: float | None = None
        self.again: list[Action] = []
        # Only what a lost batch needs of them is here.
        context = RunContext(
            journal=cast("Any", self),
            workers=cast("Any", self.timers),
            clock=self.clock,
            settings=SETTINGS,
            procedure=lambda _procedure: cast("Any", self),
            server_clock=ServerClock(self.clock),
        )
        submission = lambda _procedure: cast("Any", self)  # noqa: E731 - as a procedure's
        self.dispatcher = Dispatcher(context, submission)

    # As the journal, the submission and the writer

    def move(self, batch: Batch) -> None:
        self.states.append(batch.state)

    def found(self, *finding: str) -> None:
        """What is found out about the server is not looked at here."""

    def sights(self, actions: Mapping[int, Action]) -> dict[int, tuple[Sight, str | None]]:
        now = self.clock.monotonic()
        self.looks.append(now)
        if self.down:
            raise Unavailable("nobody is there", status=503)
        seen = {at: self._sight(at, now) for at in actions}
        gone = Sight.AS_SENT if self.absent else None
        return {at: (what, None if what is gone else f"x{at}") for at, what in seen.items()}

    def _sight(self, at: int, now: float) -> Sight:
        if at in self.touched:
            return Sight.NEITHER
        return Sight.AS_SENT if now >= self.writes[at] else Sight.AS_BEFORE

    def take_in(self, events: Iterable[object]) -> None:
        for event in events:
            if isinstance(event, Settled):
                assert not self.settlements.keys() & event.done.keys()
                self.settlements.update(event.done)
            else:
                assert isinstance(event, Released)
                self.released_at = self.clock.monotonic()
                self.again += event.batch.actions

    # The run

    def end(
        self,
        keyless: Collection[int] = (),
        state: BatchState = BatchState.SENDING,
        before: Mapping[int, Outcome] | None = None,
        kind: Kind = Kind.UPDATE,
    ) -> dict[int, Outcome]:
        """A run finds the batch as another one left it, and goes on until all fates are known."""
        sent = Moment(int(self.clock.now() * 1000), None)
        actions = tuple(update(at, keyless=at in keyless) for at in range(len(self.writes)))
        batch = Batch(1, "lead", kind, actions, state, sent=sent)
        self.take_in(self.dispatcher.adopt(batch, before or {}))
        self.timers.run()
        assert self.dispatcher.lost == 0
        assert self.dispatcher.in_flight == ()
        ended = {action.change.seq for action in self.again}
        assert not ended & {each.action.change.seq for each in self.settlements.values()}
        return {at: each.outcome for at, each in self.settlements.items()}

    @property
    def ended_at(self) -> float:
        return self.clock.monotonic()


def update(number: int, *, keyless: bool) -> Action:
    key = None if keyless else Key("lead", "lead_id", number)
    change = Change(
        seq=number + 1, line=number + 1, stream="s", procedure="lead", key=key,
        mode=Mode.UPSERT, deletes=False, fields={}, row={},
    )  # fmt: skip
    return Action(change, Kind.UPDATE, None, {}, {})


def test_a_batch_is_lost_in_the_journal_before_anything_is_read_back() -> None:
    world = World([0.0])
    world.end()
    assert world.states == [BatchState.LOST]


@given(st.integers(1, 5))
def test_a_batch_that_never_arrived_is_released_at_the_horizon_and_not_before(n: int) -> None:
    world = World([NEVER] * n)
    assert world.end() == {}
    assert world.released_at is not None
    assert HORIZON + PATIENCE.lag <= world.released_at < HORIZON + PATIENCE.lag + 1


times = st.floats(0, TIMEOUT - 2 * LOOK_PAUSES[1])


@given(st.floats(0, HORIZON - 1), st.lists(times, max_size=4))
def test_rows_of_a_batch_that_arrived_are_settled_soon_after_they_are_written(
    began: float, later: list[float]
) -> None:
    writes = [began, *(max(began, each) for each in later)]
    world = World(writes)
    assert world.end() == dict.fromkeys(range(len(writes)), Outcome.UPDATED)
    assert world.ended_at <= max(writes) + LOOK_PAUSES[1] + 1


@given(st.floats(0, HORIZON - 1), st.integers(1, 4))
def test_what_an_accepted_job_never_wrote_is_unknown_when_its_time_is_up(
    began: float, left_out: int
) -> None:
    world = World([began, *([NEVER] * left_out)])
    outcomes = world.end()
    assert outcomes == {
        0: Outcome.UPDATED,
        **dict.fromkeys(range(1, left_out + 1), Outcome.UNKNOWN),
    }
    assert TIMEOUT <= world.ended_at < TIMEOUT + 1


def test_a_batch_of_which_somebody_touched_a_row_is_never_sent_again() -> None:
    world = World([NEVER, NEVER], touched=frozenset({1}))
    assert world.end() == dict.fromkeys((0, 1), Outcome.UNKNOWN)
    assert world.released_at is None


def test_rows_without_a_key_are_unknown_at_once_for_nothing_can_be_read_back() -> None:
    world = World([0.0, 0.0])
    assert world.end(keyless=(0, 1)) == dict.fromkeys((0, 1), Outcome.UNKNOWN)
    assert world.looks == []
    assert world.ended_at == 0


def test_a_server_that_can_not_be_read_leaves_all_unknown_when_the_time_is_up() -> None:
    world = World([0.0], down=True)
    assert world.end() == {0: Outcome.UNKNOWN}
    assert TIMEOUT <= world.ended_at < TIMEOUT + 1


def test_half_an_hour_of_reading_back_costs_few_looks() -> None:
    world = World([0.0, NEVER])
    world.end()
    assert len(world.looks) <= 100


def test_rows_that_ended_are_not_sent_again_with_the_rest_of_their_batch() -> None:
    world = World([NEVER, NEVER])
    assert world.end(keyless=(0,)) == {0: Outcome.UNKNOWN}
    assert [action.change.seq for action in world.again] == [2]


@given(st.floats(HORIZON + 1, TIMEOUT - 2 * LOOK_PAUSES[1]))
def test_a_batch_that_an_earlier_run_saw_arrive_is_not_released_at_the_horizon(
    written: float,
) -> None:
    world = World([0.0, written])
    before = {0: Outcome.UPDATED}
    assert world.end(state=BatchState.LOST, before=before) == {1: Outcome.UPDATED}
    assert world.released_at is None


def test_a_row_without_a_key_that_an_earlier_run_gave_up_says_nothing_of_the_batch() -> None:
    world = World([NEVER, NEVER])
    assert world.end(keyless=(0,), state=BatchState.LOST, before={0: Outcome.UNKNOWN}) == {}
    assert [action.change.seq for action in world.again] == [2]


@given(st.floats(0, HORIZON - 1), st.integers(1, 3))
def test_rows_that_others_touched_are_waited_for_only_as_long_as_lists_may_lag(
    began: float, touched: int
) -> None:
    """Five of six were confirmed at once, and the sixth was read back for half an hour."""
    rows = range(1, touched + 1)
    world = World([began, *([NEVER] * touched)], touched=frozenset(rows))
    outcomes = world.end()
    assert outcomes == {0: Outcome.UPDATED, **dict.fromkeys(rows, Outcome.UNKNOWN)}
    seen = min(each for each in world.looks if each >= began)
    assert seen + PATIENCE.lag <= world.ended_at < seen + PATIENCE.lag + 1
    assert "somebody else" in world.settlements[1].reason


def test_a_run_that_finds_a_row_which_others_touched_does_not_wait_for_the_job() -> None:
    world = World([0.0, NEVER], touched=frozenset({1}))
    outcomes = world.end(state=BatchState.LOST, before={0: Outcome.UPDATED})
    assert outcomes == {1: Outcome.UNKNOWN}
    assert PATIENCE.lag <= world.ended_at < PATIENCE.lag + 1


def test_a_row_that_is_as_before_beside_a_touched_one_is_waited_for() -> None:
    world = World([0.0, NEVER, 900.0], touched=frozenset({1}))
    assert world.end()[2] is Outcome.UPDATED
    assert world.ended_at >= 900


def test_that_a_deleted_row_is_not_listed_is_believed_once_lists_have_caught_up() -> None:
    """A list that replaces its entries shows nothing of a row just then, though it is there."""
    world = World([0.0], absent=True)
    assert world.end(kind=Kind.DELETE) == {0: Outcome.DELETED}
    assert PATIENCE.lag <= world.ended_at < PATIENCE.lag + 1
    assert World([0.0]).end(kind=Kind.DELETE) == {0: Outcome.DELETED}
