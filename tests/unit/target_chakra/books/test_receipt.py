"""What a run's end means: the worst that happened decides the exit code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chakra_api.errors import JournalError, LimitCrossed, NoAccess
from chakra_api.exit_codes import ExitCode
from target_chakra.books.receipt import Cost, Receipt
from target_chakra.lifecycle import Outcome
from target_chakra.settings import Limits

COST = Cost(requests=12, retries=1, jobs=3, seconds=2.0, waited=0.5)


def receipt(outcomes: dict[Outcome, int], **more: Any) -> Receipt:
    rows = {"s": sum(outcomes.values())}
    return Receipt(run=4, rows=rows, outcomes={"s": outcomes}, mirror={}, cost=COST, **more)


ENDS = {
    "all is done": (receipt({Outcome.UPDATED: 2, Outcome.SUPERSEDED: 1}), ExitCode.DONE),
    "rejects within the limit": (receipt({Outcome.REJECTED: 1}), ExitCode.DONE),
    "rejects over the limit": (receipt({Outcome.REJECTED: 2}), ExitCode.REJECTS),
    "unknown rows": (receipt({Outcome.REJECTED: 9, Outcome.UNKNOWN: 1}), ExitCode.UNKNOWN),
    "rows not sent": (receipt({Outcome.NOT_SENT: 1}), ExitCode.UNKNOWN),
    "a dry run": (receipt({Outcome.NOT_SENT: 1}, dry_run=True), ExitCode.DONE),
    "a procedure given up": (receipt({}, halted=("lead: no",)), ExitCode.UNREACHABLE),
    "a signal": (receipt({Outcome.UNKNOWN: 1}, stopped=True), ExitCode.STOPPED),
    "no access": (
        receipt({Outcome.NOT_SENT: 1}, error=NoAccess("no", status=403)),
        ExitCode.NO_ACCESS,
    ),
    "a limit": (receipt({Outcome.UNKNOWN: 1}, error=LimitCrossed("too many")), ExitCode.REJECTS),
    "the journal": (receipt({}, error=JournalError("full")), ExitCode.JOURNAL),
}


@pytest.mark.parametrize(("made", "code"), ENDS.values(), ids=ENDS.keys())
def test_the_exit_code_says_the_worst(made: Receipt, code: ExitCode) -> None:
    assert made.exit_code(Limits(max_rejects=1)) is code


def test_a_mirrors_unknown_deletes_count_too() -> None:
    made = Receipt(1, {}, {}, {Outcome.UNKNOWN: 1}, COST)
    assert made.exit_code(Limits()) is ExitCode.UNKNOWN


def test_the_json_adds_up_and_names_every_outcome() -> None:
    made = receipt({Outcome.CREATED: 3, Outcome.REJECTED: 1}).to_json()
    outcomes = made["outcomes"]
    assert isinstance(outcomes, dict)
    assert outcomes.keys() == {outcome.value for outcome in Outcome}
    assert sum(outcomes.values()) == made["rows_in"] == 4
    assert json.loads(json.dumps(made)) == made


def test_the_line_names_only_what_happened() -> None:
    line = receipt({Outcome.CREATED: 3}).line()
    assert line.startswith("3 rows in: 3 created; 3 jobs, 12 requests")
    assert "rejected" not in line


def test_one_of_a_kind_is_named_as_one() -> None:
    cost = Cost(requests=1, retries=0, jobs=1, seconds=2.0, waited=0.0)
    line = Receipt(4, {"s": 1}, {"s": {Outcome.CREATED: 1}}, {}, cost).line()
    assert line.startswith("1 row in: 1 created; 1 job, 1 request, 2.0 s")
