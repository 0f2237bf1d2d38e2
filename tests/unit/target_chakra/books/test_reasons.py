"""What is said of several rows is true of each of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_chakra.books.reasons import told_of_all, without_values

VALUES = st.one_of(st.integers(0, 99).map(str), st.sampled_from(["'a'", "'b c'", '"d"', "x7"]))


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ([("a is 'x'", "")], "a is 'x'"),
        ([("a is 'x'", ""), ("a is 'x'", "")], "a is 'x'"),
        ([("a is 'x', of 64 bits", ""), ("a is 'y', of 64 bits", "")], "a is …, of 64 bits"),
        ([("no id=1 in 'lead'", "id=1"), ("no id=2 in 'lead'", "id=2")], "no … in 'lead'"),
        ([("3 rows of 'x'", ""), ("4 rows of 'x'", "")], "… rows of 'x'"),
    ],
)
def test_what_all_have_in_common_is_kept(reasons: list[tuple[str, str]], said: str) -> None:
    assert told_of_all(reasons) == said


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=5))
def test_no_value_stands_there_that_not_all_hold(rows: list[tuple[str, str]]) -> None:
    reasons = [(f"score is {one} and may be {other} at most", "") for one, other in rows]
    if len({without_values(each) for each, _ in reasons}) == 1:
        told = told_of_all(reasons)
        first, second = ({row[at] for row in rows} for at in (0, 1))
        one = first.pop() if len(first) == 1 else "…"
        other = second.pop() if len(second) == 1 else "…"
        assert told == f"score is {one} and may be {other} at most"
