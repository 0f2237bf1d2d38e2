"""A fixed slice of the campaigns of calls (tasks, messages); `make faults` runs all of them."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from chakra_sandbox.knobs import Knobs
from tests.campaigns.simulated import message_cases, random_cases
from tests.campaigns.simulated.campaigns import first_cases, pair_cases, run_case, single_cases

SINGLE_EVERY, FIRST_EVERY, PAIR_EVERY = 23, 16, 17


def condemned(cases: list[str]) -> dict[str, tuple[str, ...]]:
    """The cases that failed: `python -m tests.campaigns --only` and the name repeats one."""
    results = map(run_case, cases)
    return {result.case: result.condemned for result in results if result.condemned}


@pytest.mark.parametrize("answers", [message_cases.ANSWERS, random_cases.ANSWERS])
def test_what_is_answered_otherwise_is_answered_otherwise(
    answers: dict[str, tuple[Any, ...]],
) -> None:
    usual = Knobs()
    assert [name for name, others in answers.items() if getattr(usual, name) in others] == []


@pytest.mark.parametrize("part", range(3))
def test_a_task_is_made_once_whatever_becomes_of_its_runs(part: int) -> None:
    assert condemned([f"calls/{9_000 + part * 4 + n}" for n in range(4)]) == {}


@pytest.mark.parametrize("part", range(2))
def test_a_message_is_sent_once_and_brakes_hold_whatever_becomes_of_its_runs(part: int) -> None:
    assert condemned([f"messages/{9_000 + part * 4 + n}" for n in range(4)]) == {}


def test_each_call_is_made_once_under_a_single_fault() -> None:
    cases = single_cases("call-kinds")[::SINGLE_EVERY]
    assert len(cases) > 20
    assert condemned(cases) == {}


def test_each_call_is_made_once_under_two_faults() -> None:
    firsts = first_cases("call-short")[::FIRST_EVERY]
    cases = [pair for first in firsts for pair in islice(pair_cases(first), 0, None, PAIR_EVERY)]
    assert len(cases) > 20
    assert condemned(cases) == {}
