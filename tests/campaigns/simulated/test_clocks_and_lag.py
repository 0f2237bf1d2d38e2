"""A machine's clock and a list that lags are no reason to lose a row, or to make it twice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.rows.model import uid
from tests.campaigns.simulated.clock_cases import HOUR, YEAR, Deaths, clock_case
from tests.campaigns.simulated.lag_cases import (
    COLUMNS_TOO,
    STREAMS_TOO,
    lag_case,
    no_good_row_is_rejected,
)
from tests.campaigns.simulated.scenarios import dead, lead, old, settings, small_world
from tests.campaigns.simulated.target import Scenario, Simulation
from tests.campaigns.simulated.target_judges import verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.campaigns.simulated.history import History, Wish

ABSURD = 4_086_000_000.0
TWICE = {"duplicate_pk": "duplicate"}


def play(
    wishes: Sequence[Wish],
    knobs: Mapping[str, Any],
    deaths: Mapping[tuple[str, int], str] | None = None,
    **more: Any,
) -> History:
    """Run rows; no judge may find anything, and no good row may be rejected."""
    scenario = Scenario(
        seed=1,
        world=partial(small_world, 30, 4, {**TWICE, **knobs}, 1),
        wishes=wishes,
        columns=COLUMNS_TOO,
        states=frozenset({len(wishes)}),
        settings=settings(wishes, streams=STREAMS_TOO, batch_size=50, concurrency=2),
        **more,
    )
    history = Simulation(scenario, Deaths(deaths or {})).play()
    assert verdict(history) == []
    assert no_good_row_is_rejected(history) == []
    return history


def ahead(seconds: float, run: int, _lasted: float) -> float:
    return seconds if run > 1 else 0.0


JUMPS = (40 * 60.0, 5 * HOUR, -40 * 60.0, -5 * HOUR, 3 * 24 * HOUR, -6 * YEAR)


@pytest.mark.parametrize("seconds", JUMPS)
def test_open_jobs_are_not_given_up_because_our_clock_was_set(seconds: float) -> None:
    """Killed with open jobs and started again 40 minutes ahead: 6 to 32 of 300 rows were doubled.

    The submit arrives only when nobody waits for it any more.
    """
    wishes = [lead(f"new-{n}", n) for n in range(300)]
    deaths = {("submit", 2): "crash, done later"}
    history = play(wishes, {"job_duration_ms": 20_000}, deaths, ahead=partial(ahead, seconds))
    assert [ended.code for ended in history.ended] == [None, 0]


@pytest.mark.parametrize("said", [None, ABSURD, 0.0])
def test_open_jobs_are_not_given_up_where_chakra_tells_no_time_or_an_absurd_one(
    said: float | None,
) -> None:
    wishes = [lead(f"new-{n}", n) for n in range(120)]
    dates = lambda run, _number, now: said if run > 1 else now  # noqa: E731 - as a plan's
    deaths = {("submit", 2): "crash, done later"}
    play(wishes, {"job_duration_ms": 20_000}, deaths, dates=dates)


def test_a_job_that_runs_is_watched_after_a_restart_however_old_it_is() -> None:
    """The machine was off for hours: the job says that it is in progress, and ends soon."""
    wishes = [lead(f"new-{n}", n) for n in range(10)]
    knobs = {"job_duration_ms": int(2 * HOUR * 1000)}
    history = play(wishes, knobs, {("job", 2): "crash"}, rests=(2 * HOUR - 40.0,))
    assert [ended.code for ended in history.ended] == [None, 0]
    assert len(history.jobs) == 1


@pytest.mark.parametrize("ends", ["crash, done later", "reset, done later"])
def test_a_batch_is_as_old_as_the_moment_at_which_it_left(ends: str) -> None:
    """Its intent was stored 250 s before: ChakraHQ had asked for such a pause.

    The job that begins 250 s after the submit was taken for one that never came: 10 rows doubled.
    """
    wishes = [lead(f"new-{n}", n) for n in range(10)]
    deaths = {("submit", 1): "429 minutes", ("submit", 2): ends}
    history = play(wishes, {"job_duration_ms": 40}, deaths)
    assert [ended.code for ended in history.ended] == [None, 0] if "crash" in ends else [0]
    assert len(history.jobs) == 1


LAGS = [(5_000, "nothing"), (30_000, "nothing"), (30_000, "before")]


@pytest.mark.parametrize(("lag", "shows"), LAGS)
def test_a_key_that_comes_again_ends_with_its_last_value_though_it_is_not_listed(
    lag: int, shows: str
) -> None:
    """20 keys, each brought twice with others between: 10 ended with the first value."""
    first, again = ([lead(old(n), n + value) for n in range(1, 21)] for value in (100, 200))
    wishes = [*first, *(lead(f"new-{n}", n) for n in range(250)), *again]
    knobs = {"index_lag_ms": lag, "index_lag_shows": shows, "job_duration_ms": 40}
    history = play(wishes, knobs, pauses=frozenset({20}))
    assert [ended.code for ended in history.ended] == [0]


def test_a_quick_rerun_knows_what_the_run_before_it_wrote() -> None:
    """After a kill and a rerun at once 348 of 1,276 rows were rejected as gone."""
    wishes = [lead(old(n), n + 100) for n in range(1, 31)]
    knobs = {"index_lag_ms": 25_000, "index_lag_shows": "nothing", "job_duration_ms": 40}
    play(wishes, knobs, {("state", 1): "crash before"}, rests=(0.1,))


def test_a_process_is_known_by_its_id_when_a_row_names_it_by_its_key_and_then_by_that() -> None:
    """The list showed the old value, which the second row asked for: it was called unchanged."""
    by_id = replace(lead(old(1), 1), stream="ids", row={"id": uid("lead", "0"), "score": 1})
    wishes = [*(lead(old(n), n + 50) for n in range(1, 5)), by_id]
    for shows in ("before", "nothing"):
        knobs = {"index_lag_ms": 20_000, "index_lag_shows": shows, "job_duration_ms": 40}
        history = play(wishes, knobs, pauses=frozenset({4}))
        assert history.ended[0].receipt["outcomes"]["updated"] == len(wishes)


def test_a_row_that_is_not_listed_after_an_update_is_deleted_all_the_same() -> None:
    """Nothing was found to delete, and the row was called unchanged."""
    wishes = [lead(old(1), 51), lead(old(2), 52), dead(old(1))]
    knobs = {"index_lag_ms": 20_000, "index_lag_shows": "nothing", "job_duration_ms": 40}
    history = play(wishes, knobs, pauses=frozenset({2}))
    assert history.ended[0].receipt["outcomes"]["deleted"] == 1


@pytest.mark.parametrize("lag", [0, 20_000])
def test_deletes_right_behind_their_writes_are_proven_by_asking_for_their_ids(lag: int) -> None:
    """Lists that showed nothing were asked for 30 s, though each job's entries said SUCCESS."""
    wishes = [lead(old(n), n + 50) for n in range(1, 7)]
    wishes += [dead(old(n)) for n in range(1, 4)]
    knobs = {"index_lag_ms": lag, "index_lag_shows": "nothing", "job_duration_ms": 40}
    history = play(wishes, knobs, pauses=frozenset({6}))
    (ended,) = history.ended
    assert ended.receipt["outcomes"]["deleted"] == 3
    assert (ended.receipt["seconds"] < 15) == (lag == 0)


def test_a_case_is_the_same_whenever_it_is_run() -> None:
    for make in (clock_case, lag_case):
        assert make(9_004).play().requests == make(9_004).play().requests
