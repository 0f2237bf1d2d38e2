"""A file is done when each of its lines is settled, in whichever run; no line is taken twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from target_chakra.lifecycle import SETTLED, Outcome
from target_chakra.line_ranges import LineRanges
from target_chakra.loads.arrivals import Arrival, Delivery
from target_chakra.mapping.table_hints import Hints

if TYPE_CHECKING:
    from collections.abc import Iterator


def delivery(count: int) -> Delivery:
    def rows() -> Iterator[dict[str, object]]:
        return ({"n": n} for n in range(1, count + 1))

    return Delivery("leads.1", "leads", {"n": False}, Hints(), rows)


OUTCOMES = st.lists(st.sampled_from(list(Outcome)), min_size=1)


@given(st.lists(OUTCOMES, max_size=8), st.integers(1, 5))
def test_runs_together_settle_each_line_once(runs: list[list[Outcome]], most: int) -> None:
    count, settled = 20, LineRanges()
    taken_when_settled: list[int] = []
    for outcomes in runs:
        arrival = Arrival(delivery(count), LineRanges(settled.pairs))
        said = iter(outcomes)
        while not arrival.is_read:
            for line, row in arrival.take(most):
                assert row == {"n": line}
                if line in settled:
                    taken_when_settled.append(line)
                arrival.ended(line, next(said, Outcome.CREATED))
        assert arrival.is_over
        settled = arrival.settled
        assert (arrival.problem() is None) == (settled.pairs == ((1, count),))
    assert taken_when_settled == []


def test_what_is_left_is_said() -> None:
    arrival = Arrival(delivery(3))
    arrival.take(2)
    assert "the rest was not read" in str(arrival.problem())
    arrival.take(2)
    for line, outcome in ((1, Outcome.UNKNOWN), (2, Outcome.NOT_SENT), (3, Outcome.CREATED)):
        assert not arrival.is_over
        arrival.ended(line, outcome)
    assert arrival.is_over
    assert "'leads' 1 have an unknown outcome and 1 were not sent" in str(arrival.problem())
    assert [line for line in (1, 2, 3) if line in arrival.settled] == [3]
    assert Outcome.CREATED in SETTLED


def test_a_line_that_was_unknown_and_is_superseded_is_settled() -> None:
    arrival = Arrival(delivery(2))
    arrival.take(3)
    arrival.ended(1, Outcome.UNKNOWN)
    arrival.ended(2, Outcome.CREATED)
    assert "1 have an unknown outcome" in str(arrival.problem())
    arrival.ended(1, Outcome.SUPERSEDED)
    assert arrival.is_over
    assert arrival.problem() is None
    assert arrival.settled.pairs == ((1, 2),)
