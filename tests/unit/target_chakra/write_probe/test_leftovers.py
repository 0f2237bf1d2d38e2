"""What a probe notes is read as it was written, and nothing else is taken for a note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.write_probe.leftovers import Leftover, leftovers_of

MARKS = st.text(min_size=1, max_size=30) | st.integers(0, 2**53)


@given(mark=MARKS, attribute=st.text(max_size=10), began=st.integers(0, 2**45))
def test_a_note_is_read_as_it_was_written(mark: str | int, attribute: str, began: int) -> None:
    note = Leftover("lead", attribute, mark, began)
    findings = {("lead", note.name): note.text, ("lead", "shape.create"): "array"}
    assert leftovers_of(findings) == (note,)


@pytest.mark.parametrize("text", ["[]", "{}", '{"mark": [], "began_ms": 1, "attribute": "a"}', "{"])
def test_a_damaged_note_is_an_error_that_says_so(text: str) -> None:
    with pytest.raises((TypeError, LookupError, ValueError)):
        leftovers_of({("lead", "probe.x"): text})
