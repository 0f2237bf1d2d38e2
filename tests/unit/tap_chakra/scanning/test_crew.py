"""As many readers ask as help: on a virtual clock, with servers that are slow in their own ways."""

from __future__ import annotations

import random
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.support.crews import Readers, SlowServer

if TYPE_CHECKING:
    from tests.support.turns import Turns


@pytest.mark.parametrize(("seconds", "lost"), [(0.05, 6), (0.2, 5), (0.5, 4)])
@pytest.mark.parametrize("handshake", [0.0, 0.4])
def test_all_readers_ask_a_server_that_is_slow_whoever_asks(
    turns: Turns, seconds: float, lost: float, handshake: float
) -> None:
    """The slower its answers are, the fewer of them are waited for until all ask."""
    server = SlowServer(turns, lambda _now: seconds, handshake=handshake * seconds)
    readers = Readers(server)
    took = readers.read(1_000)
    assert readers.crew.count == 64
    assert took <= seconds * (1_000 / 64 + lost + 2 * handshake)


@pytest.mark.parametrize(("knee", "handshake"), [(10, 0.0), (20, 0.05), (33, 0.0), (50, 0.05)])
def test_the_knee_of_a_server_is_found(turns: Turns, knee: int, handshake: float) -> None:
    """Beyond it requests wait for each other: readers more than a fifth off are no help."""
    server = SlowServer(turns, lambda _now: 0.1, at_a_time=knee, handshake=handshake)
    readers = Readers(server)
    readers.read(3_000)
    assert 0.8 * knee <= median(readers.counts[1_500:]) <= 1.2 * knee
    best = 0.1 * 1_500 / knee
    assert readers.read(1_500) <= best / 0.85


def test_a_server_that_becomes_slower_for_everybody_is_asked_by_no_fewer(turns: Turns) -> None:
    steps = [(0.0, 0.05), (5.0, 0.2), (15.0, 0.1), (25.0, 0.4)]
    began = turns.now

    def seconds(now: float) -> float:
        return next(each for at, each in reversed(steps) if now - began >= at)

    readers = Readers(SlowServer(turns, seconds), most=32)
    while turns.now - began < 45:
        readers.read(100)
    assert readers.crew.count == 32
    assert sum(count < 32 for count in readers.counts) <= 0.2 * len(readers.counts)


def test_a_server_that_slows_down_under_load_is_relieved(turns: Turns) -> None:
    """It answered 40 at a time, and then answers 10."""
    server = SlowServer(turns, lambda _now: 0.1, at_a_time=40)
    readers = Readers(server)
    readers.read(2_000)
    server.at_a_time = 10
    server.forget()
    readers.read(2_000)
    assert 8 <= median(readers.counts[-1_000:]) <= 12


@pytest.mark.parametrize("turn", [0.0, 0.005, 0.02])
def test_who_decides_and_never_waits_has_enough_readers_and_loses_none(
    turns: Turns, turn: float
) -> None:
    """Its threads come late to their turns, and so answers seem slow."""
    server = SlowServer(turns, lambda _now: 0.05)
    readers = Readers(server, decides=0.001)
    readers.read(1_000)
    before = readers.crew.count
    readers.decides, server.turn = 0.02, turn
    readers.read(1_000)
    assert min(readers.counts[1_000:]) >= before


@pytest.mark.parametrize("turn", [0.005, 0.02])
def test_threads_that_come_late_to_their_turns_are_no_slow_server(
    turns: Turns, turn: float
) -> None:
    """Who decides waits, and more readers do help: nobody else's time is lost."""
    server = SlowServer(turns, lambda _now: 0.05)
    readers = Readers(server)
    readers.read(200)
    server.turn = turn
    readers.read(1_000)
    assert min(readers.counts[200:]) >= readers.counts[199]
    assert readers.crew.count == 64


def refused_by(server: SlowServer, most: int, *, fixed: bool) -> int:
    """Complaints that 1,000 pages cost."""
    Readers(server, most, fixed=fixed).read(1_000)
    return server.refused


@pytest.mark.parametrize("retry_after", [True, False])
@pytest.mark.parametrize("seconds", [0.002, 0.05, 0.2, 0.5])
def test_a_limit_is_met_with_hardly_more_complaints_than_by_eight_readers(
    turns: Turns, seconds: float, *, retry_after: bool
) -> None:
    def limited() -> SlowServer:
        return SlowServer(turns, lambda _now: seconds, rps=60, retry_after=retry_after)

    assert refused_by(limited(), 64, fixed=False) <= refused_by(limited(), 8, fixed=True) + 3


@pytest.mark.parametrize("retry_after", [True, False])
@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5])
def test_a_limit_that_a_burst_hides_is_met_with_fewer_complaints_than_by_all_readers(
    turns: Turns, seconds: float, *, retry_after: bool
) -> None:
    """It shows a second late, when many are on their way: that is found out once."""

    def limited() -> SlowServer:
        return SlowServer(turns, lambda _now: seconds, rps=60, burst=60, retry_after=retry_after)

    assert refused_by(limited(), 64, fixed=False) <= 0.9 * refused_by(limited(), 64, fixed=True)


def test_no_reader_asks_beyond_what_max_rps_lets_through(turns: Turns) -> None:
    server = SlowServer(turns, lambda _now: 0.2)
    readers = Readers(server, max_rps=60)
    took = readers.read(1_200)
    assert took <= 1.1 * 1_200 / 60
    assert max(readers.counts) <= 1.5 * 60 * 0.2


def test_what_was_learned_holds_for_the_next_stream(turns: Turns) -> None:
    server = SlowServer(turns, lambda _now: 0.1, at_a_time=20)
    readers = Readers(server)
    readers.read(2_000)
    before = len(readers.counts)
    readers.read(1_000)
    assert min(readers.counts[before:]) >= 16


@pytest.mark.parametrize("seed", range(4))
def test_complaints_for_no_reason_take_away_none_of_the_first_readers(
    turns: Turns, seed: int
) -> None:
    draw = random.Random(seed)
    refused = frozenset(n for n in range(1, 3_000) if draw.random() < 0.01)
    server = SlowServer(turns, lambda _now: 0.2, refuses=refused.__contains__)
    readers = Readers(server)
    readers.read(1_000)
    assert min(readers.counts) >= 8


@pytest.mark.parametrize("retry_after", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_complaints_for_no_reason_keep_no_readers_away(
    turns: Turns, seed: int, *, retry_after: bool
) -> None:
    """One in twenty: only the pauses that the server asks for cost time."""
    draw = random.Random(f"{seed}:x")
    server = SlowServer(
        turns, lambda _now: 0.2, refuses=lambda _: draw.random() < 0.05, retry_after=retry_after
    )
    readers = Readers(server)
    took = readers.read(1_000)
    pauses = server.refused if retry_after else 0
    assert took <= 2 * (1_000 * 0.2 / 64 + pauses) + 60
    assert max(readers.counts) == 64
