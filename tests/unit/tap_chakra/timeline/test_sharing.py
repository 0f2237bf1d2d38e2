"""A stretch is shared where about half of its rows are, and only if that is worth it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.timeline.sample import Sample
from tap_chakra.timeline.sharing import ROWS_TO_SHARE_A_STRETCH, divide, expected_behind
from tap_chakra.timeline.windows import Grain, Stretch, Window


@given(
    st.lists(st.integers(0, 10**6), max_size=60),
    st.integers(1, 40),
    st.integers(1, 10**5),
    st.none() | st.floats(1e-9, 10),
    st.floats(0, 10),
)
def test_the_halves_cover_the_stretch_and_the_window_being_read_stays_whole(
    instants: list[int], weight: int, asked: int, density: float | None, typical: float
) -> None:
    sample = Sample(tuple(sorted(instants)), float(weight), 10**6) if instants else None
    stretch = Stretch(Window(0, 10**6), density, sample=sample)
    for grain in (Grain(), Grain(1000, 1000)):
        halves = divide(stretch, Window(0, asked), grain, typical)
        if halves is None:
            continue
        near, far = halves
        assert (near.window.lower, far.window.upper) == (0, 10**6)
        assert near.window.upper == far.window.lower
        assert (far.window.lower or 0) > asked
        assert (far.window.lower or 0) % grain.width == 0


def test_what_is_expected_is_what_decides() -> None:
    window, asked = Window(0, 100_000), Window(0, 100)
    few = Stretch(window, sample=Sample((200, 90_000), 75.0, 100_000))
    many = Stretch(window, sample=Sample(tuple(range(200, 90_000, 9_000)), 150.0, 100_000))
    assert (
        expected_behind(few, asked, 0.0)
        < ROWS_TO_SHARE_A_STRETCH
        < expected_behind(many, asked, 0.0)
    )
    assert divide(few, asked, Grain(), 0.0) is None
    assert divide(many, asked, Grain(), 0.0) is not None


def test_behind_a_sample_its_wider_one_and_then_the_density_say_what_to_expect() -> None:
    wider = Sample((60, 70, 80), 10.0, 100)
    stretch = Stretch(Window(0, 1_000), 0.5, sample=Sample((20, 30), 5.0, 50, wider))
    expected = expected_behind(stretch, Window(0, 10), 0.5)
    assert expected == 2 * 5 + 3 * 10 + 900 * 0.5


def test_an_end_that_is_open_is_not_shared() -> None:
    stretch = Stretch(Window(0, None), 1.0)
    assert expected_behind(stretch, Window(0, 10), 1.0) == 0
    assert expected_behind(Stretch(Window(0, 10), 1.0), Window(0, 10), 1.0) == 0
    assert divide(stretch, Window(0, 10), Grain(), 1.0) is None
