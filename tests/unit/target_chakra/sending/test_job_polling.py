"""A job's end is seen soon, for few requests, and never before it came (Q9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from target_chakra.sending.job_polling import JobVerdict, Look, job_verdict, look_of, wait

if TYPE_CHECKING:
    from collections.abc import Callable


def _counted(done: int, submitted: int) -> dict[str, int]:
    return {"NOT_STARTED": submitted - done, "SUCCESS": done, "ERROR": 0, "INVALID": 0}


def linear(share: float, submitted: int) -> dict[str, int]:
    return _counted(int(share * submitted), submitted)


def waiting(share: float, submitted: int) -> dict[str, int]:
    return _counted(int(share) * submitted, submitted)


def empty(share: float, submitted: int) -> dict[str, int]:
    return _counted(submitted, submitted) if share >= 1 else {}


def in_flight(share: float, submitted: int) -> dict[str, int]:
    return _counted(submitted, submitted) if share >= 1 else {"NOT_STARTED": 0, "SUCCESS": 0}


def late_start(share: float, submitted: int) -> dict[str, int]:
    return linear(max(0.0, (share - 0.7) / 0.3) if share < 1 else 1, submitted)


def in_chunks(share: float, submitted: int) -> dict[str, int]:
    return _counted(int(share * 10) * submitted // 10, submitted)


STILL = (waiting, empty, in_flight)


@dataclass(frozen=True)
class Seen:
    polls: int
    late: float


def watch(shape: Callable[[float, int], dict[str, int]], seconds: float, submitted: int) -> Seen:
    """Poll a made job that takes `seconds` until it is judged to be done."""
    looks: list[Look] = []
    now = 0.0
    while job_verdict(looks, submitted) is JobVerdict.RUNNING:
        now += wait(looks, submitted)
        counts = shape(min(1.0, now / seconds), submitted)
        looks.append(Look(now, counts, "IN_PROGRESS" if now < seconds else "COMPLETED", 0))
        assert len(looks) < 200
    assert job_verdict(looks, submitted) is JobVerdict.DONE
    return Seen(len(looks), now - seconds)


durations = st.floats(0.1, 1800)
sizes = st.integers(1, 5000)


@given(st.sampled_from((linear, late_start, in_chunks, *STILL)), durations, sizes)
@example(linear, 1.24, 4)
def test_every_end_is_seen_within_a_second_or_a_tenth(
    shape: Callable[[float, int], dict[str, int]], seconds: float, submitted: int
) -> None:
    seen = watch(shape, seconds, submitted)
    assert seen.late >= 0
    if shape in (linear, *STILL):
        assert seen.late <= max(1.0, 0.1 * seconds)


@given(st.floats(0.1, 1800), sizes)
def test_a_standing_job_costs_a_request_a_tenth_of_its_age(seconds: float, submitted: int) -> None:
    for shape in (waiting, in_chunks, late_start):
        assert watch(shape, seconds, submitted).polls <= 80


@pytest.mark.parametrize("shape", STILL)
def test_ten_minutes_of_standing_still_cost_seventy_requests(
    shape: Callable[[float, int], dict[str, int]],
) -> None:
    assert watch(shape, 600, 1000).polls <= 70


@given(st.floats(550, 650), st.integers(1000, 10_000))
def test_ten_minutes_of_even_progress_cost_fifteen_requests(seconds: float, submitted: int) -> None:
    assert watch(linear, seconds, submitted).polls <= 15


@given(st.floats(5, 1800), st.integers(1000, 5000))
def test_a_late_start_is_noticed_in_the_pace(seconds: float, submitted: int) -> None:
    assert watch(late_start, seconds, submitted).late <= max(1.0, 0.1 * seconds)


@given(st.sampled_from((linear, *STILL)), st.floats(0.1, 2.0), sizes)
@example(waiting, 2.0, 1)
def test_a_short_job_costs_three_requests(
    shape: Callable[[float, int], dict[str, int]], seconds: float, submitted: int
) -> None:
    assert watch(shape, seconds, submitted).polls <= 3


def test_the_first_look_comes_before_a_second_is_over() -> None:
    assert wait([], 10) == 0.6
    assert job_verdict([], 10) is JobVerdict.RUNNING


PART = {"NOT_STARTED": 0, "SUCCESS": 7, "ERROR": 1, "INVALID": 0}


def looks(*shown: tuple[str | None, dict[str, int]]) -> list[Look]:
    return [Look(float(i), counts, status, 0) for i, (status, counts) in enumerate(shown, 1)]


def test_all_entries_with_an_outcome_are_the_end_whatever_the_status_says() -> None:
    assert (
        job_verdict(looks(("IN_PROGRESS", {"SUCCESS": 8, "ERROR": 1, "INVALID": 1})), 10) == "done"
    )


@pytest.mark.parametrize("status", ["IN_PROGRESS", "not_started", "Queued", "PENDING"])
def test_a_job_that_says_it_runs_is_not_over_however_long_it_stands(status: str) -> None:
    assert job_verdict(looks(*[(status, PART)] * 50), 10) is JobVerdict.RUNNING


def test_a_job_that_says_it_ended_is_over_when_its_counts_stay() -> None:
    before, after = ("IN_PROGRESS", PART), ("COMPLETED", PART)
    assert job_verdict(looks(before, before, after), 10) is JobVerdict.RUNNING
    assert job_verdict(looks(before, after, after), 10) is JobVerdict.ENDED
    assert job_verdict(looks(after, ("COMPLETED", {**PART, "ERROR": 2})), 10) is JobVerdict.RUNNING
    assert job_verdict(looks(after, ("COMPLETED", {**PART, "ERROR": 3})), 10) is JobVerdict.DONE


def test_a_completion_time_is_as_good_as_a_status() -> None:
    ended = [Look(t, PART, None, 1767225600500) for t in (1.0, 2.0)]
    assert job_verdict(ended, 10) is JobVerdict.ENDED


def test_a_short_count_at_the_end_is_looked_at_again_at_once() -> None:
    old = [Look(500.0, PART, "IN_PROGRESS", 0), Look(550.0, PART, "COMPLETED", 0)]
    assert 0.5 <= wait(old, 10) <= 1.0


def test_counts_that_move_on_after_the_end_are_paced_like_any() -> None:
    """An unknown word for "running" must not cost a request a second."""
    moving = [Look(10.0 * i, {"SUCCESS": i}, "CRUNCHING", 0) for i in range(1, 5)]
    assert wait(moving, 1000) > 10


def test_a_job_that_says_nothing_is_over_when_nothing_waits_and_three_looks_agree() -> None:
    silent = (None, PART)
    assert job_verdict(looks(silent, silent), 10) is JobVerdict.RUNNING
    assert job_verdict(looks(silent, silent, silent), 10) is JobVerdict.ENDED
    assert job_verdict(looks((None, {"SUCCESS": 7}), silent, silent), 10) is JobVerdict.RUNNING


@pytest.mark.parametrize(
    "counts", [{}, {"NOT_STARTED": 0, "SUCCESS": 0}, {"NOT_STARTED": 2, "SUCCESS": 8}]
)
def test_silence_without_counts_or_with_entries_to_come_is_no_end(counts: dict[str, int]) -> None:
    assert job_verdict(looks(*[(None, counts)] * 9), 11) is JobVerdict.RUNNING


@given(st.lists(st.sampled_from((PART, {}, {"SUCCESS": 9})), min_size=3, max_size=9))
def test_only_the_last_three_looks_matter(shown: list[dict[str, int]]) -> None:
    for status in (None, "COMPLETED"):
        made = looks(*((status, counts) for counts in shown))
        assert job_verdict(made, 10) is job_verdict(made[-3:], 10)


def test_a_job_is_read_by_its_names() -> None:
    row = {"completionStatus": "COMPLETED", "completedAt": 1767225600500}
    assert look_of(row, {"success": 1}, 2.5) == Look(
        2.5, {"SUCCESS": 1}, "COMPLETED", 1767225600500
    )


@pytest.mark.parametrize("odd", [None, 0, "", [], {"a": 1}])
def test_fields_of_another_type_say_nothing(odd: object) -> None:
    look = look_of({"completionStatus": odd, "completedAt": odd}, {}, 1.0)
    assert (look.status, look.completed_at, look.says_nothing) == (None, 0, True)
