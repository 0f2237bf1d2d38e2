"""The table of transitions: complete where it must be, closed everywhere else."""

from __future__ import annotations

import itertools

import pytest

from chakra_api.errors import IllegalTransition
from target_chakra.lifecycle import (
    BATCH_TRANSITIONS,
    OPEN,
    SETTLED,
    BatchEvent,
    BatchState,
    Outcome,
    after,
)

ENDS = set(BatchState) - set(OPEN)
ILLEGAL = [
    pair for pair in itertools.product(BatchState, BatchEvent) if pair not in BATCH_TRANSITIONS
]


@pytest.mark.parametrize(("state", "event"), ILLEGAL, ids=lambda each: each.value)
def test_what_the_table_does_not_hold_is_a_bug(state: BatchState, event: BatchEvent) -> None:
    with pytest.raises(IllegalTransition, match=state.value):
        after(state, event)


@pytest.mark.parametrize(("state", "event"), BATCH_TRANSITIONS, ids=lambda each: each.value)
def test_what_the_table_holds_leads_where_it_says(state: BatchState, event: BatchEvent) -> None:
    assert after(state, event) is BATCH_TRANSITIONS[state, event]


def test_every_state_is_reached_from_the_first() -> None:
    reached = {BatchState.INTENDED}
    for _ in BatchState:
        reached |= {to for (state, _), to in BATCH_TRANSITIONS.items() if state in reached}
    assert reached == set(BatchState)


def test_every_open_state_can_end_and_no_ended_one_goes_on() -> None:
    assert {BatchState.SETTLED, BatchState.RELEASED} == ENDS
    assert not [state for state, _ in BATCH_TRANSITIONS if state in ENDS]
    ending = set(ENDS)
    for _ in BatchState:
        ending |= {state for (state, _), to in BATCH_TRANSITIONS.items() if to in ending}
    assert ending == set(BatchState)


def test_nothing_that_left_is_sent_again_without_being_released() -> None:
    sent = {BatchState.SENDING, BatchState.SUBMITTED, BatchState.LOST}
    back = {to for (state, _), to in BATCH_TRANSITIONS.items() if state in sent}
    assert BatchState.INTENDED not in back


def test_a_state_waits_for_unknown_and_unsent_rows() -> None:
    assert set(Outcome) - SETTLED == {Outcome.UNKNOWN, Outcome.IN_FLIGHT, Outcome.NOT_SENT}
