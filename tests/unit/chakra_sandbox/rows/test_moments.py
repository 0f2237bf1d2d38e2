"""ISO 8601 and epoch milliseconds are read and written without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_sandbox.rows.moments import iso_ms, iso_offset, parse_iso

MOMENTS = st.integers(min_value=0, max_value=4_000_000_000_000)


@given(MOMENTS, st.integers(min_value=-840, max_value=840))
def test_what_is_written_is_read_back_whatever_the_zone(moment_ms: int, minutes: int) -> None:
    assert parse_iso(iso_ms(moment_ms)) == moment_ms
    assert parse_iso(iso_offset(moment_ms, minutes)) == moment_ms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01", 1000),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1970-01-01T05:30:00.5+0530", 500),
        ("1970-01-01T00:00:00.123456Z", 123),
        ("1969-12-31T20:00:00-04", 0),
        ("1970-13-01", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_forms_of_a_timestamp(text: str, expected: int | None) -> None:
    assert parse_iso(text) == expected


def test_an_ignored_offset_leaves_the_wall_time() -> None:
    assert parse_iso("1970-01-01T05:30:00+05:30", ignore_offset=True) == 19_800_000
