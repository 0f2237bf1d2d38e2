"""The pace: free until the server complains, never inside a Retry-After, little wasted."""

from __future__ import annotations

import random

import pytest

from chakra_api.wire.pacing import Pace, Pacer
from tests.support.clock import FakeClock


class Bucket:
    """A server that allows so many requests a second, with a burst (a second's worth)."""

    def __init__(self, clock: FakeClock, rps: float, burst: float | None = None) -> None:
        self._clock, self.rps = clock, rps
        self._burst, self._tokens, self._last = burst, burst or rps, 0.0

    def allows(self) -> bool:
        now = self._clock.monotonic()
        self._tokens = min(self._burst or self.rps, self._tokens + (now - self._last) * self.rps)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def drive(
    pacer: Pacer, clock: FakeClock, bucket: Bucket, until: float, retry_after: float | None
) -> tuple[int, int]:
    """Requests answered and refused until then; each takes 2 ms of a lone sender's time."""
    answered = refused = 0
    closed_until = 0.0
    while clock.monotonic() < until:
        pacer.acquire()
        assert clock.monotonic() >= closed_until, "a request left inside a Retry-After"
        if bucket.allows():
            answered += 1
        else:
            refused += 1
            pacer.throttled(retry_after)
            closed_until = clock.monotonic() + (retry_after or 0)
        clock.sleep(0.002)
    return answered, refused


def test_without_complaints_and_ceiling_nothing_waits() -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    for _ in range(1000):
        pacer.acquire()
    assert clock.sleeps == []


def test_a_ceiling_is_kept() -> None:
    clock = FakeClock()
    pacer = Pacer(clock, max_rps=20)
    for _ in range(201):
        pacer.acquire()
    assert 9.9 <= clock.monotonic() <= 10.1


@pytest.mark.parametrize("retry_after", [None, 1.0])
def test_most_of_an_allowance_is_used(retry_after: float | None) -> None:
    clock = FakeClock()
    pacer, bucket = Pacer(clock), Bucket(clock, 50)
    answered, refused = drive(pacer, clock, bucket, 300, retry_after)
    assert answered >= 0.9 * 50 * 300
    assert refused <= answered / 20


@pytest.mark.parametrize("retry_after", [None, 1.0, 2.0])
@pytest.mark.parametrize("burst", [1, 10, 50])
def test_most_of_an_allowance_is_used_however_small_its_burst(
    burst: float, retry_after: float | None
) -> None:
    """Without a burst each complaint costs its whole pause, so they must be rare."""
    clock = FakeClock()
    pacer, bucket = Pacer(clock), Bucket(clock, 50, burst)
    drive(pacer, clock, bucket, 60, retry_after)
    answered, _ = drive(pacer, clock, bucket, 300, retry_after)
    assert answered >= 0.9 * 50 * 240


@pytest.mark.parametrize("retry_after", [None, 1.0, 2.0])
@pytest.mark.parametrize("burst", [1, 10, 50])
def test_after_a_cut_the_rate_is_back_within_30_seconds(
    burst: float, retry_after: float | None
) -> None:
    clock = FakeClock()
    pacer, bucket = Pacer(clock), Bucket(clock, 50, burst)
    drive(pacer, clock, bucket, 60, retry_after)
    bucket.rps = 10
    drive(pacer, clock, bucket, 120, retry_after)
    bucket.rps = 50
    drive(pacer, clock, bucket, 150, retry_after)
    answered, _ = drive(pacer, clock, bucket, 180, retry_after)
    assert answered >= 0.8 * 50 * 30


def test_many_late_complaints_about_one_burst_cut_once() -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    for _ in range(40):
        pacer.acquire()
    clock.sleep(1.0)
    for _ in range(32):
        pacer.throttled()
    before = clock.monotonic()
    for _ in range(10):
        pacer.acquire()
    assert clock.monotonic() - before < 1.5


