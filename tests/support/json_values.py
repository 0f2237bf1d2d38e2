"""Arbitrary JSON, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["", "105", "-7", "1e3", "true", "FALSE", "2026-01-05", "2026-01-05T09:15:00Z"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "label", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
