"""As many readers ask as help, though answers vary and machines are busy at times."""

from __future__ import annotations

import random
from contextlib import closing
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.support.crews import BEGAN, Readers, SlowServer
from tests.support.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable


def by_chance(seed: int, seconds: float, busy: float) -> Callable[[float], float]:
    """What answers take where they vary, and where something is busy for 0.4 s at a time.

    Args:
        seed: Of chance.
        seconds: What an answer takes.
        busy: Share of the time in which it takes 1.3 to 2.5 times as long.
    """
    draw = random.Random(seed)

    def took(now: float) -> float:
        then = random.Random(f"{seed}:{int(now / 0.4)}")
        times = then.uniform(1.3, 2.5) if then.random() < busy else 1.0
        return seconds * times * draw.lognormvariate(0, 0.3)

    return took


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("busy", [0.0, 0.15, 0.3])
@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5])
def test_answers_that_are_slow_by_chance_take_no_readers_away(
    turns: Turns, seconds: float, busy: float, seed: int
) -> None:
    found = Readers(SlowServer(turns, by_chance(seed, seconds, busy)))
    took = found.read(1_000)
    with closing(Turns(BEGAN)) as again:
        fixed = Readers(SlowServer(again, by_chance(seed, seconds, busy)), fixed=True)
        best = fixed.read(1_000)
    assert took <= (best + 4 * seconds) / 0.75
    assert median(found.counts[500:]) >= 48


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("knee", [10, 20, 33, 50])
def test_the_knee_of_a_server_is_found_though_answers_vary(
    turns: Turns, knee: int, seed: int
) -> None:
    server = SlowServer(turns, by_chance(seed, 0.1, 0.0), at_a_time=knee)
    readers = Readers(server)
    readers.read(1_500)
    took = by_chance(seed, 0.1, 0.0)
    best = sum(took(0.0) for _ in range(1_500)) / knee
    assert readers.read(1_500) <= best / 0.8
    assert 0.7 * knee <= median(readers.counts[1_500:]) <= 1.4 * knee
