"""What became of a process, by what was written, what is held, and what later runs wrote."""

from __future__ import annotations

import pytest

from target_chakra.audit.verdicts import Verdict, judged
from target_chakra.changes import Fields, Key, Known
from target_chakra.history.written import Written
from target_chakra.lookups.snapshot import Snapshot
from target_chakra.planning.plan import Rules

KEY = Key("lead", "lead_id", "L-1")
RULES = Rules(lambda _, value: str(value) if isinstance(value, int) else value)


def written(fields: Fields, *, deleted: bool = False) -> Written:
    return Written("lead", "p-1", KEY, "scores", deleted, fields)


def held(*, deleted: bool = False, updated: int = 5_000, **data: object) -> Snapshot:
    shown = {"lead_id": "l-1", **data}
    return Snapshot("p-1", deleted, 1, updated, {"state": "NEW"}, shown)


def known(fields: Fields, *, deleted: bool = False, learned: Fields | None = None) -> Known:
    return Known("p-1", fields, learned or {}, deleted, "scores", created=False, began=10, ended=20)


ONE: Fields = {"data.score": 1}


@pytest.mark.parametrize(
    ("row", "shown", "confirmed", "verdict"),
    [
        (written(ONE), held(score=1), known(ONE), Verdict.KEPT),
        (written(ONE), held(score="1"), known(ONE), Verdict.KEPT),
        (written(ONE), held(score=2), known(ONE), Verdict.CHANGED),
        (written(ONE), held(score=2), None, Verdict.CHANGED),
        (written(ONE), held(score=2), known({"data.score": 2}), Verdict.LATER),
        (written(ONE), held(score=3), known({"data.score": 2}), Verdict.CHANGED),
        (written(ONE), held(score=2, updated=15), known(ONE), Verdict.KEPT),
        (written(ONE), held(score=2), known(ONE, learned={"data.score": 2}), Verdict.KEPT),
        (written(ONE), None, known(ONE), Verdict.GONE),
        (written(ONE), held(score=1, deleted=True), known(ONE), Verdict.GONE),
        (written(ONE), None, known({}, deleted=True), Verdict.LATER),
        (written({}, deleted=True), None, None, Verdict.KEPT),
        (written({}, deleted=True), held(deleted=True), None, Verdict.KEPT),
        (written({}, deleted=True), held(), known({}, deleted=True), Verdict.BACK),
        (written({}, deleted=True), held(score=2), known({"data.score": 2}), Verdict.LATER),
        (written({"data.lead_id": "L-1"}), held(), None, Verdict.KEPT),
        (written({"data.note": None}), held(note=""), None, Verdict.KEPT),
        (written({"data.note": None}), held(note="x"), None, Verdict.CHANGED),
        (written({"state": "NEW"}), held(), None, Verdict.KEPT),
    ],
)
def test_a_process_has_the_verdict_that_its_fields_say(
    row: Written, shown: Snapshot | None, confirmed: Known | None, verdict: Verdict
) -> None:
    assert judged(row, shown, confirmed, RULES).verdict is verdict


def test_a_field_of_others_beside_one_of_a_later_run_is_a_change_by_others() -> None:
    row = written({"data.score": 1, "data.rank": 1, "data.kept": 1})
    confirmed = known({"data.score": 2, "data.rank": 1, "data.kept": 1})
    found = judged(row, held(score=2, rank=9, kept=1), confirmed, RULES)
    assert found.verdict is Verdict.CHANGED
    fields = [(each.name, each.written, each.held, each.later) for each in found.fields]
    assert fields == [("data.score", 1, 2, True), ("data.rank", 1, 9, False)]
