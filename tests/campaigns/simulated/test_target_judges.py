"""Each judge condemns a history that breaks its promise, and lets one pass that keeps them all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.campaigns.simulated import target_judges as judges
from tests.campaigns.simulated.history import (
    Carried,
    Ended,
    History,
    Kept,
    Listed,
    Passed,
    Rejected,
    Replay,
)
from tests.campaigns.simulated.scenarios import dead, lead, note
from tests.support.simulated import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

WISHES = [
    lead("A", 1),
    lead("A", 2),
    lead("B", 5),
    dead("C"),
    lead("D", "x", fits=False),
    note("n", 7),
    note("n", 7),
]
BEFORE = [
    Kept("a", ("lead", "A"), {"lead_id": "A", "score": 0}, 10),
    Kept("c", ("lead", "C"), {"lead_id": "C", "score": 0}, 10),
    Kept("e", ("lead", "E"), {"lead_id": "E", "score": 9}, 10),
]
A = Kept("a", ("lead", "A"), {"lead_id": "A", "score": 2}, 10)
B = Kept("b", ("lead", "B"), {"lead_id": "B", "score": "5"}, 20)
C = Kept("c", ("lead", "C"), {"lead_id": "C", "score": 0}, 10, lives=False)
E = BEFORE[2]
N1 = Kept("n1", ("lead", "n"), {"name": "n", "score": 7}, 20)
N2 = replace(N1, id="n2")
BAD = Rejected(5, "scores", WISHES[4].row, "score is no integer")


def outcomes(**counts: int) -> dict[str, int]:
    return {name.replace("_", " "): count for name, count in counts.items()}


def receipt(rows: int = 7, unknown: int = 0, **counts: int) -> dict[str, Any]:
    return {"rows_in": rows, "outcomes": outcomes(unknown=unknown, **counts), "unknown": unknown}


GOOD = receipt(created=3, updated=1, superseded=1, deleted=1, rejected=1)


def history() -> History:
    """A run that kept all promises: it wrote, deleted, rejected, and was asked to wait."""
    kept = {("lead", "A"): (A,), ("lead", "B"): (B,), ("lead", "C"): (), ("lead", "n"): (N1, N2)}
    return History(
        list(WISHES),
        before=list(BEFORE),
        kept=[A, B, C, E, N1, N2],
        passed=[Passed(1, 7, kept, frozenset({4}), 7)],
        ended=[Ended(1, 0, 7, 7, GOOD, 7)],
        requests=[
            Sent(1, 1.0, 1.1, "POST", "/list", b"", 5.0),
            Sent(1, 6.2, 6.3, "PATCH", "/process", b""),
        ],
        jobs=[
            Carried("j1", 1_000, {"a": 2_000, "b": 2_600}),
            Carried("j2", 2_000, {"a": 3_000}),
        ],
        rejects=[BAD],
        replay=Replay((BAD,), {"rows_in": 1}, frozenset({"D"})),
        output=["7 rows in"],
    )


def end(made: History, **changes: Any) -> None:
    made.ended[-1] = replace(made.ended[-1], **changes)


def kept(made: History, **changes: Any) -> None:
    """Other processes at the moment of the STATE."""
    passed = made.passed[0]
    names = {("lead", name): value for name, value in changes.items()}
    made.passed[0] = replace(passed, kept={**passed.kept, **names})


VIOLATIONS: dict[str, tuple[str, Callable[[History], object]]] = {
    "a row is lost": ("last_value_wins", lambda h: h.kept.remove(B)),
    "an older value stands": (
        "last_value_wins",
        lambda h: h.kept.__setitem__(0, replace(A, data={"lead_id": "A", "score": 1})),
    ),
    "a deleted row lives": ("last_value_wins", lambda h: h.kept.append(replace(C, lives=True))),
    "the input is never finished": ("last_value_wins", lambda h: end(h, code=8, covered=3)),
    "a row without a key is lost": ("keyless_rows_are_there_once", lambda h: h.kept.remove(N2)),
    "a row without a key is doubled": (
        "keyless_rows_are_there_once",
        lambda h: h.kept.append(replace(N1, id="n3")),
    ),
    "a row is created twice": (
        "nothing_is_created_twice",
        lambda h: h.kept.append(replace(B, id="b2", lives=False)),
    ),
    "a deleted row was made again": (
        "nothing_is_created_twice",
        lambda h: h.kept.append(replace(C, id="c2", born_ms=30)),
    ),
    "another row was touched": (
        "others_are_left_alone",
        lambda h: h.kept.__setitem__(3, replace(E, data={"lead_id": "E", "score": 1})),
    ),
    "a row has no outcome": ("rows_add_up", lambda h: end(h, receipt=receipt(created=3))),
    "a row did not come in": (
        "rows_add_up",
        lambda h: end(h, receipt=receipt(6, created=6)),
    ),
    "there is no receipt": ("rows_add_up", lambda h: end(h, code=10, receipt={})),
    "an outcome has another name": (
        "rows_add_up",
        lambda h: end(h, receipt={"rows_in": 7, "outcomes": {"fine": 7}}),
    ),
    "unknown rows are silent": (
        "unknown_is_never_silent",
        lambda h: end(h, code=0, receipt=receipt(created=6, unknown=1)),
    ),
    "unsent rows are silent": (
        "unknown_is_never_silent",
        lambda h: end(h, code=0, receipt=receipt(created=6, not_sent=1)),
    ),
    "a STATE is kept back in silence": (
        "unknown_is_never_silent",
        lambda h: end(h, code=0, covered=6),
    ),
    "an unknown row is not listed": (
        "unknown_rows_are_listed",
        lambda h: end(h, code=8, receipt=receipt(created=6, unknown=1), listed=()),
    ),
    "a settled row is listed": (
        "unknown_rows_are_listed",
        lambda h: end(h, listed=(Listed(1, 3, "lead_id=B"),)),
    ),
    "a fault of ours": ("exits_are_documented", lambda h: end(h, code=1)),
    "a STATE is ahead of an update": (
        "states_are_covered",
        lambda h: kept(h, A=(BEFORE[0],)),
    ),
    "a STATE is ahead of a create": ("states_are_covered", lambda h: kept(h, B=())),
    "a STATE is ahead of a delete": ("states_are_covered", lambda h: kept(h, C=(BEFORE[1],))),
    "a STATE is ahead of a row without a key": (
        "states_are_covered",
        lambda h: kept(h, n=(N1,)),
    ),
    "a STATE is ahead of a reject": (
        "states_are_covered",
        lambda h: h.passed.__setitem__(0, replace(h.passed[0], rejected=frozenset())),
    ),
    "a reject is another row": (
        "rejects_hold_the_row",
        lambda h: h.rejects.__setitem__(0, replace(BAD, row={"lead_id": "A"})),
    ),
    "a reject has no reason": (
        "rejects_hold_the_row",
        lambda h: h.rejects.__setitem__(0, replace(BAD, reason="")),
    ),
    "a bad row is not on record": ("bad_rows_are_on_record", lambda h: h.rejects.clear()),
    "a replay sends another row": (
        "replay_sends_exactly_those",
        lambda h: setattr(h, "replay", replace(h.replay or 0, sent=frozenset({"D", "B"}))),  # type: ignore[type-var]
    ),
    "a replay leaves a reject out": (
        "replay_sends_exactly_those",
        lambda h: setattr(h, "replay", replace(h.replay or 0, receipt={"rows_in": 0})),  # type: ignore[type-var]
    ),
    "a request leaves inside a pause": (
        "no_request_inside_a_pause",
        lambda h: h.requests.append(Sent(1, 3.0, 3.1, "GET", "/job", b"")),
    ),
    "two jobs hold a process": (
        "no_process_is_in_two_jobs",
        lambda h: h.jobs.append(Carried("j3", 1_500, {"a": 1_600})),
    ),
    "the key is told": (
        "no_secret_is_told",
        lambda h: h.output.append("Authorization: Bearer sandbox-admin-key"),
    ),
}


def test_a_history_that_keeps_all_promises_passes() -> None:
    assert judges.verdict(history()) == []


@pytest.mark.parametrize("what", VIOLATIONS)
def test_each_judge_condemns_what_breaks_its_promise(what: str) -> None:
    judge, spoil = VIOLATIONS[what]
    made = history()
    spoil(made)
    assert judge in {each.split(":")[0] for each in judges.verdict(made)}


def test_no_judge_is_without_a_history_that_it_condemns() -> None:
    assert {judge.__name__ for judge in judges.JUDGES} == {name for name, _ in VIOLATIONS.values()}


def test_a_row_on_record_may_be_written_or_not() -> None:
    """Where the last row about a process is on record, the one before it stands."""
    made = history()
    made.rejects.append(Rejected(2, "scores", WISHES[1].row, "Internal error"))
    made.kept[0] = replace(A, data={"lead_id": "A", "score": 1})
    kept(made, A=(made.kept[0],))
    made.passed[0] = replace(made.passed[0], rejected=frozenset({1, 4}))
    assert judges.verdict(made) == []
    made.rejects[1] = replace(made.rejects[1], closed="sent again")
    assert [v.split(":")[0] for v in judges.verdict(made)] == ["last_value_wins"]


def test_what_a_later_row_brings_may_be_there_before_its_state() -> None:
    made = history()
    first = replace(made.passed[0], rows=1)
    made.passed.insert(0, first)
    assert judges.verdict(made) == []
    made.passed[0] = replace(first, fed=1)
    assert [v.split(":")[0] for v in judges.verdict(made)] == ["states_are_covered"]
