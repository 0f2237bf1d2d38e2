"""Where to cut a stretch that is being read by windows, for a reader without work. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_chakra.timeline.windows import TARGET_ROWS, Stretch, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_chakra.timeline.windows import Grain

ROWS_TO_SHARE_A_STRETCH = 12 * TARGET_ROWS
"""Rows that must be expected of what is left of a stretch for it to be shared."""

PARTS_WITHOUT_SAMPLE = 16
"""Into how many parts time without a sample is cut to find the middle of its expected rows."""


def divide(
    stretch: Stretch, asked: Window, grain: Grain, typical: float
) -> tuple[Stretch, Stretch] | None:
    """Cut a stretch, of which a window is being read, for a second reader.

    Args:
        stretch: The stretch.
        asked: The window at its lower end, which is being read.
        grain: How finely the server tells instants apart.
        typical: Rows per millisecond of all that was read so far. A burst is denser than what
            follows it, and must not make readers crowd into the silence behind.

    Returns:
        The part that keeps the window being read, and the rest; None if what follows that
        window is too little to share, or is not bounded.
    """
    upper = stretch.window.upper
    if asked.upper is None or upper is None or asked.width is None or asked.upper == upper:
        return None
    middle = _middle(stretch, asked.upper, upper, typical)
    if middle is None or not asked.upper < grain.floor(middle) < upper:
        return None
    middle = grain.floor(middle)
    rest = stretch.sample and stretch.sample.beyond(middle)
    return (
        replace(stretch, window=Window(stretch.window.lower, middle)),
        Stretch(Window(middle, upper), stretch.density, sample=rest),
    )


def expected_behind(stretch: Stretch, asked: Window, typical: float) -> float:
    """Rows to expect of a stretch behind the window that is being read.

    Args:
        stretch: The stretch.
        asked: The window at its lower end, which is being read.
        typical: Rows per millisecond of all that was read so far.
    """
    upper = stretch.window.upper
    if asked.upper is None or upper is None or asked.upper >= upper:
        return 0.0
    return sum(rows for _, rows in _places(stretch, asked.upper, upper, typical))


def _middle(stretch: Stretch, begin: int, end: int, typical: float) -> int | None:
    """The middle of the rows expected between two bounds; None if they are too few to share."""
    places = list(_places(stretch, begin, end, typical))
    half = sum(rows for _, rows in places) / 2
    if half < ROWS_TO_SHARE_A_STRETCH / 2:
        return None
    passed = 0.0
    for place, rows in places:
        passed += rows
        if passed >= half:
            return place
    return None


def _places(stretch: Stretch, begin: int, end: int, typical: float) -> Iterator[tuple[int, float]]:
    """Instants of a stretch between two bounds, each with the rows expected since the last one."""
    sample = stretch.sample
    while sample is not None:
        first, last = sample.within(begin), sample.within(end)
        yield from ((instant, sample.weight) for instant in sample.instants[first:last])
        if sample.until is None or sample.until >= end:
            return
        begin = max(begin, sample.until)
        sample = sample.wider
    step = (end - begin) / PARTS_WITHOUT_SAMPLE
    rows = step * min(stretch.density or typical, typical)
    yield from ((round(begin + step * part), rows) for part in range(1, PARTS_WITHOUT_SAMPLE + 1))
