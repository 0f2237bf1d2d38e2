"""What was read is kept in few ranges, and what was not is what lies between them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.timeline.coverage import MOST_RANGES, Coverage, Range, Unfinished, Walked, compact
from tap_chakra.timeline.windows import Window

WHOLE = Window(None, None)


def cut(bounds: list[int]) -> list[Window]:
    ends = [None, *sorted(set(bounds)), None]
    return [Window(low, high) for low, high in pairwise(ends)]


@given(st.lists(st.integers(-50, 50), max_size=12), st.data())
def test_gaps_and_ranges_cover_all_of_time_exactly_once(
    bounds: list[int], data: st.DataObject
) -> None:
    windows = cut(bounds)
    read = data.draw(st.lists(st.sampled_from(windows), unique=True))
    coverage = Coverage(Range(window, 3) for window in read)
    gaps = Unfinished(0, coverage.ranges).gaps(WHOLE)
    for at in range(-60, 60):
        inside = sum(each.window.holds(at) for each in coverage.ranges)
        assert inside + sum(gap.holds(at) for gap in gaps) == 1
        assert inside == any(window.holds(at) for window in read)


@given(st.lists(st.integers(-50, 50), max_size=12), st.randoms(use_true_random=False))
def test_ranges_that_touch_are_one(bounds: list[int], rng: object) -> None:
    windows = cut(bounds)
    rng.shuffle(windows)  # type: ignore[attr-defined]  # hypothesis' Random
    coverage = Coverage(Range(window, 3) for window in windows)
    assert coverage.ranges == (Range(WHOLE, 3 * len(windows)),)


def test_a_lower_limit_is_no_gap() -> None:
    walked = Walked(Window(20, 30), 5, until=35, tail=2, ascending=True)
    unfinished = Unfinished(0, (Range(Window(10, 20), 1),), (walked,))
    assert unfinished.gaps(Window(10, None)) == (Window(30, None),)
    assert unfinished.gaps(Window(5, None)) == (Window(5, 10), Window(30, None))
    assert unfinished.rows == 6


def test_the_fullest_ranges_are_kept() -> None:
    ranges = [Range(Window(i * 10, i * 10 + 5), i) for i in range(MOST_RANGES + 30)]
    kept = compact(ranges)
    assert len(kept) == MOST_RANGES
    assert [each.rows for each in kept] == list(range(30, MOST_RANGES + 30))


@given(st.lists(st.integers(-50, 50), max_size=12), st.integers(-60, 60))
def test_no_range_grows_over_the_beginning_of_the_scan(bounds: list[int], top: int) -> None:
    """The time after it gets new rows: the run that resumes reads it again."""
    ends = [None, *sorted({*bounds, top}), None]
    windows = [Window(low, high) for low, high in pairwise(ends)]
    coverage = Coverage((Range(window, 1) for window in windows), top=top)
    assert [each.window for each in coverage.ranges] == [Window(None, top), Window(top, None)]
    below, above = (each.until(top) for each in coverage.ranges)
    assert below is not None
    assert below.window == Window(None, top)
    assert above is None


def test_a_range_that_goes_beyond_an_instant_is_kept_up_to_it() -> None:
    assert Range(Window(10, 30), 4).until(20) == Range(Window(10, 20), 4)
    assert Range(Window(10, None), 4).until(20) == Range(Window(10, 20), 4)
    assert Range(Window(10, 15), 4).until(20) == Range(Window(10, 15), 4)
    assert Range(Window(20, 30), 4).until(20) is None
