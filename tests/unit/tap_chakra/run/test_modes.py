"""What a run reads and emits, by `change_detection` and by how far the stream is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.values.timestamps import iso_ms
from tap_chakra.run.bookmark import Bookmark
from tap_chakra.run.incremental import Since
from tap_chakra.run.modes import RunPlan, plan_run, wants_probe
from tap_chakra.run.resume import Beside, ResumePoint, Scope
from tap_chakra.settings import CHANGE_DETECTION, HOUR_MS, Settings, parse_settings
from tap_chakra.timeline.coverage import Unfinished

NOW = 1_790_000_000_000
LOOKBACK = 600_000
FULL = NOW - 5 * HOUR_MS
NARROW = NOW - HOUR_MS
AT = Bookmark(since=FULL, rows=100, began=FULL, narrow=NARROW)


def settings(mode: str, **more: object) -> Settings:
    config = {"api_key": "k", "change_detection": mode, **more}
    return parse_settings(config, now=NOW, user_agent="test")


def plan(
    mode: str,
    bookmark: Bookmark = AT,
    *,
    full_table: bool = False,
    server: bool = True,
    **more: object,
) -> RunPlan:
    return plan_run(settings(mode, **more), bookmark, now=NOW, full_table=full_table, server=server)


@pytest.mark.parametrize("mode", CHANGE_DETECTION)
def test_the_first_run_reads_and_emits_everything(mode: str) -> None:
    it = plan(mode, Bookmark())
    (only,) = it.selections
    assert it.full
    assert only.since == Since(None)
    assert (only.lower, only.where, only.created_before) == (None, None, None)


@pytest.mark.parametrize("mode", CHANGE_DETECTION)
def test_a_full_table_run_reads_and_emits_everything(mode: str) -> None:
    it = plan(mode, full_table=True)
    assert it.full
    assert it.selections[0].since.threshold is None


def test_a_scan_reads_everything_and_emits_what_changed() -> None:
    it = plan("scan")
    (only,) = it.selections
    assert it.full
    # Not from the last narrow run on: that one did not see what it left out.
    assert only.since.threshold == FULL - LOOKBACK
    assert (only.lower, only.where) == (None, None)


def test_the_server_is_asked_for_what_changed_without_an_upper_bound() -> None:
    it = plan("server")
    (only,) = it.selections
    assert not it.full
    assert only.since.threshold == NARROW - LOOKBACK
    assert only.where == {"updatedAt": {">=": iso_ms(NARROW - LOOKBACK)}}
    assert only.lower is None


@pytest.mark.parametrize(("proven", "as_mode"), [(True, "server"), (False, "scan")])
def test_auto_asks_the_server_where_that_is_proven(*, proven: bool, as_mode: str) -> None:
    assert plan("auto", server=proven) == plan(as_mode)


def test_new_rows_alone_are_read_by_created() -> None:
    it = plan("created")
    (only,) = it.selections
    assert not it.full
    assert only.lower == NARROW - LOOKBACK
    assert only.since == Since(None), "whatever their updatedAt says"
    assert only.where is None


def test_open_reads_new_rows_and_then_open_ones_that_are_not_new() -> None:
    it = plan("open")
    new, still_open = it.selections
    assert not it.full
    assert new == plan("created").selections[0]
    assert still_open.where == {"status": "OPEN"}
    assert still_open.since.threshold == NARROW - LOOKBACK
    assert still_open.created_before == new.lower, "no row is emitted twice"
    assert still_open.lower is None


@pytest.mark.parametrize("mode", ["server", "open"])
@pytest.mark.parametrize(("hours", "due"), [(5.01, False), (5, True), (1, True), (0, True)])
def test_everything_is_read_again_when_the_last_full_scan_is_old(
    mode: str, hours: float, *, due: bool
) -> None:
    it = plan(mode, full_scan_every=hours)
    assert it.full is due
    if due:
        assert it.selections[0].since.threshold == FULL - LOOKBACK
        assert "due" in it.reason


def test_created_never_reads_everything_again() -> None:
    assert not plan("created", full_scan_every=0).full


def test_a_bookmark_without_a_full_scan_makes_one() -> None:
    assert plan("server", Bookmark(since=FULL)).full


@pytest.mark.parametrize("mode", ["server", "created", "open"])
def test_a_narrow_run_goes_on_from_the_later_of_both_bookmarks(mode: str) -> None:
    after_full = Bookmark(since=NOW - 10, rows=1, began=NOW - 10, narrow=NARROW)
    assert plan(mode, after_full) == plan(mode, Bookmark(NOW - 10, 1, NOW - 10))


@pytest.mark.parametrize("mode", CHANGE_DETECTION)
def test_start_date_limits_what_is_emitted_and_not_what_is_read(mode: str) -> None:
    start = NOW - 60_000
    for selection in plan(mode, start_date=iso_ms(start)).selections:
        assert selection.since.threshold == start
        assert selection.lower in {None, NARROW - LOOKBACK}


@pytest.mark.parametrize("mode", CHANGE_DETECTION)
def test_created_after_limits_what_is_read(mode: str) -> None:
    after = NOW - 60_000
    selections = plan(mode, created_after=iso_ms(after)).selections
    assert {selection.lower for selection in selections} == {after}


@given(
    st.sampled_from(CHANGE_DETECTION),
    st.integers(0, 10**9),
    st.none() | st.integers(0, 10**9),
    st.integers(0, 10**6),
)
def test_no_mode_emits_from_later_than_the_last_complete_run(
    mode: str, full_ago: int, narrow_ago: int | None, changed_after: int
) -> None:
    """A row that changed and was created behind the last complete run is read and emitted."""
    began = NOW - full_ago
    narrow = None if narrow_ago is None else NOW - narrow_ago
    it = plan(mode, Bookmark(began, 5, began, narrow))
    last = max(began, narrow or began) if not it.full else began
    at = last + changed_after
    emitted = [
        selection
        for selection in it.selections
        if selection.since.emits(at)
        and (selection.lower is None or at >= selection.lower)
        and (selection.created_before is None or at < selection.created_before)
    ]
    assert len(emitted) == 1


@pytest.mark.parametrize(
    ("mode", "bookmark", "full_table", "wanted"),
    [
        ("auto", AT, False, True),
        ("server", AT, False, True),
        ("auto", AT, True, False),
        ("auto", Bookmark(), False, False),
        ("scan", AT, False, False),
        ("created", AT, False, False),
        ("open", AT, False, False),
    ],
)
def test_the_server_is_probed_only_where_it_matters(
    mode: str, bookmark: Bookmark, *, full_table: bool, wanted: bool
) -> None:
    assert wants_probe(settings(mode), bookmark, full_table=full_table) is wanted


@pytest.mark.parametrize("mode", CHANGE_DETECTION)
def test_a_full_scan_may_be_asked_for_in_each_mode(mode: str) -> None:
    it = plan(mode, full_scan=True)
    (only,) = it.selections
    assert it.full
    assert (only.lower, only.upper, only.where) == (None, None, None)
    assert only.since.threshold == FULL - LOOKBACK, "what did not change is seen, not emitted"
    assert not wants_probe(settings(mode, full_scan=True), AT, full_table=False)


@pytest.mark.parametrize("mode", CHANGE_DETECTION)
def test_a_full_scan_that_was_cut_off_goes_on_in_each_mode(mode: str) -> None:
    point = ResumePoint(Unfinished(NOW - 5), Scope(FULL - LOOKBACK, None, Beside()), 0)
    assert plan(mode, replace(AT, resume_point=point)).full


@pytest.mark.parametrize("mode", CHANGE_DETECTION)
def test_created_before_limits_what_is_read(mode: str) -> None:
    before = NOW - 60_000
    it = plan(mode, created_before=iso_ms(before), lookback_seconds=7200)
    assert {selection.upper for selection in it.selections} == {before}


@pytest.mark.parametrize("mode", ["server", "open"])
def test_an_instant_that_a_scan_is_known_by_keeps_no_full_scan_from_coming(mode: str) -> None:
    """It may lie behind the time: what an earlier clock said is never gone back behind."""
    assert plan(mode, replace(AT, began=NOW + 10**10), full_scan_every=5).full
    assert not plan(mode, replace(AT, began=NOW + 10**10), full_scan_every=6).full