@pytest.mark.parametrize("grown", [75, 250])
def test_an_allowance_that_grew_is_used(grown: float) -> None:
    """Also where probes were refused so often that they have become rare."""
    clock = FakeClock()
    pacer, bucket = Pacer(clock), Bucket(clock, 50, 10)
    drive(pacer, clock, bucket, 300, 1.0)
    bucket.rps = grown
    drive(pacer, clock, bucket, 390, 1.0)
    answered, _ = drive(pacer, clock, bucket, 450, 1.0)
    assert answered >= 0.85 * grown * 60


def test_a_server_that_is_now_and_then_unavailable_is_not_slowed_down_for() -> None:
    """A 503 without a Retry-After, for one request in fifty, says nothing about the rate."""
    clock = FakeClock()
    pacer = Pacer(clock)
    for number in range(1, 10_001):
        pacer.acquire()
        clock.sleep(0.004)
        if number % 50 == 0:
            pacer.throttled()
    assert clock.monotonic() == pytest.approx(40.0)


def test_a_limit_far_below_what_is_sent_is_found_within_seconds() -> None:
    clock = FakeClock()
    pacer, bucket = Pacer(clock), Bucket(clock, 5)
    _, refused = drive(pacer, clock, bucket, 10, None)
    assert refused < 500
    _, refused = drive(pacer, clock, bucket, 40, None)
    assert refused <= 20


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize("share", [0.02, 0.03, 0.05])
@pytest.mark.parametrize("seed", range(3))
def test_complaints_that_do_not_follow_the_rate_do_not_hold_it_down(
    seed: int, share: float, retry_after: float | None
) -> None:
    """Some requests are refused for no reason: it took five to ten times as long as it need."""
    clock, draw = FakeClock(), random.Random(seed)
    pacer, refused = Pacer(clock), 0
    for _ in range(3_000):
        pacer.acquire()
        if draw.random() < share:
            refused += 1
            pacer.throttled(retry_after)
        clock.sleep(0.01)
    needed = 30 + refused * (retry_after or 0)
    assert clock.monotonic() <= 2 * needed + 45


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize("burst", [1, 10])
def test_a_limit_beside_complaints_for_no_reason_is_kept_to(
    burst: float, retry_after: float | None
) -> None:
    clock, draw = FakeClock(), random.Random(7)
    pacer, bucket = Pacer(clock), Bucket(clock, 20, burst)
    sent = refused = 0
    while clock.monotonic() < 300:
        pacer.acquire()
        sent += 1
        if draw.random() < 0.03 or not bucket.allows():
            refused += 1
            pacer.throttled(retry_after)
        clock.sleep(0.002)
    assert refused <= 0.2 * sent


@pytest.mark.parametrize("lowered", [5, 10, 20])
def test_an_allowance_that_shrinks_again_and_again_is_followed(lowered: float) -> None:
    """What was let through before says nothing of it then."""
    clock = FakeClock()
    pacer, bucket = Pacer(clock), Bucket(clock, 80, 10)
    drive(pacer, clock, bucket, 60, 1.0)
    until, refusals = 60.0, []
    for rps in (40, 80, lowered, 80, lowered):
        bucket.rps = rps
        until += 60
        answered, refused = drive(pacer, clock, bucket, until, 1.0)
        refusals.append(refused)
        assert answered >= 0.5 * rps * 60
    assert max(refusals) <= 25


def test_a_complaint_counts_once_it_says_something_about_the_rate() -> None:
    clock = FakeClock()
    pacer = Pacer(clock)
    for number in range(1, 401):
        pacer.acquire()
        clock.sleep(0.01)
        if number % 100 == 0:
            pacer.throttled()
    assert pacer.pace == Pace(None, 0), "one in a hundred is tolerated"
    pacer.throttled(1.0)
    assert pacer.pace.complaints == 1
    assert pacer.pace.rate is not None


@pytest.mark.parametrize("retry_after", [None, 1.0])
def test_complaints_that_do_not_follow_the_rate_count_no_more(retry_after: float | None) -> None:
    clock, draw = FakeClock(), random.Random(1)
    pacer, counts = Pacer(clock), []
    for _ in range(3_000):
        pacer.acquire()
        if draw.random() < 0.05:
            pacer.throttled(retry_after)
        counts.append(pacer.pace.complaints)
        clock.sleep(0.01)
    assert max(counts.count(each) for each in counts) >= 500
