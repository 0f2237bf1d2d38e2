"""Bounds of createdAt are dates that can be written, and leave out no row that lies within."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from chakra_api.endpoints.where import bound, created_between

YEAR_1, YEAR_9999 = -62_135_596_800_000, 253_402_300_799_999
INSTANTS = st.one_of(
    st.integers(YEAR_1 - 10_000, YEAR_1 + 10_000),
    st.integers(1_600_000_000_000, 1_900_000_000_000),
    st.integers(YEAR_9999 - 10_000, YEAR_9999 + 10_000),
    st.integers(-(10**30), 10**30),
)


def written(text: object) -> datetime:
    return datetime.fromisoformat(str(text).replace("Z", "+00:00"))


@given(st.none() | INSTANTS, st.none() | INSTANTS, st.integers(YEAR_1 + 86_400_000, YEAR_9999))
def test_a_row_within_the_bounds_is_found(lower: int | None, upper: int | None, row: int) -> None:
    asked = created_between(lower, upper).get("createdAt", {})
    assert isinstance(asked, dict)
    created = written(bound(row))
    found = all(
        created >= written(asked[sign]) if sign == ">=" else created < written(asked[sign])
        for sign in asked
    )
    assert found or not ((lower is None or row >= lower) and (upper is None or row < upper))


def test_usual_bounds_are_what_was_asked_for() -> None:
    assert created_between(1_790_000_000_001, 1_790_000_001_000) == {
        "createdAt": {">=": "2026-09-21T14:13:20.001Z", "<": "2026-09-21T14:13:21.000Z"}
    }
    assert created_between(None, None) == {}
    assert created_between(YEAR_1 - 1, YEAR_9999 + 1) == {}


@given(INSTANTS)
def test_any_instant_can_be_written_as_a_bound(instant: int) -> None:
    assert 1 <= written(bound(instant)).year <= 9999
