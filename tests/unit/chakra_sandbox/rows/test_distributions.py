"""Each distribution of `createdAt` has the shape that it is there for."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from chakra_sandbox.rows.distributions import SHAPES
from chakra_sandbox.rows.made_data import DISTRIBUTIONS, Distribution, made_moments
from chakra_sandbox.rows.making import Draw
from chakra_sandbox.rows.moments import DAY_MS, HOUR_MS, YEAR_MS, Span

SPAN = Span.before(1_795_514_950_453)


def drawn(distribution: Distribution, count: int = 10_000) -> list[int]:
    return made_moments(count, SPAN, distribution, Draw(1))


def gaps(distribution: Distribution) -> list[int]:
    return [later - earlier for earlier, later in pairwise(drawn(distribution))]


def test_there_is_a_shape_for_each_name() -> None:
    assert set(DISTRIBUTIONS) == set(SHAPES)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_the_seed_decides(distribution: Distribution) -> None:
    assert drawn(distribution) == drawn(distribution)


def test_uniform_fills_every_tenth_of_the_year_alike() -> None:
    tenths = Counter((at - SPAN.start_ms) * 10 // SPAN.width_ms for at in drawn("uniform"))
    assert all(900 < count < 1100 for count in tenths.values())
    assert len(tenths) == 10


def test_daily_works_from_nine_to_six_and_not_at_the_weekend() -> None:
    moments = drawn("daily")
    hours = Counter(at % DAY_MS // HOUR_MS for at in moments)
    assert min(hours[hour] for hour in range(9, 18)) > 10 * hours[3] > 0
    days = Counter((at // DAY_MS + 3) % 7 for at in moments)
    assert min(days[day] for day in range(5)) > 10 * max(days[5], days[6]) > 0


def test_recent_grows_towards_the_end() -> None:
    quarters = Counter((at - SPAN.start_ms) * 4 // SPAN.width_ms for at in drawn("recent"))
    assert quarters[3] > quarters[2] > quarters[1] > quarters[0] > 0


def test_bursts_have_single_milliseconds_with_hundreds_of_rows() -> None:
    assert max(Counter(drawn("bursts")).values()) >= 300


def test_imports_put_nearly_all_rows_3_ms_apart() -> None:
    assert sum(gap == 3 for gap in gaps("imports")) > 9_900
    assert max(gaps("imports")) > DAY_MS


@pytest.mark.parametrize(("count", "together"), [(10_000, 500), (200_000, 5_000)])
def test_one_millisecond_holds_5000_rows_or_a_twentieth(count: int, together: int) -> None:
    (_, most), (_, second) = Counter(drawn("one_millisecond", count)).most_common(2)
    assert together <= most < together + 5
    assert second < 5


def test_sparse_has_years_of_nothing_between_days() -> None:
    assert sum(gap > 2 * YEAR_MS for gap in gaps("sparse")) == 4
    assert max(sorted(gaps("sparse"))[:-4]) < DAY_MS


def test_one_import_is_one_millisecond() -> None:
    assert len(set(drawn("one_import"))) == 1
