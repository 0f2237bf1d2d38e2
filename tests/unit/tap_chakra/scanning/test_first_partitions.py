"""A scan of a part that somebody has looked at begins with parts of about equally many rows."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.reading.grain_probe import BY_SECOND, EXACT
from tap_chakra.reading.window_reader import page_of
from tap_chakra.scanning.beginning import Beginning
from tap_chakra.scanning.first_partitions import of_known
from tap_chakra.scanning.known import KnownListing
from tap_chakra.timeline.windows import Grain, Window
from tests.support.listing import make_rows

TOP = 1_000_000
BOUNDS = st.none() | st.integers(0, TOP + 5_000)


def known(cuts: list[int], rows: int = 0, sample: tuple[int, ...] = ()) -> KnownListing:
    page = page_of(make_rows(sample), None)  # type: ignore[arg-type]
    return KnownListing(Beginning.at(TOP), EXACT, page, rows, tuple(sorted(cuts)))


@given(
    ends=st.tuples(BOUNDS, BOUNDS).filter(lambda it: None in it or it[0] < it[1]),
    cuts=st.lists(st.integers(0, TOP + 5_000), max_size=12),
    sample=st.lists(st.integers(1, TOP), max_size=40),
    grain=st.sampled_from([EXACT, BY_SECOND]),
    ordered=st.booleans(),
)
def test_the_partitions_are_all_of_the_time_and_overlap_nowhere(
    *,
    ends: tuple[int | None, int | None],
    cuts: list[int],
    sample: list[int],
    grain: Grain,
    ordered: bool,
) -> None:
    whole = grain.around(Window(*ends))
    found = of_known(whole, known(cuts, 500, tuple(sample)), grain, ordered=ordered)
    windows = [each.stretch.window for each in found]
    assert (windows[0].lower, windows[-1].upper) == (whole.lower, whole.upper)
    assert all(before.upper == after.lower for before, after in pairwise(windows))
    assert all(each.width is None or each.width > 0 for each in windows)


def test_a_partition_knows_how_many_rows_it_has() -> None:
    """As many as lie between two cuts; where several fall together, as many times as many."""
    listing = known([100, 200, 200, 200, 500, 600], rows=700)
    found = of_known(Window(None, 600), listing, EXACT, ordered=True)
    assert [(each.stretch.window, each.end) for each in found] == [
        (Window(None, 100), 100),
        (Window(100, 200), 100),
        (Window(200, 500), 300),
        (Window(500, 600), 100),
    ]


def test_nobody_has_counted_what_came_since_the_beginning() -> None:
    found = of_known(Window(600, None), known([600, TOP + 7], rows=300), EXACT, ordered=True)
    assert [(each.stretch.window, each.end) for each in found] == [
        (Window(600, TOP), 100),
        (Window(TOP, None), None),
    ]


def test_without_an_order_rows_of_an_answer_tell_how_wide_windows_are() -> None:
    listing = known([500], rows=400, sample=(100, 300, 600, 900))
    found = of_known(Window(None, 1_000), listing, EXACT, ordered=False)
    behind = found[-1].stretch
    assert behind.window == Window(500, 1_000)
    assert behind.sample is not None
    assert (behind.sample.instants, behind.sample.weight) == ((600, 900), 100)
    assert behind.density == pytest.approx(200 / 500)
    assert {each.stretch.window.lower for each in found} == {None, 100, 500}
