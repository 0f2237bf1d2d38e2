"""STATE: what was written is read back, and what somebody else wrote is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from tap_chakra.run.bookmark import Bookmark, from_state, sees_enough, to_state

times = st.integers(1_500_000_000_000, 1_900_000_000_000)


@given(st.none() | times, st.none() | st.tuples(st.integers(0, 10**7), times))
def test_a_bookmark_survives_state(since: int | None, scan: tuple[int, int] | None) -> None:
    bookmark = Bookmark(since, *(scan or (None, None)))
    assert from_state("process_lead", to_state(bookmark)) == bookmark


@pytest.mark.parametrize(
    "state",
    [
        {"replication_key": "modified_at", "replication_key_value": "2026-01-01"},
        {"replication_key": "updatedAt", "replication_key_value": "next week"},
        {"last_complete_scan": 7},
        {"last_complete_scan": {"rows": "many", "began": "2026-01-01T00:00:00Z"}},
    ],
)
def test_a_foreign_state_is_refused_and_the_stream_named(state: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="process_lead"):
        from_state("process_lead", state)


def test_an_empty_state_is_a_first_run() -> None:
    assert from_state("process_lead", {}) == Bookmark()


@pytest.mark.parametrize(("rows", "enough"), [(90, True), (89, False), (0, False), (200, True)])
def test_a_scan_that_sees_far_fewer_rows_says_nothing_about_deletes(
    rows: int, *, enough: bool
) -> None:
    assert sees_enough(rows, Bookmark(1, 100, 1), 0.9) is enough


def test_a_first_scan_and_a_confirmed_one_see_enough() -> None:
    assert sees_enough(0, Bookmark(), 0.9)
    assert sees_enough(1, Bookmark(1, 100, 1), 0)
