"""The server's clock is believed near ours; else the earlier one counts, and it is said once."""

from __future__ import annotations

import pytest

from tap_chakra.run.believed_clock import BelievedClock
from tests.support.clock import FakeClock

NOW = 1_790_000_000_000
LOOKBACK = 600_000
YEAR_2099 = 4_070_908_800_000
HOUR = 3_600_000


def clock(now: int = NOW, tolerance: int = LOOKBACK) -> tuple[BelievedClock, FakeClock]:
    ours = FakeClock(now / 1000)
    return BelievedClock(ours, tolerance), ours


@pytest.mark.parametrize("off", [0, 1, -1, LOOKBACK, -LOOKBACK])
def test_it_is_believed_near_ours(off: int, caplog: pytest.LogCaptureFixture) -> None:
    beginning = clock()[0].beginning(NOW + off)
    assert (beginning.began, beginning.horizon) == (NOW + off, NOW + off)
    assert not caplog.records


@pytest.mark.parametrize("said", [0, NOW - LOOKBACK - 1, NOW + LOOKBACK + 1, YEAR_2099])
def test_else_changes_are_read_from_the_earlier_one_and_rows_up_to_the_later(
    said: int, caplog: pytest.LogCaptureFixture
) -> None:
    server, _ = clock()
    for _ in range(3):
        beginning = server.beginning(said)
        assert (beginning.began, beginning.horizon) == (min(said, NOW), max(said, NOW))
    assert len(caplog.records) == 1


def test_a_date_that_is_far_ahead_once_does_not_move_a_clock_that_is_ahead_itself() -> None:
    """Ours is five hours ahead, which the answers before have shown."""
    server, ours = clock(NOW + 5 * HOUR)
    assert server.earlier(NOW) == NOW
    ours.sleep(10)
    assert server.earlier(YEAR_2099) == NOW + 10_000
    assert server.earlier(None) == NOW + 10_000


def test_without_a_date_ours_counts_and_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    server, _ = clock()
    assert [server.earlier(None) for _ in range(3)] == [NOW] * 3
    assert len(caplog.records) == 1


def test_without_an_overlap_clocks_may_still_differ_by_a_minute() -> None:
    assert clock(tolerance=0)[0].earlier(NOW + 59_000) == NOW + 59_000
