"""A combined change stands for all rows that it was made of."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from target_chakra.changes import Change, Key, Mode
from target_chakra.planning.combined import combined

changes = st.builds(
    lambda line, stream, key, mode: Change(
        seq=line, line=line, stream=stream, procedure="lead", key=key, mode=mode, deletes=False,
        fields={}, row={"kept": "out"},
    ),
    st.integers(1, 10**9),
    st.text(max_size=8),
    st.none() | st.builds(Key, st.just("lead"), st.sampled_from(("id", "lead_id")), st.integers()),
    st.sampled_from(Mode),
)  # fmt: skip


@given(st.lists(changes, min_size=2, max_size=4))
def test_a_combined_change_stands_for_its_rows_in_order_and_takes_the_last_values(
    rows: list[Change],
) -> None:
    singles = [replace(row, seq=at, fields={"data.x": at}) for at, row in enumerate(rows, 1)]
    whole = reduce(combined, singles)
    assert [part.seq for part in whole.singles] == list(range(1, len(rows) + 1))
    assert whole.fields == {"data.x": len(rows)}
    assert all(not part.parts for part in whole.singles)
