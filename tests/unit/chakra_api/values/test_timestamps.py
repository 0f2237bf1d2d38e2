"""Times of every form become exact milliseconds (Q5)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.values.timestamps import iso_ms, parse_timestamp

instants = st.integers(10**11, 4 * 10**12)


@given(instants)
def test_milliseconds_survive_every_form(ms: int) -> None:
    for form in (ms, float(ms), str(ms), f" {ms} ", iso_ms(ms), iso_ms(ms).replace("Z", "+00:00")):
        assert parse_timestamp(form) == ms


@given(instants, st.integers(-14 * 60, 14 * 60))
def test_an_offset_names_the_same_instant(ms: int, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    local = datetime.fromtimestamp(ms / 1000, tz=zone).isoformat(timespec="milliseconds")
    assert abs((parse_timestamp(local) or 0) - ms) <= 1


@given(st.integers(1, 10**11))
def test_small_numbers_are_milliseconds_too(ms: int) -> None:
    for form in (ms, -ms, str(ms), float(ms)):
        assert parse_timestamp(form) == (-ms if form == -ms else ms)


@given(st.datetimes(), st.timezones())
def test_a_text_without_a_zone_is_in_the_one_that_is_given(local: datetime, zone: tzinfo) -> None:
    there = local.replace(tzinfo=zone, microsecond=local.microsecond // 1000 * 1000, fold=0)
    try:
        utc = there.astimezone(timezone.utc).replace(tzinfo=None)
    except OverflowError:
        return
    wanted = (utc - datetime(1970, 1, 1)) // timedelta(milliseconds=1)  # noqa: DTZ001 - a difference
    if utc.year < 2:
        return
    for form in (local.isoformat(), local.isoformat(" "), local.isoformat(timespec="microseconds")):
        assert parse_timestamp(form, zone) == wanted or wanted == 0


@pytest.mark.parametrize("unset", [0, "0.0", "", None, "soon", [], {}, True, float("nan"), 10**30])
def test_what_is_no_time_is_none(unset: object) -> None:
    assert parse_timestamp(unset) is None


@given(st.none() | st.booleans() | st.text() | st.floats() | st.integers() | st.lists(st.none()))
def test_nothing_of_the_wire_raises(value: object) -> None:
    found = parse_timestamp(value)
    assert found is None or isinstance(iso_ms(found), str)
