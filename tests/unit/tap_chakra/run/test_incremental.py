"""What a run emits, and where the bookmark goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.run.incremental import (
    MOST_SKEW_MS,
    distinct_beginning,
    lead_of,
    next_bookmark,
    since,
)

times = st.integers(1_500_000_000_000, 1_900_000_000_000)


def test_without_a_bookmark_everything_is_emitted() -> None:
    wanted = since(None, None, 600_000)
    assert all(wanted.emits(updated) for updated in (None, 0, 1, 10**13))


@given(times, st.integers(0, 10**7), times)
def test_rows_changed_since_the_bookmark_less_the_overlap_are_emitted(
    bookmark: int, lookback: int, updated: int
) -> None:
    assert since(bookmark, None, lookback).emits(updated) == (updated >= bookmark - lookback)


@given(times, times)
def test_nothing_changed_before_the_start_date_is_emitted(start: int, updated: int) -> None:
    assert since(None, start, 600_000).emits(updated) == (updated >= start)


@given(times, times)
def test_the_start_date_has_no_overlap_and_the_later_bound_wins(start: int, bookmark: int) -> None:
    assert since(bookmark, start, 1000).threshold == max(start, bookmark - 1000)


@pytest.mark.parametrize("unusable", [None, 0])
def test_a_row_without_a_usable_updated_at_is_always_emitted(unusable: int | None) -> None:
    assert since(10**12, 10**12, 0).emits(unusable)


@pytest.mark.parametrize(
    ("updated", "server", "lead"),
    [
        (5000, 5000, 0),
        (5999, 5000, 0),
        (7500, 5000, 1500),
        (None, 5000, 0),
        (7500, None, 0),
        (6000 + MOST_SKEW_MS, 5000, MOST_SKEW_MS),
        (6001 + MOST_SKEW_MS, 5000, 0),
    ],
)
def test_a_clock_that_leads_is_told_from_an_imported_value(
    updated: int | None, server: int | None, lead: int
) -> None:
    assert lead_of([None, updated, 0], server) == lead


def test_the_bookmark_is_the_scans_beginning_less_the_lead() -> None:
    assert next_bookmark(10_000, 1500) == 8500


@pytest.mark.parametrize(
    ("began", "last", "known_by"),
    [(5_000, None, 5_000), (5_000, 4_999, 5_000), (5_000, 5_000, 5_001), (5_000, 7_000, 7_001)],
    ids=["the first", "a later one", "within a second", "by a clock that is behind"],
)
def test_a_scan_is_known_by_its_beginning_if_that_is_later(
    began: int, last: int | None, known_by: int
) -> None:
    assert distinct_beginning(began, last) == known_by
