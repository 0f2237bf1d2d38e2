"""Calls leave at their user's pace, and not in quiet hours, by a clock that jumps."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.call_settings.brakes import Brakes
from target_chakra.call_settings.quiet_hours import QuietHours
from target_chakra.calls.gate import Gate
from tests.support.clock import FakeClock


def leaving(gate: Gate, clock: FakeClock, count: int, busy: float = 0.0) -> list[float]:
    """When so many calls leave, each after some work."""
    moments = []
    for _ in range(count):
        while (wait := gate.wait()) > 0:
            clock.sleep(wait)
        gate.passes()
        moments.append(clock.monotonic())
        clock.sleep(busy)
    return moments


def test_what_nothing_holds_back_leaves_at_once() -> None:
    for brakes in (None, Brakes()):
        clock = FakeClock()
        gate = Gate("s", brakes, clock)
        assert leaving(gate, clock, 5) == [0.0] * 5
        assert gate.closed() is None


@given(st.floats(0.05, 6_000), st.floats(0, 120))
def test_no_minute_sees_more_than_the_rate(rate: float, busy: float) -> None:
    clock = FakeClock()
    moments = leaving(Gate("s", Brakes(rate=rate), clock), clock, 100, busy)
    apart = [after - before for before, after in pairwise(moments)]
    assert min(apart) >= 60 / rate - 1e-6
    assert min(apart) <= max(60 / rate, busy) + 1e-6, "and it is not held back for longer"


def test_quiet_hours_name_when_they_are_over() -> None:
    quiet = QuietHours("21:00", "08:00", "Asia/Kolkata")
    clock = FakeClock(datetime.fromisoformat("2026-11-30T20:59:00+05:30").timestamp())
    gate = Gate("reminders", Brakes(quiet=quiet), clock)
    assert gate.closed() is None
    clock.sleep(60)
    held = gate.closed()
    assert held is not None
    assert "'reminders'" in held.cause
    assert "21:00 to 08:00 (Asia/Kolkata)" in held.cause
    assert "after 2026-12-01T08:00+05:30" in held.next_step
    clock.sleep(11 * 3600)
    assert gate.closed() is None


@pytest.mark.parametrize("rate", [None, 6])
def test_the_pace_of_a_stream_is_its_own(rate: float | None) -> None:
    clock = FakeClock()
    slow, other = Gate("slow", Brakes(rate=1), clock), Gate("other", Brakes(rate=rate), clock)
    slow.passes()
    assert (slow.wait(), other.wait()) == (60.0, 0.0)
