"""Of a bookmark in the future nothing is followed: no change is passed over, and none is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.run.believed import LEAST_TOLERANCE_MS, believed
from tap_chakra.run.bookmark import Bookmark
from tap_chakra.run.modes import plan_run
from tap_chakra.run.resume import Beside, ResumePoint, Scope
from tap_chakra.settings import CHANGE_DETECTION, parse_settings
from tap_chakra.timeline.coverage import Unfinished

NOW = 1_790_000_000_000
YEAR = 31_536_000_000
offsets = st.none() | st.integers(-YEAR, YEAR) | st.integers(-60_000, 60_000)


def at(offset: int | None) -> int | None:
    return None if offset is None else NOW + offset


@given(
    st.tuples(offsets, offsets, offsets),
    offsets,
    st.sampled_from(CHANGE_DETECTION),
    st.integers(0, 10**6),
)
def test_no_run_follows_an_instant_to_come(
    state: tuple[int | None, ...], unfinished: int | None, mode: str, lookback: int
) -> None:
    since, narrow, began = map(at, state)
    point = None
    if unfinished is not None:
        point = ResumePoint(Unfinished(NOW + unfinished), Scope(None, None, Beside()), 0)
    before = Bookmark(since, 5, began, narrow, point)
    kept, said = believed(before, NOW, lookback)
    if began is None or began <= NOW + max(lookback, LEAST_TOLERANCE_MS):
        assert kept.began == began, "versions stay in their order"
    else:
        assert kept.began == NOW, "no version and no scan is dated by it"
        assert "scanned_ids" in said
    assert (kept.since or 0) <= NOW
    assert (kept.narrow or 0) <= NOW
    tolerance = max(lookback, LEAST_TOLERANCE_MS)
    ahead = [each for each in (since, narrow, began, point and NOW + (unfinished or 0)) if each]
    assert bool(said) is any(each > NOW + tolerance for each in ahead)
    if since is not None and since > NOW + tolerance:
        config = {"api_key": "k", "change_detection": mode, "lookback_seconds": lookback / 1000}
        given_settings = parse_settings(config, now=NOW, user_agent="test")
        plan = plan_run(given_settings, kept, now=NOW, full_table=False, server=True)
        (only,) = plan.selections
        assert plan.full
        assert only.since.threshold is None
    if not said and since is not None and since <= NOW:
        assert kept.since == since


def test_what_can_be_true_is_left_alone() -> None:
    point = ResumePoint(Unfinished(NOW - 5), Scope(None, None, Beside()), 0)
    before = Bookmark(NOW - 10, 5, NOW + LEAST_TOLERANCE_MS, NOW - 2, point)
    assert believed(before, NOW, 0) == (before, "")
