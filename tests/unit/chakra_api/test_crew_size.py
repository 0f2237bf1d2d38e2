"""The size of a crew whatever comes: never more than there may be, never none, never by a leap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chakra_api.crew_size import CrewSize, Round

FIGURES = st.floats(0.0, 100.0)


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    """A round of any kind; it ends 0 seconds after the one before, or later."""
    return Round(
        draw(FIGURES),
        draw(FIGURES),
        draw(st.floats(0.0, 70.0)),
        draw(st.one_of(st.floats(0.0, 100.0), st.floats(0.01, 1.0))),
        draw(st.sampled_from([0.0, 0.001, 1.0])),
        draw(FIGURES),
        draw(st.sampled_from([None, 0.2, 60.0])),
    )


@given(st.integers(1, 64), st.lists(st.one_of(rounds(), st.none()), max_size=80))
def test_a_size_is_never_none_nor_too_many_and_never_more_than_doubles(
    most: int, said: list[Round | None]
) -> None:
    """None is a complaint; the seconds of each round are added up."""
    size, now = CrewSize.at_first(most), 0.0
    assert size.count == min(most, 8)
    for each in said:
        before = size
        if each is None:
            size = size.complained(now)
            assert size.count <= before.count
        else:
            now += each.ended
            size = size.after(
                Round(
                    now,
                    each.elapsed,
                    each.asking,
                    each.seconds,
                    each.late,
                    each.waited,
                    each.allowed,
                )
            )
        assert 1 <= size.count <= most
        assert size.count <= 2 * before.count
        assert size.patience <= 60.0


def test_who_never_waits_changes_nothing() -> None:
    size = CrewSize.at_first(64)
    for number in range(1, 20):
        size = size.after(Round(float(number), 1.0, 8.0, 0.1 * number, waited=0.05))
        assert size.count == 8
