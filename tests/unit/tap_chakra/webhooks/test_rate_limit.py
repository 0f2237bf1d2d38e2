"""How many calls an address may make."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.webhooks import rate_limit
from tap_chakra.webhooks.rate_limit import MOST_ADDRESSES, RateLimit


def test_two_seconds_worth_at_once_then_one_at_a_time() -> None:
    limit = RateLimit(5)
    assert [limit.wait("a", 100.0) for _ in range(10)] == [0.0] * 10
    assert limit.wait("a", 100.0) == 0.2
    assert limit.wait("a", 100.1) > 0
    assert limit.wait("a", 100.2) == 0


def test_addresses_do_not_pay_for_each_other() -> None:
    limit = RateLimit(1)
    assert [limit.wait("a", 0) for _ in range(3)][-1] > 0
    assert limit.wait("b", 0) == 0


def test_a_rate_below_one_takes_a_call_now_and_then() -> None:
    limit = RateLimit(0.1)
    assert limit.wait("a", 0) == 0
    assert 9 < limit.wait("a", 0.5) < 10
    assert limit.wait("a", 10) == 0


def test_addresses_are_forgotten_but_the_latest() -> None:
    limit = RateLimit(1)
    for number in range(MOST_ADDRESSES * 2):
        limit.wait(str(number), 0)
    assert len(limit._left) == MOST_ADDRESSES  # noqa: SLF001 - what is bounded


@given(st.lists(st.floats(0, 5), max_size=80), st.sampled_from([0.5, 3, 20]))
def test_never_more_than_the_rate_and_what_is_at_once(gaps: list[float], rate: float) -> None:
    limit, now, taken = RateLimit(rate), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if not limit.wait("a", now):
            taken.append(now)
    most = max(1.0, rate * rate_limit.AT_ONCE)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= most + (taken[last] - taken[first]) * rate + 1e-6
