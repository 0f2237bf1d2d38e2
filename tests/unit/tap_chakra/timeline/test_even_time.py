"""The rhythm of a week is learned where there is one, and left alone where there is none."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.timeline.even_time import HOUR, WEEK, EvenTime
from tap_chakra.timeline.windows import Window
from tests.support.distributions import DISTRIBUTIONS
from tests.support.listing import NOW

ROWS = 5_000
MONDAY = NOW - NOW % WEEK - 20 * WEEK


def learned(shape: str, hours: int = 7, seed: int = 1) -> EvenTime:
    """What is known after all of a made year was read, some hours at a time."""
    instants = sorted(DISTRIBUTIONS[shape](ROWS, random.Random(seed)))
    cycle = EvenTime()
    lower = instants[0] - instants[0] % HOUR
    at = 0
    while at < len(instants):
        upper, begin = lower + hours * HOUR, at
        while at < len(instants) and instants[at] < upper:
            at += 1
        cycle.learn(Window(lower, upper), instants[begin:at])
        lower = upper
    return cycle


def test_a_night_is_short_and_a_day_is_long() -> None:
    cycle = learned("daily")
    day = 4 * 24 * HOUR  # the epoch began on a Thursday: this is a Monday
    night = cycle.between(MONDAY + day, MONDAY + day + 8 * HOUR)
    work = cycle.between(MONDAY + day + 9 * HOUR, MONDAY + day + 17 * HOUR)
    assert work > 10 * night


def test_a_week_is_as_long_as_a_week() -> None:
    assert learned("daily").between(MONDAY, MONDAY + WEEK) == pytest.approx(WEEK)


@pytest.mark.parametrize("shape", ["uniform", "imports", "sparse"])
def test_what_has_no_rhythm_is_not_given_one(shape: str) -> None:
    cycle = learned(shape)
    assert cycle.between(MONDAY, MONDAY + HOUR) == HOUR
    assert cycle.after(MONDAY, 1234.0) == MONDAY + 1234


daily = learned("daily")


@given(st.integers(0, 3 * WEEK), st.floats(1_000, 5 * WEEK))
def test_what_comes_after_lies_as_far_as_it_was_said(since: int, even: float) -> None:
    lower = MONDAY + since
    upper = daily.after(lower, even)
    assert upper > lower
    # An instant has whole milliseconds, and one at night weighs little.
    assert daily.between(lower, upper) == pytest.approx(even, rel=1e-6, abs=20)


@given(st.integers(0, 2 * WEEK), st.integers(1, WEEK), st.integers(1, WEEK))
def test_parts_are_as_long_as_the_whole(since: int, first: int, second: int) -> None:
    a, b = MONDAY + since, MONDAY + since + first
    c = b + second
    parts = daily.between(a, b) + daily.between(b, c)
    assert parts == pytest.approx(daily.between(a, c), abs=1)


def test_open_and_empty_windows_say_nothing() -> None:
    cycle = EvenTime()
    for window in (Window(None, 5), Window(5, None), Window(5, 5)):
        cycle.learn(window, [1, 2, 3])
    assert cycle.between(0, HOUR) == HOUR
