"""The course of a run: bounded, and what is drawn of it adds up to what was counted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.course import MOST_POINTS, Course, CourseTaker, course_of


def taken(times: list[float]) -> CourseTaker:
    taker = CourseTaker(("requests", "rows"), 100.0)
    for number, at in enumerate(times):
        if taker.is_due(100.0 + at):
            taker.take(100.0 + at, (number, number * 10))
    return taker


@pytest.mark.parametrize("seconds", [1, 10, 199, 200, 1_000, 86_400, 1_000_000])
def test_a_course_has_a_bounded_number_of_points_and_its_last_one(seconds: int) -> None:
    taker = CourseTaker(("requests",), 0.0)
    for second in range(seconds):
        if taker.is_due(float(second)):
            taker.take(float(second), (second,))
    taker.take(float(seconds), (seconds,))
    course = taker.course()
    assert min(seconds, MOST_POINTS // 2 - 1) <= len(course.points) <= MOST_POINTS
    assert course.points[-1] == (seconds, (seconds,))
    assert len(json.dumps(course.to_json())) < 8_000


def test_a_point_is_due_a_second_after_the_last() -> None:
    taker = taken([0.0, 0.5])
    assert not taker.is_due(100.9)
    assert taker.is_due(101.0)


TIMES = st.lists(st.floats(0.001, 1e4), min_size=1, max_size=40).map(sorted)
COUNTS = st.lists(st.integers(0, 10**6), min_size=40, max_size=40).map(sorted)


@given(TIMES, COUNTS, st.integers(1, 60))
def test_what_is_drawn_adds_up_to_what_was_counted(
    times: list[float], counts: list[int], places: int
) -> None:
    points = tuple((at, (float(count),)) for at, count in zip(times, counts, strict=False))
    course = Course(("requests",), points)
    found = course.increases("requests", places)
    assert len(found) == places
    assert sum(found) == pytest.approx(points[-1][1][0])
    assert all(each >= 0 for each in found)


def test_what_grew_between_two_points_is_shared_out_evenly_between_them() -> None:
    course = Course(("requests",), ((0.0, (0.0,)), (5.0, (10.0,)), (10.0, (10.0,))))
    assert course.increases("requests", 10) == [2.0] * 5 + [0.0] * 5
    assert course.increases("rows", 3) == [0.0] * 3


def test_json_tells_the_same_course() -> None:
    course = taken([0.0, 1.0, 2.5]).course()
    assert course_of(json.loads(json.dumps(course.to_json()))) == course


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"names": "a", "points": []},
        {"names": ["a"], "points": [[1]]},
        {"names": ["a"], "points": [[1, None]]},
        {"names": ["a"], "points": [3]},
    ],
)
def test_what_tells_no_course_is_none(value: object) -> None:
    assert course_of(value) is None
