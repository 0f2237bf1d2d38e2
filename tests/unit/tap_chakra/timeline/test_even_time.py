"""The rhythm of a week is learned where there is one, and left alone where there is none."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.timeline.even_time import HOUR_MS, WEEK_MS, EvenTime
from tap_chakra.timeline.windows import Window
from tests.support.distributions import DISTRIBUTIONS
from tests.support.listing import NOW

ROWS = 5_000
MONDAY = NOW - NOW % WEEK_MS - 20 * WEEK_MS


def learned(shape: str, hours: int = 7, seed: int = 1) -> EvenTime:
    """What is known after all of a made year was read, some hours at a time."""
    instants = sorted(DISTRIBUTIONS[shape](ROWS, random.Random(seed)))
    even_time = EvenTime()
    lower = instants[0] - instants[0] % HOUR_MS
    at = 0
    while at < len(instants):
        upper, begin = lower + hours * HOUR_MS, at
        while at < len(instants) and instants[at] < upper:
            at += 1
        even_time.learn(Window(lower, upper), instants[begin:at])
        lower = upper
    return even_time


def test_a_night_is_short_and_a_day_is_long() -> None:
    even_time = learned("daily")
    day = 4 * 24 * HOUR_MS  # the epoch began on a Thursday: this is a Monday
    night = even_time.between(MONDAY + day, MONDAY + day + 8 * HOUR_MS)
    work = even_time.between(MONDAY + day + 9 * HOUR_MS, MONDAY + day + 17 * HOUR_MS)
    assert work > 10 * night


def test_a_week_is_as_long_as_a_week() -> None:
    assert learned("daily").between(MONDAY, MONDAY + WEEK_MS) == pytest.approx(WEEK_MS)


@pytest.mark.parametrize("shape", ["uniform", "imports", "sparse"])
def test_what_has_no_rhythm_is_not_given_one(shape: str) -> None:
    even_time = learned(shape)
    assert even_time.between(MONDAY, MONDAY + HOUR_MS) == HOUR_MS
    assert even_time.after(MONDAY, 1234.0) == MONDAY + 1234


daily = learned("daily")


@given(st.integers(0, 3 * WEEK_MS), st.floats(1_000, 5 * WEEK_MS))
def test_what_comes_after_lies_as_far_as_it_was_said(since: int, even: float) -> None:
    lower = MONDAY + since
    upper = daily.after(lower, even)
    assert upper > lower
    # An instant has whole milliseconds, and one at night weighs little.
    assert daily.between(lower, upper) == pytest.approx(even, rel=1e-6, abs=20)


@given(st.integers(0, 2 * WEEK_MS), st.integers(1, WEEK_MS), st.integers(1, WEEK_MS))
def test_parts_are_as_long_as_the_whole(since: int, first: int, second: int) -> None:
    a, b = MONDAY + since, MONDAY + since + first
    c = b + second
    parts = daily.between(a, b) + daily.between(b, c)
    assert parts == pytest.approx(daily.between(a, c), abs=1)


def test_open_and_empty_windows_say_nothing() -> None:
    even_time = EvenTime()
    for window in (Window(None, 5), Window(5, None), Window(5, 5)):
        even_time.learn(window, [1, 2, 3])
    assert even_time.between(0, HOUR_MS) == HOUR_MS
