"""Quiet hours: judged by clocks on the wall, which this asks minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.call_settings.quiet_hours import QuietHours

NIGHT = QuietHours("21:00", "08:00", "Asia/Kolkata")


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-11-30T20:59:59+05:30", None),
        ("2026-11-30T21:00:00+05:30", "2026-12-01T08:00:00+05:30"),
        ("2026-12-01T00:00:00+05:30", "2026-12-01T08:00:00+05:30"),
        ("2026-12-01T07:59:59+05:30", "2026-12-01T08:00:00+05:30"),
        ("2026-12-01T08:00:00+05:30", None),
        ("2026-11-30T15:30:00+00:00", "2026-12-01T08:00:00+05:30"),
    ],
)
def test_a_night_ends_in_the_morning(now: str, over: str | None) -> None:
    found = NIGHT.over_at(moment(now))
    assert (found and found.isoformat()) == over


def test_hours_of_one_day_end_that_day() -> None:
    siesta = QuietHours("13:00", "15:30", "+02:00")
    assert siesta.over_at(moment("2026-11-30T12:59:00+02:00")) is None
    over = siesta.over_at(moment("2026-11-30T13:00:00+02:00"))
    assert over is not None
    assert over.isoformat() == "2026-11-30T15:30:00+02:00"
    assert siesta.over_at(moment("2026-11-30T15:30:00+02:00")) is None


def test_the_night_of_summer_time_ends_by_the_clock_on_the_wall() -> None:
    night = QuietHours("22:00", "07:00", "Europe/Berlin")
    over = night.over_at(moment("2026-10-24T23:00:00+02:00"))
    assert over is not None
    assert over.isoformat() == "2026-10-25T07:00:00+01:00"


minutes = st.integers(0, 24 * 60 - 1)


@given(minutes, minutes, st.integers(1_700_000_000, 1_900_000_000))
def test_a_moment_is_quiet_as_the_minutes_from_the_beginning_say(
    begin: int, end: int, now: int
) -> None:
    if begin == end:
        return
    zone = ZoneInfo("Asia/Kolkata")
    clock = datetime.fromtimestamp(now, timezone.utc).astimezone(zone)
    since = (clock.hour * 60 + clock.minute - begin) % (24 * 60)
    lasts = (end - begin) % (24 * 60)
    hours = QuietHours(
        f"{begin // 60:02d}:{begin % 60:02d}", f"{end // 60:02d}:{end % 60:02d}", "Asia/Kolkata"
    )
    over = hours.over_at(now)
    assert (over is not None) == (since < lasts)
    if over is not None:
        left = over - datetime.fromtimestamp(now, timezone.utc)
        assert timedelta() < left <= timedelta(minutes=lasts - since)
        assert hours.over_at(over.timestamp()) is None
