"""A run whose input has ended says what it waits for, and until when."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

from chakra_api.endpoints.answers import RequestStats
from target_chakra.batches import Batch
from target_chakra.books.tally import Tally
from target_chakra.changes import Action, Change, Key, Kind, Mode
from target_chakra.lifecycle import BatchState
from target_chakra.run.progress import Reporter
from target_chakra.sending.batch_in_flight import BatchInFlight, Wait, wait_of
from tests.support.clock import FakeClock

STATS = RequestStats(1, 0, 0.0)


def in_flight(state: BatchState, rows: int, left_at: float) -> BatchInFlight:
    key = Key("lead", "lead_id", "a")
    change = Change(1, 1, "s", "lead", key, Mode.UPSERT, deletes=False, fields={}, row={})
    action = Action(change, Kind.UPDATE, None, {}, {})
    made = BatchInFlight(Batch(1, "lead", Kind.UPDATE, (action,) * rows, state))
    made.leaves(left_at)
    return made


def test_batches_are_waited_for_as_long_as_the_slowest_takes_at_most() -> None:
    seen, not_looked_at = in_flight(BatchState.LOST, 3, 0.0), in_flight(BatchState.LOST, 2, 50.0)
    seen.until = 130.0
    job, left_alone = (
        in_flight(BatchState.SUBMITTED, 7, 40.0),
        in_flight(BatchState.SUBMITTED, 9, 0),
    )
    left_alone.left_alone = True
    assert wait_of([seen], 100.0, 1800.0) == Wait(3, 30.0)
    assert wait_of([seen, not_looked_at, job, left_alone], 100.0, 1800.0) == Wait(
        3, 30.0, 7, 1740.0
    )
    assert wait_of([], 100.0, 1800.0) == Wait()


class Run:
    """A run that only waits."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.reporter = Reporter(self.clock)
        self.is_finishing = False
        self.tally: Tally[int] = Tally()
        self.dispatcher = SimpleNamespace(lost=1, followed=0, wait=Wait(1, 1700.0))

    def clock_text(self, later: float) -> str:
        return time.strftime("%H:%M:%SZ", time.gmtime(self.clock.now() + later))

    def lines(self, later: float = 0.0) -> list[str]:
        self.clock.sleep(later)
        return list(self.reporter.lines(cast("Any", self), STATS))


def test_a_long_wait_is_said_when_it_begins_and_in_each_line_of_progress() -> None:
    """It was "1 being read back" for 30 minutes, without a word why or until when."""
    run = Run()
    assert run.lines() == []
    run.is_finishing = True
    (first,) = run.lines()
    said = "1 row is read back until {} at most, in 1,700 s: its answer was lost"
    assert first == f"Nothing else is left to do: {said.format(run.clock_text(1700))}"
    assert run.lines(1.0) == []
    (line,) = run.lines(5.0)
    assert line.endswith(f"waited for the pace; {said.format(run.clock_text(1700))}")


def test_jobs_that_are_followed_are_told_in_the_progress_alone() -> None:
    run = Run()
    run.is_finishing = True
    run.dispatcher = SimpleNamespace(lost=0, followed=1, wait=Wait(0, 0.0, 20, 1795.0))
    assert run.lines() == []
    (line,) = run.lines(6.0)
    until = run.clock_text(1795)
    assert line.endswith(f"; 20 rows are in jobs, followed until {until} at most, in 1,795 s")
    run.is_finishing = False
    (line,) = run.lines(6.0)
    assert line.endswith("waited for the pace")
