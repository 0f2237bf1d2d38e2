"""What a refusal says about an allowance: where to go back to, and when to probe again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.wire import allowance
from chakra_api.wire.allowance import Allowance, Doubts, first


def held(kept: float, refused: float, *, probes: int = 0, best: float | None = None) -> Allowance:
    """A rate that is held between one that was kept and one that was refused."""
    return Allowance(
        0.0, kept, refused, kept=kept, best=kept if best is None else best, probes=probes
    )


def test_a_refused_rate_is_undercut_and_approached() -> None:
    found = first(100, 10.0, meaningful=True)
    assert found.rate(10.0) == 50
    assert found.rate(11.0) == pytest.approx(62.5)
    assert found.rate(20.0) == found.aim == 97


def test_too_few_requests_say_nothing_about_where_the_limit_is() -> None:
    found = first(20, 0.0, meaningful=False)
    assert math.isinf(found.refused)
    assert found.rate(10.0) > 90


def test_cuts_in_a_row_go_deeper() -> None:
    aims = [first(100, 0.0, meaningful=True)]
    for _ in range(3):
        aims.append(aims[-1].refuse(100, 0.5, 0.5))
    assert [round(each.aim) for each in aims] == [97, 94, 88, 76]


def test_a_refused_probe_goes_back_to_what_was_kept() -> None:
    found = held(48, 50).refuse(51, 20.0, 21.0)
    assert found.kept == 48
    assert found.rate(21.0) == 48
    assert found.probes == 1


def test_a_probe_refused_far_above_halves_the_way() -> None:
    found = held(40, 60).refuse(60, 3.0, 4.0)
    assert found.kept == 40
    assert found.rate(4.0) == 50


def test_a_kept_rate_that_is_refused_is_cut() -> None:
    found = held(48, 50).refuse(48, 8.0, 9.0)
    assert found.kept is None
    assert found.rate(9.0) == pytest.approx(48 * allowance.CUT_FACTOR)


def test_probes_become_rare_at_the_best_rate_alone() -> None:
    at_best, below = held(48, 50), held(48, 50, best=200)
    for _ in range(allowance.REFUSED_PROBES):
        at_best, below = at_best.refuse(51, 20.0, 0.0), below.refuse(51, 20.0, 0.0)
    assert at_best.patience == allowance.LONG_PATIENCE_SECONDS
    assert below.patience == allowance.PATIENCE_SECONDS


def test_a_best_rate_is_forgotten_when_probes_are_refused_for_minutes() -> None:
    found = held(10, 10.5, best=50)
    for _ in range(20):
        found = found.refuse(10.6, 20.0, 0.0)
    assert found.best == 10
    assert found.patience == allowance.LONG_PATIENCE_SECONDS


@pytest.mark.parametrize("patience", [allowance.PATIENCE_SECONDS, allowance.LONG_PATIENCE_SECONDS])
def test_the_rate_is_held_and_then_probed_ever_faster(patience: float) -> None:
    rare = patience == allowance.LONG_PATIENCE_SECONDS
    found = held(10, 10.5, probes=allowance.REFUSED_PROBES if rare else 1)
    assert found.rate(patience) == 10
    growth = [found.rate(patience + second) for second in range(13)]
    assert growth == sorted(growth)
    assert growth[1] < 10.2
    assert growth[12] > 90


def test_no_complaint_cuts_below_the_slowest_rate() -> None:
    found = first(0.2, 0.0, meaningful=True)
    for _ in range(20):
        found = found.refuse(found.rate(0.1), 0.1, 0.0)
    assert found.rate(0.0) == allowance.SLOWEST_RATE


@given(
    limit=st.floats(0.5, 200),
    burst=st.floats(1, 100),
    pause=st.floats(0, 5),
    rates=st.lists(st.floats(1.02, 20), min_size=1, max_size=30),
)
def test_a_limit_that_stays_is_never_doubted(
    limit: float, burst: float, pause: float, rates: list[float]
) -> None:
    """Whatever rates above it are sent at, with whatever pauses and burst."""
    doubts = Doubts()
    for above in rates:
        rate = limit * above
        tokens = min(burst, limit * pause)
        sending = max(tokens, 1) / (rate - limit)
        doubts = doubts.after(int(rate * sending), pause + sending, rate)
        assert not doubts.sure


@given(st.integers(20, 60), st.floats(0.2, 0.8), st.sampled_from([0.0, 1.0]))
def test_complaints_after_so_many_requests_whatever_the_rate_are_soon_doubted(
    requests: int, cut: float, pause: float
) -> None:
    doubts, rate, complaints = Doubts(), 100.0, 0
    while not doubts.sure:
        complaints += 1
        doubts = doubts.after(requests, pause + requests / rate, rate)
        rate *= cut
        assert rate > 0.02
    assert complaints <= 20
    assert doubts.anew().unheard == 2 * allowance.UNHEARD_SECONDS


def test_a_leap_goes_on_from_several_times_the_rate_that_is_held() -> None:
    found = held(1.4, 1.43).leap(100.0)
    assert 4 * 1.4 <= found.rate(100.0) <= 6 * 1.4
    assert found.rate(105.0) > 2 * found.rate(100.0)
    refused = found.refuse(found.rate(100.5), 100.5, 101.5)
    assert refused.kept == 1.4, "what was kept before is still known to be"


@pytest.mark.parametrize(("rate", "leaps"), [(1.0, [6, 7, 12, 13, 24, 25, 48, 49]), (20.0, [])])
def test_leaps_are_rare_and_far_below_what_was_complained_of_first(
    rate: float, leaps: list[int]
) -> None:
    doubts = Doubts().after(1, 1.0, 80.0)
    found = []
    for number in range(2, 90):
        doubts = doubts.after(5, 5 / rate, rate)
        if doubts.worth_a_leap(rate):
            found.append(number)
    assert found == leaps
