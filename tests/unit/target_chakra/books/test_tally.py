"""A STATE passes once every row before it is settled; outcomes add up to the rows that came in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.books.state_gate import StateGate
from target_chakra.books.tally import Tally
from target_chakra.changes import AskedBy, Change, Key, Mode
from target_chakra.lifecycle import SETTLED, Outcome
from target_chakra.planning.combined import combined

if TYPE_CHECKING:
    from collections.abc import Sequence

ANY = Change(1, 1, "s", "lead", Key("lead", "lead_id", "a"), Mode.UPSERT, False, {}, {})  # noqa: FBT003 - a record


@given(st.permutations(range(1, 13)), st.sets(st.integers(0, 12)), st.integers(0, 12))
def test_a_state_passes_exactly_when_all_rows_before_it_are_settled(
    order: Sequence[int], places: set[int], count: int
) -> None:
    gate: StateGate[int] = StateGate()
    for line in range(1, 13):
        if line - 1 in places:
            gate.state(line - 1)
        gate.came_in(line)
    if 12 in places:
        gate.state(12)
    settled: set[int] = set()
    last = -1
    for line in order[:count]:
        gate.settled(line)
        settled.add(line)
        passed = gate.passable()
        below = next(n for n in range(13) if n + 1 not in settled)
        best = max([place for place in places if place <= below], default=-1)
        assert passed == (best if best > last else None)
        last = max(last, best)
    for line in order[count:]:
        gate.settled(line)  # refuses a row that is not open
    gate.state(13)
    assert gate.passable() == 13


def test_a_row_is_settled_once_and_only_if_it_came() -> None:
    gate: StateGate[int] = StateGate()
    gate.came_in(1)
    gate.settled(1)
    with pytest.raises(ValueError, match="row 1"):
        gate.settled(1)
    with pytest.raises(ValueError, match="row 2"):
        gate.settled(2)


@given(st.lists(st.sampled_from(list(Outcome)), max_size=40))
def test_outcomes_add_up_to_the_rows_that_came_in(outcomes: list[Outcome]) -> None:
    tally: Tally[int] = Tally()
    changes = [replace(ANY, seq=tally.came_in("s")) for _ in outcomes]
    tally.state(7)
    for change, outcome in zip(changes, outcomes, strict=True):
        assert tally.open
        tally.settle(change, outcome)
    assert tally.open == 0
    assert sum(sum(c.values()) for c in tally.outcomes.values()) == tally.rows["s"] == len(outcomes)
    passes = all(outcome in SETTLED for outcome in outcomes)
    assert tally.passable() == ((len(outcomes), 7) if passes else None)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_superseded_rows_end_with_the_one_that_took_their_place(outcome: Outcome) -> None:
    tally: Tally[int] = Tally()
    first, second, third = (replace(ANY, seq=tally.came_in("s")) for _ in range(3))
    tally.state(1)
    tally.settle(combined(combined(first, second), third), outcome)
    expected = {Outcome.SUPERSEDED: 2, outcome: 1}
    if outcome is Outcome.SUPERSEDED:
        expected = {outcome: 3}
    assert dict(tally.outcomes["s"]) == expected
    assert (tally.passable() is not None) == (outcome in SETTLED)


def test_deletes_that_no_row_asks_for_are_counted_apart() -> None:
    tally: Tally[int] = Tally()
    tally.settle(replace(ANY, asked_by=AskedBy.MIRROR), Outcome.DELETED)
    tally.settle(replace(ANY, asked_by=AskedBy.EARLIER_RUN), Outcome.UPDATED)
    assert tally.deleted_by_mirror == {Outcome.DELETED: 1}
    assert not tally.outcomes


def test_whoever_listens_hears_of_each_row_what_became_of_the_change_it_went_into() -> None:
    heard: list[tuple[int, Outcome]] = []
    tally: Tally[int] = Tally(lambda change, outcome: heard.append((change.seq, outcome)))
    first, second, third = (replace(ANY, seq=tally.came_in("s")) for _ in range(3))
    tally.settle(combined(first, second), Outcome.UNKNOWN)
    tally.settle(third, Outcome.CREATED)
    tally.settle(replace(ANY, asked_by=AskedBy.EARLIER_RUN), Outcome.CREATED)
    assert heard == [(1, Outcome.UNKNOWN), (2, Outcome.UNKNOWN), (3, Outcome.CREATED)]


def test_unknown_rows_without_a_key_are_counted_for_themselves() -> None:
    tally: Tally[int] = Tally()
    for change in (ANY, replace(ANY, seq=2, key=None), replace(ANY, seq=3, key=None)):
        tally.came_in("s")
        tally.settle(change, Outcome.CREATED if change.seq == 3 else Outcome.UNKNOWN)
    assert (tally.count(Outcome.UNKNOWN), tally.keyless_unknown) == (2, 1)
