"""Ranges hold exactly the lines that were added, in as few pairs as there are gaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from target_chakra.line_ranges import LineRanges


@given(st.lists(st.integers(1, 40), max_size=60))
def test_what_was_added_is_in_and_nothing_else(lines: list[int]) -> None:
    ranges = LineRanges()
    for line in lines:
        ranges.add(line)
    held = set(lines)
    assert [line for line in range(42) if line in ranges] == sorted(held)
    gaps = [line for line in sorted(held) if line - 1 not in held]
    assert [first for first, _ in ranges.pairs] == gaps
    assert LineRanges(ranges.pairs).pairs == ranges.pairs
    assert bool(ranges) == bool(lines)
