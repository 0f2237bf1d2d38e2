"""A scan that was cut off: STATE brings back what it read, and nobody else's is taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from tap_chakra.run.bookmark import Bookmark
from tap_chakra.run.bookmark import from_state as bookmark_from
from tap_chakra.run.bookmark import to_state as bookmark_to
from tap_chakra.run.resume import Beside, ResumePoint, Scope, from_state, to_state
from tap_chakra.scanning.scheduler import MOST_WALKS_KEPT
from tap_chakra.timeline.coverage import MOST_RANGES, Range, Unfinished, Walked
from tap_chakra.timeline.windows import Window

times = st.integers(1_000_000_000_000, 1_900_000_000_000)
counts = st.integers(0, 10**7)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    lower = draw(st.none() | st.integers(-(10**12), 10**12))
    width = draw(st.none() | st.integers(1, 10**12))
    return Window(lower, None if width is None else (lower or 0) + width)


ranges = st.builds(Range, windows(), counts)
walked = st.builds(Walked, windows(), counts, st.integers(-(10**12), 10**13), counts, st.booleans())
unfinished = st.builds(
    Unfinished,
    times,
    st.lists(ranges, max_size=5).map(tuple),
    st.lists(walked, max_size=5).map(tuple),
)
beside = st.builds(Beside, st.booleans(), st.booleans())
scopes = st.builds(Scope, st.none() | times, st.none() | times, beside)
points = st.builds(ResumePoint, unfinished, scopes, counts)


@given(points)
def test_an_unfinished_scan_survives_state(it: ResumePoint) -> None:
    state = json.loads(json.dumps(to_state(it)))
    assert from_state(state) == it
    bookmark = Bookmark(since=5_000, resume_point=it)
    assert bookmark_from("process_lead", json.loads(json.dumps(bookmark_to(bookmark)))) == bookmark


GOOD = to_state(
    ResumePoint(
        Unfinished(10**12, (Range(Window(1, 5), 3),), (Walked(Window(5, 9), 4, 12, 2, True),)),  # noqa: FBT003 - a field
        Scope(None, None, Beside()),
        0,
    )
)


@pytest.mark.parametrize(
    "change",
    [
        {"began": None},
        {"began": "yesterday"},
        {"lead": -1},
        {"lead": "much"},
        {"emits_since": "soon"},
        {"done": None},
        {"done": 7},
        {"done": [[5, 5, 1]]},
        {"done": [[9, 5, 1]]},
        {"done": [["a", "b", 1]]},
        {"done": [[1, 5, -1]]},
        {"done": [[1, 5]]},
        {"walked": [[1, 5, 2]]},
        {"walked": [[1, 5, 2, None, 4, 1]]},
        {"walked": [[1, 5, 2, 9, -4, 1]]},
        {"walked": "everything"},
    ],
)
def test_what_was_not_written_by_this_tap_is_refused_and_the_stream_named(
    change: dict[str, object],
) -> None:
    with pytest.raises(SettingsError, match="process_lead"):
        bookmark_from("process_lead", {"scan": GOOD | change})


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"rows"}))
def test_a_state_from_which_something_is_missing_is_refused(name: str) -> None:
    left = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(SettingsError, match="scan"):
        bookmark_from("process_lead", {"scan": left})


@pytest.mark.parametrize("value", [[], "scan", 7, True])
def test_a_scan_that_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match="process_lead"):
        bookmark_from("process_lead", {"scan": value})


def test_the_largest_state_is_small() -> None:
    """However many rows there are: at most so many ranges and walks are kept."""
    base = 1_764_547_200_123
    done = tuple(Range(Window(base + 10 * n, base + 10 * n + 5), 10**6) for n in range(MOST_RANGES))
    walks = tuple(
        Walked(Window(base + n, base + n + 1), 16_000, base + n + 2, 300, ascending=True)
        for n in range(MOST_WALKS_KEPT)
    )
    scope = Scope(base, base, Beside(versioned=True))
    state = to_state(ResumePoint(Unfinished(base, done, walks), scope, 10**6))
    assert len(json.dumps(state, separators=(",", ":"))) <= 8 * 1024
