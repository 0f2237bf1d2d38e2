"""A plan's examples are the rows that came first, in whatever order look-ups were answered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from target_chakra.changes import Key, Kind, Mode
from target_chakra.plans.entries import REJECT, Entry
from target_chakra.plans.summary import EXAMPLES, summed_up


def entry_of(number: int, line: int, kind: str) -> Entry:
    key = Key("lead", "lead_id", line)
    return Entry(number, kind, "lead", "s", line, Mode.UPSERT, key, "x", (), {})


@given(st.permutations(range(1, 5 * EXAMPLES)))
def test_the_examples_are_the_first_rows_of_the_input(order: list[int]) -> None:
    entries = [
        entry_of(number, line, REJECT if line % 2 else Kind.UPDATE.value)
        for number, line in enumerate(order, 1)
    ]
    shown = [entry.line for entry in summed_up(entries).examples]
    assert shown == list(range(1, 2 * EXAMPLES + 1))


def test_a_delete_that_no_row_asks_for_is_shown_last() -> None:
    entries = [entry_of(1, 0, Kind.DELETE.value), entry_of(2, 9, Kind.UPDATE.value)]
    assert [entry.line for entry in summed_up(entries).examples] == [9, 0]
