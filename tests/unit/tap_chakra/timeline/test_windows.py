"""Windows: time is covered exactly, whatever the answers hold, in few requests."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_chakra.timeline.sample import Sample
from tap_chakra.timeline.sharing import divide
from tap_chakra.timeline.windows import (
    EARLIEST_BOUND,
    Grain,
    Overfull,
    Stretch,
    Window,
    after_overfull,
    after_whole,
    is_dense,
    next_window,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

HORIZON = 1_790_000_000_000
LIMIT = 100
DAY = 86_400_000

places = st.one_of(
    st.integers(HORIZON - 400 * DAY, HORIZON + DAY),
    st.integers(HORIZON - 50, HORIZON),
    st.just(HORIZON - 7 * DAY),
)
crowds = st.tuples(places, st.integers(1, 300), st.sampled_from([0, 1, 40, 1_000, 60_000, 10**7]))
"""Where rows lie, how many, and how far apart."""
instants = st.lists(crowds, max_size=8).map(
    lambda drawn: [at + i * apart for at, count, apart in drawn for i in range(count)]
)
SHOWS = {"asc": "oldest", "desc": "newest", "random": "any", "unnoticed": "any"}
ORDERS = list(SHOWS)
grains = st.sampled_from([Grain(1, 0), Grain(1, 1), Grain(1000, 1000)])


def read_all(
    created: list[int],
    grain: Grain,
    order: str,
    seed: int = 0,
    gaps: Sequence[Window] = (Window(),),
) -> tuple[list[Window], int]:
    """Drive the planner alone; the windows read whole and the number of requests."""
    rng = random.Random(seed)
    todo, done, requests = [*map(Stretch, gaps)], [], 0
    while todo:
        stretch = todo.pop(rng.randrange(len(todo)))
        asked = next_window(stretch, grain)
        if todo and rng.random() < 0.3 and (halves := divide(stretch, asked, grain, 1.0)):
            stretch, rest = halves
            todo.append(rest)
        requests += 1
        assert requests < 1000, "the planner does not come to an end"
        padded = grain.padded(asked)
        hits = [at for at in created if padded.holds(at)]
        rng.shuffle(hits)
        if order != "random":
            hits.sort(reverse=order != "asc")
        if len(hits) < LIMIT or is_dense(asked, grain):
            done.append(asked)
            rest_of = after_whole(stretch, asked, asked.count(hits))
            todo += [rest_of] if rest_of else []
        else:
            held = [at for at in hits[:LIMIT] if asked.holds(at)]
            answer = Overfull(asked, held, SHOWS[order])
            todo += after_overfull(stretch, answer, horizon=HORIZON, grain=grain)
    return done, requests


@given(instants, grains, st.sampled_from(ORDERS), st.integers(0, 99))
def test_the_windows_read_cover_all_of_time_exactly_once(
    created: list[int], grain: Grain, order: str, seed: int
) -> None:
    done, _ = read_all(created, grain, order, seed)
    done.sort(key=lambda window: -1 if window.lower is None else window.lower)
    assert done[0].lower is None
    assert done[-1].upper is None
    assert [w.upper for w in done[:-1]] == [w.lower for w in done[1:]]


@example([HORIZON - 1_000] * 300, {-2_400, -1_300}, "random")
@given(instants, st.sets(st.integers(-3_500, 50), max_size=6), st.sampled_from(ORDERS))
def test_a_scan_goes_on_from_bounds_of_a_finer_grain(
    created: list[int], cuts: set[int], order: str
) -> None:
    bounds = [None, *(HORIZON + cut for cut in sorted(cuts)), None]
    gaps = [Window(*each) for each in pairwise(bounds)]
    done, _ = read_all(created, Grain(1000, 1000), order, gaps=gaps)
    done.sort(key=lambda window: -1 if window.lower is None else window.lower)
    assert [bound for w in done for bound in (w.lower, w.upper) if bound in bounds] == [
        bound for w in gaps for bound in (w.lower, w.upper)
    ]
    assert [w.upper for w in done[:-1]] == [w.lower for w in done[1:]]


@given(instants, grains, st.integers(0, 99))
def test_bounds_are_multiples_of_the_grain(created: list[int], grain: Grain, seed: int) -> None:
    done, _ = read_all(created, grain, "random", seed)
    bounds = {bound for window in done for bound in (window.lower, window.upper)} - {None}
    assert all(bound % grain.width == 0 for bound in bounds)


@pytest.mark.parametrize("order", ORDERS)
def test_even_rows_cost_few_requests(order: str) -> None:
    created = [HORIZON - DAY * 365 + i * 3_000_000 for i in range(10_000)]
    _, requests = read_all(created, Grain(1, 0), order)
    assert requests / (len(created) / LIMIT) < (3.0 if order == "unnoticed" else 2.5)


def test_years_of_nothing_cost_few_requests() -> None:
    created = [HORIZON - DAY * 3650 + i for i in range(150)] + [HORIZON - i for i in range(150)]
    _, requests = read_all(created, Grain(1, 0), "random")
    assert requests < 60


@given(st.integers(-5, 5), st.integers(1, 5))
def test_padding_widens_the_question_and_not_the_window(lower: int, width: int) -> None:
    window = Window(lower * 1000, (lower + width) * 1000)
    asked = Grain(1000, 1000).padded(window)
    assert (asked.lower, asked.upper) == (window.lower - 1000, window.upper + 1000)


def test_a_stretch_that_is_nearly_read_is_not_divided() -> None:
    asked = Window(0, 100)
    assert divide(Stretch(Window(0, 1250), 0.75), asked, Grain(), 0.75) is None
    assert divide(Stretch(Window(0, 100), 0.75), asked, Grain(), 0.75) is None
    assert divide(Stretch(Window(0, None), 0.75), asked, Grain(), 0.75) is None
    assert divide(Stretch(Window(0, 1350), 0.75), asked, Grain(), 0.75) is not None


def test_the_silence_behind_a_burst_is_not_divided() -> None:
    stretch, asked = Stretch(Window(0, DAY), 30.0), Window(0, 100)
    assert divide(stretch, asked, Grain(), typical=1e-6) is None
    assert divide(stretch, asked, Grain(), typical=1.0) is not None


def test_a_divided_stretch_is_covered_by_its_halves() -> None:
    halves = divide(Stretch(Window(0, 10_100), 0.5), Window(0, 100), Grain(), 0.5)
    assert halves is not None
    assert (halves[0].window, halves[1].window) == (Window(0, 5100), Window(5100, 10_100))


def test_a_stretch_is_divided_where_its_sample_has_the_middle_of_its_rows() -> None:
    sample = Sample((5000, *range(90_000, 90_100)), 20.0, 100_000)
    halves = divide(Stretch(Window(0, 100_000), sample=sample), Window(0, 50), Grain(), 1e-9)
    assert halves is not None
    assert halves[0].window.upper == halves[1].window.lower == 90_049
    assert halves[1].sample is not None
    assert len(halves[1].sample.instants) == 51


def test_a_sample_says_where_the_next_window_ends() -> None:
    far_apart = Sample((100, 200, 300, 5_000_000, 6_000_000), 30.0, 9_000_000)
    stretch = Stretch(Window(0, 9_000_000), sample=far_apart)
    assert next_window(stretch, Grain()) == Window(0, 300)


def test_what_windows_held_corrects_a_sample() -> None:
    sample = Sample(tuple(range(0, 1000, 10)), 2.0, 1000)
    after = sample.after(400, 240)
    assert after is not None
    assert 5.5 < after.weight < 6.0
    assert after.instants[0] == 400


def test_behind_a_burst_the_next_window_is_of_typical_width() -> None:
    burst = Stretch(Window(0, DAY), 1.0)
    after = after_whole(burst, Window(0, 75), 0, typical=1e-5)
    assert after is not None
    assert next_window(after, Grain()) == Window(75, 75 + 7_500_000)


@pytest.mark.parametrize(
    ("other", "common"),
    [
        (Window(None, None), 100),
        (Window(None, 130), 30),
        (Window(180, None), 20),
        (Window(120, 150), 30),
        (Window(50, 120), 20),
        (Window(190, 900), 10),
        (Window(200, 300), 0),
        (Window(None, 100), 0),
        (Window(500, 600), 0),
    ],
)
def test_what_two_windows_have_in_common(other: Window, common: int) -> None:
    assert Window(100, 200).overlap(other) == common


def test_what_a_window_around_the_epoch_has_in_common_with_all_of_time() -> None:
    assert Window(0, 10).overlap(Window()) == 10
    assert Window(-10, 0).overlap(Window()) == 10


def test_an_open_end_stays_open_when_it_is_padded() -> None:
    assert Grain(1, 5).padded(Window(None, 10)) == Window(None, 15)
    assert Grain(1, 5).padded(Window(10, None)) == Window(5, None)


@pytest.mark.parametrize(
    ("lower", "times", "horizon", "cut"),
    [
        (1_000, [2_500, 7_900], 6_200, 6_000),
        (6_000, [2_500, 3_000, 7_900], 6_200, 8_000),
        (6_000, [], 6_200, 7_000),
        (9_000, [2_500, 7_900], 6_200, 10_000),
        (8_000, [2_500, 7_900], 6_200, 9_000),
        (6_000, [], 7_000, 7_000),
    ],
    ids=[
        "the beginning",
        "behind what came",
        "nothing came",
        "what came lies before it",
        "what came ends at it",
        "the beginning is a bound",
    ],
)
def test_an_overfull_window_that_is_open_above_is_cut(
    lower: int, times: list[int], horizon: int, cut: int
) -> None:
    asked = Window(lower, None)
    found = after_overfull(
        Stretch(asked), Overfull(asked, times), horizon=horizon, grain=Grain(1_000)
    )
    assert [each.window for each in found] == [Window(lower, cut), Window(cut, None)]


def cut_below(upper: int | None, *times: int, misses: int = 0, width: int = 1_000) -> list[Stretch]:
    """What replaces a stretch that is open below, of a scan that began at 1,000,500."""
    stretch = Stretch(Window(None, upper), misses=misses)
    answer = Overfull(stretch.window, times)
    return [*after_overfull(stretch, answer, horizon=1_000_500, grain=Grain(width))]


def test_an_overfull_answer_of_all_of_time_cuts_it_at_its_first_row_and_at_the_beginning() -> None:
    sample = Sample((300_400, 500_000, 1_000_100), 200 / 3, 1_000_000)
    assert cut_below(None, 500_000, 300_400, 1_000_100) == [
        Stretch(Window(None, 300_000), misses=1),
        Stretch(Window(300_000, 1_000_000), sample=sample),
        Stretch(Window(1_000_000, None)),
    ]


def test_a_first_row_at_the_beginning_leaves_nothing_between_them() -> None:
    sample = Sample((1_000_200, 1_000_300), 100.0, None)
    assert cut_below(None, 1_000_200, 1_000_300) == [
        Stretch(Window(None, 1_000_000), misses=1),
        Stretch(Window(1_000_000, None), sample=sample),
    ]


@pytest.mark.parametrize("times", [(), (1_000_500,), (1_000_900,)])
def test_an_answer_without_a_row_before_the_beginning_cuts_right_before_it(
    times: tuple[int, ...],
) -> None:
    below, seen, above = cut_below(None, *times, width=1)
    assert below.window == Window(None, 1_000_499)
    assert seen.window == Window(1_000_499, 1_000_500)
    assert above.window == Window(1_000_500, None)


def test_each_further_cut_below_is_four_times_as_far_from_the_end() -> None:
    sample = Sample((400_000, 450_000), 100.0, 500_000)
    assert cut_below(500_000, 450_000, 400_000, misses=1) == [
        Stretch(Window(None, 100_000), misses=2),
        Stretch(Window(100_000, 500_000), sample=sample),
    ]
    below, _ = cut_below(500_000, misses=3)
    assert below.window == Window(None, 499_000)
    below, _ = cut_below(500_000, 499_000, misses=3)
    assert below.window == Window(None, 436_000)


def test_no_cut_lies_before_the_year_5_but_one_that_must() -> None:
    below, above = cut_below(0, -1, misses=60, width=1)
    assert (below.window, above.window) == (Window(None, EARLIEST_BOUND), Window(EARLIEST_BOUND, 0))
    below, above = cut_below(EARLIEST_BOUND, width=1)
    assert above.window == Window(EARLIEST_BOUND - 1, EARLIEST_BOUND)


CUT = Stretch(Window(1_000, 9_000), 0.5, 2, Sample((1_500,), 30.0, 9_000))
"""Of which `Window(1_000, 5_000)` was asked for, and did not fit."""


def cut_of(shows: Literal["oldest", "newest"], *times: int, width: int = 1) -> tuple[Stretch, ...]:
    answer = Overfull(Window(1_000, 5_000), times, shows)
    return after_overfull(CUT, answer, horizon=HORIZON, grain=Grain(width))


@pytest.mark.parametrize(("width", "cut"), [(1, 3_499), (100, 3_400), (1_000, 3_000)])
def test_the_oldest_rows_of_a_window_fit_the_next_one(width: int, cut: int) -> None:
    found = cut_of("oldest", 3_499, 1_100, 2_000, width=width)
    assert found == (Stretch(CUT.window, 0.5, 3, Sample((), 1.0, cut)),)
    assert next_window(found[0], Grain(width)) == Window(1_000, cut)


@pytest.mark.parametrize(("width", "cut"), [(1, 3_500), (100, 3_500), (1_000, 4_000)])
def test_the_newest_rows_of_a_window_fit_the_one_behind_the_next(width: int, cut: int) -> None:
    before, behind = cut_of("newest", 4_999, 3_499, 4_000, width=width)
    assert before == replace(CUT, window=Window(1_000, cut), misses=3)
    assert behind == replace(CUT, window=Window(cut, 9_000), sample=Sample((), 1.0, 5_000))
    assert next_window(behind, Grain(width)) == Window(cut, 5_000)


@pytest.mark.parametrize(
    ("shows", "at"), [("oldest", 1_000), ("newest", 4_999)], ids=["all at first", "all at last"]
)
def test_rows_of_one_instant_at_its_end_are_no_cut(
    shows: Literal["oldest", "newest"], at: int
) -> None:
    anyhow = after_overfull(
        CUT, Overfull(Window(1_000, 5_000), [at]), horizon=HORIZON, grain=Grain()
    )
    assert cut_of(shows, at) == anyhow
    assert all(stretch.sample != Sample((), 1.0, 5_000) for stretch in anyhow)


@pytest.mark.parametrize(
    ("shows", "at", "cut"), [("oldest", 1_001, 1_001), ("newest", 4_998, 4_999)]
)
def test_rows_of_one_instant_next_to_its_end_are_a_cut(
    shows: Literal["oldest", "newest"], at: int, cut: int
) -> None:
    found = cut_of(shows, at)
    assert found[-1].sample == Sample((), 1.0, cut if shows == "oldest" else 5_000)


WIDE = Window(1_000_000, 2_000_000)


def narrowed(
    created: Sequence[int], stretch: Stretch | None = None, asked: Window = WIDE
) -> tuple[Stretch, ...]:
    """What is left of a window that answered with these rows, and none of it was all."""
    stretch = stretch or Stretch(asked)
    return after_overfull(stretch, Overfull(asked, created), horizon=HORIZON, grain=Grain())


def test_an_overfull_answer_says_where_the_next_window_ends() -> None:
    # 100 rows shown stand for 200: 75 of those are 37 instants.
    (left,) = narrowed(range(1_000_000, 2_000_000, 10_000))
    assert (left.window, left.misses) == (WIDE, 1)
    assert left.sample == Sample(tuple(range(1_000_000, 2_000_000, 10_000)), 2.0, 2_000_000)
    assert next_window(left, Grain()) == Window(1_000_000, 1_370_000)


def test_an_answer_that_shows_the_far_half_alone_is_believed_once_and_then_cut_off() -> None:
    far = range(1_600_000, 2_000_000, 4_000)
    (left,) = narrowed(far)
    assert next_window(left, Grain()) == Window(1_000_000, 1_748_000)
    asked = Window(1_000_000, 1_748_000)
    shown = range(1_600_000, 1_748_000, 1_480)
    before, rest = narrowed(shown, left, asked)
    assert (before.window, before.misses) == (Window(1_000_000, 1_600_000), 2)
    assert before.sample is None
    assert rest.window == Window(1_600_000, 2_000_000)
    assert rest.sample is not None
    assert rest.sample.instants == tuple(shown)


def test_the_third_time_it_is_halved() -> None:
    stretch = Stretch(WIDE, misses=2)
    (left,) = narrowed(range(1_600_000, 2_000_000, 4_000), stretch)
    assert (left.misses, left.sample) == (3, None)
    assert next_window(left, Grain()) == Window(1_000_000, 1_500_000)


def test_an_answer_without_a_row_of_the_window_halves_it() -> None:
    (left,) = narrowed([])
    assert next_window(left, Grain()) == Window(1_000_000, 1_500_000)


def test_rows_up_to_the_middle_are_a_sample_each_time() -> None:
    stretch = Stretch(WIDE, misses=4)
    (left,) = narrowed(range(1_500_000, 2_000_000, 5_000), stretch)
    assert (left.misses, left.window) == (5, WIDE)
    assert left.sample is not None


def test_more_rows_than_a_sample_said_raise_what_it_says_of_the_rest() -> None:
    first = Sample((1_100_000, 1_900_000, 2_500_000), 10.0, 3_000_000)
    stretch = Stretch(Window(1_000_000, 3_000_000), sample=first, misses=1)
    (left,) = narrowed(range(1_000_000, 2_000_000, 10_000), stretch)
    assert left.sample is not None
    # 20 rows were expected of it, and an overfull answer stands for 200 at the least.
    assert (left.sample.weight, left.sample.until) == (2.0, 2_000_000)
    assert left.sample.wider == Sample((2_500_000,), 100.0, 3_000_000)


def test_as_many_rows_as_a_sample_said_leave_the_rest_as_it_is() -> None:
    first = Sample((*range(1_000_000, 2_000_000, 1_000), 2_500_000), 10.0, 3_000_000)
    stretch = Stretch(Window(1_000_000, 3_000_000), sample=first)
    (left,) = narrowed(range(1_000_000, 2_000_000, 10_000), stretch)
    assert left.sample is not None
    # 10,000 were expected; twice as many are believed now.
    assert left.sample.weight == 200.0
    assert left.sample.wider == Sample((2_500_000,), 20.0, 3_000_000)


def test_rows_where_a_sample_said_none_raise_what_it_says_of_the_rest() -> None:
    stretch = Stretch(
        Window(1_000_000, 3_000_000), sample=Sample((2_500_000,), 10.0, 3_000_000), misses=1
    )
    (left,) = narrowed(range(1_000_000, 2_000_000, 10_000), stretch)
    assert left.sample is not None
    assert left.sample.wider == Sample((2_500_000,), 2_000.0, 3_000_000)


def test_what_was_expected_is_doubled_each_time_it_was_not_enough() -> None:
    first = Sample((*range(1_000_000, 2_000_000, 10_000),), 10.0, 3_000_000)
    stretch = Stretch(Window(1_000_000, 3_000_000), sample=first, misses=2)
    (left,) = narrowed(range(1_000_000, 2_000_000, 10_000), stretch)
    assert left.sample is not None
    assert left.sample.weight == 80.0


def test_an_answer_that_shows_nothing_halves_also_where_less_was_expected() -> None:
    (left,) = narrowed([], Stretch(WIDE, density=0.75, misses=2))
    assert next_window(left, Grain()) == Window(1_000_000, 1_500_000)


def test_a_far_half_is_cut_off_from_the_epoch_on() -> None:
    asked = Window(0, 1_000_000)
    before, rest = narrowed(range(600_000, 1_000_000, 4_000), Stretch(asked, misses=1), asked)
    assert (before.window, rest.window) == (Window(0, 600_000), Window(600_000, 1_000_000))


def test_a_window_whose_bounds_are_of_a_finer_grain_is_halved_too() -> None:
    asked = Window(1_100, 3_200)
    answer = Overfull(asked, [])
    (left,) = after_overfull(Stretch(asked), answer, horizon=HORIZON, grain=Grain(1_000))
    assert left.density == 75 / 1_000
    assert next_window(left, Grain(1_000)) == Window(1_100, 2_100)


class Doubled:
    """Time of which every millisecond counts for two."""

    def between(self, lower: int, upper: int) -> float:
        return 2.0 * (upper - lower)

    def after(self, lower: int, even: float) -> int:
        return lower + round(even / 2)


def test_windows_are_measured_in_even_time() -> None:
    stretch = Stretch(WIDE, density=75 / 1_000)
    assert next_window(stretch, Grain(), Doubled()) == Window(1_000_000, 1_000_500)
    left = after_whole(stretch, Window(1_000_000, 1_000_500), 75, time=Doubled())
    assert left == Stretch(Window(1_000_500, 2_000_000), 75 / 1_000)
    (halved,) = after_overfull(
        Stretch(WIDE), Overfull(WIDE, []), horizon=HORIZON, grain=Grain(), time=Doubled()
    )
    assert halved.density == 75 / 1_000_000
    # What the sample shows says less than the density, measured evenly, has it end by.
    sampled = Stretch(WIDE, density=75 / 1_400_000)
    (left,) = after_overfull(
        sampled,
        Overfull(WIDE, range(1_000_000, 2_000_000, 100_000)),
        horizon=HORIZON,
        grain=Grain(),
        time=Doubled(),
    )
    assert left.sample is not None
    assert next_window(left, Grain(), Doubled()).upper == 1_700_000


def test_a_sample_of_few_rows_says_no_more_than_how_far_a_window_may_reach() -> None:
    sample = Sample(tuple(range(1_000_000, 2_000_000, 10_000)), 20.0, 2_000_000)
    # 75 rows are wanted; four times as many are 15 instants, and two for chance.
    thin = Stretch(WIDE, density=75 / 800_000, sample=sample)
    assert next_window(thin, Grain()) == Window(1_000_000, 1_170_000)
    thick = Stretch(WIDE, density=75 / 1_000, sample=sample)
    assert next_window(thick, Grain()) == Window(1_000_000, 1_001_000)


def test_a_window_that_was_read_leaves_the_rest_of_the_sample() -> None:
    sample = Sample((1_000_500, 1_500_000), 30.0, 2_000_000)
    left = after_whole(Stretch(WIDE, sample=sample), Window(1_000_000, 1_001_000), 30)
    assert left is not None
    assert left.sample == Sample((1_500_000,), 30.0, 2_000_000)


def test_behind_an_empty_window_the_next_is_32_times_as_wide() -> None:
    left = after_whole(Stretch(WIDE, density=0.75), Window(1_000_000, 1_000_100), 0)
    assert left is not None
    assert next_window(left, Grain()) == Window(1_000_100, 1_003_300)


@pytest.mark.parametrize(
    ("rows", "density"),
    [(75, 0.875), (38, 0.69), (37, 0.37), (1, 0.1875)],
    ids=["as expected", "half of it", "less than half", "hardly any"],
)
def test_a_window_says_what_the_next_one_holds_and_no_more_than_four_times_less(
    rows: int, density: float
) -> None:
    left = after_whole(Stretch(WIDE, density=1.0), Window(1_000_000, 1_000_100), rows)
    assert left is not None
    assert left.density == pytest.approx(density)


def test_an_empty_window_says_nothing_of_what_is_typical() -> None:
    left = after_whole(Stretch(WIDE), Window(1_000_000, 1_000_001), 0)
    assert left is not None
    assert left.density == 75 / 32


def test_a_window_that_is_open_below_says_nothing_of_the_next() -> None:
    left = after_whole(Stretch(Window(None, 100), density=0.5), Window(None, 50), 3)
    assert left == Stretch(Window(50, 100), density=0.5)


@pytest.mark.parametrize(("upper", "end"), [(1_333, 1_333), (1_334, 1_000), (None, 1_000)])
def test_an_end_that_is_near_is_read_along(upper: int | None, end: int) -> None:
    stretch = Stretch(Window(0, upper), density=75 / 1_000)
    assert next_window(stretch, Grain()) == Window(0, end)


@pytest.mark.parametrize(("weight", "end"), [(9.375, 1_000_800), (9.4, 1_000_010)])
def test_a_sample_that_tells_enough_is_believed_before_density(weight: float, end: int) -> None:
    sample = Sample(tuple(range(1_000_000, 1_010_000, 100)), weight, 2_000_000)
    stretch = Stretch(WIDE, density=7.5, sample=sample)
    assert next_window(stretch, Grain()) == Window(1_000_000, end)


def test_a_sample_without_an_end_that_is_used_up_leaves_the_window_as_it_is() -> None:
    stretch = Stretch(Window(0, None), sample=Sample((5,), 200.0, None))
    assert next_window(stretch, Grain()) == Window(0, None)


def test_a_window_holds_one_instant_of_a_sample_at_least() -> None:
    sample = Sample((1_000_100, 1_000_200, 1_000_300), 200.0, 2_000_000)
    assert next_window(Stretch(WIDE, sample=sample), Grain()) == Window(1_000_000, 1_000_200)


@pytest.mark.parametrize(
    ("window", "dense"),
    [
        (Window(0, 1_000), True),
        (Window(100, 2_099), True),
        (Window(0, 2_000), False),
        (Window(None, 1_000), False),
        (Window(0, None), False),
    ],
)
def test_a_window_of_less_than_two_grains_is_dense(window: Window, *, dense: bool) -> None:
    assert is_dense(window, Grain(1_000)) is dense


@given(st.lists(st.integers(0, 9)), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9))
def test_a_window_counts_what_it_holds(
    instants: list[int], lower: int | None, width: int | None
) -> None:
    window = Window(lower, None if width is None else (lower or 0) + width)
    assert window.count(instants) == sum(map(window.holds, instants))
