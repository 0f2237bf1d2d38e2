"""A planned delete, through the row of the plan's file, and what people do before it is applied."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.changes import Action, Kind, Known, Reject
from target_chakra.lookups.snapshot import Snapshot
from target_chakra.planning.guarded import plan_guarded
from target_chakra.planning.plan import plan
from target_chakra.plans.entries import change_of, entry_of
from target_chakra.plans.layout import cells_of, entry_of_cells
from tests.support.json_values import values
from tests.support.planning import RULES, TYPES, Row, read, wants

if TYPE_CHECKING:
    from target_chakra.changes import Change
    from target_chakra.planning.plan import Decision

PLANS = replace(RULES, leaves_plan=True)
MADE_AT = 5_000
TOUCHED_BEFORE = 4_000
names = st.sampled_from(sorted(TYPES))
data = st.dictionaries(names, values, max_size=6)
unshown = st.sampled_from(({}, {"updatedAt": None}, {"updatedAt": 0}, {"updatedAt": "soon"}))
roots = st.fixed_dictionaries(
    {"status": st.sampled_from(("OPEN", "COMPLETED"))},
    optional={
        "state": st.sampled_from(("NEW", "s2", {"id": "s1", "shortId": "NEW"})),
        "assignedTo": st.sampled_from(("u1", "asha.k", None)),
        "nextActionAt": st.sampled_from((None, 1_767_225_600_000)),
    },
)


def planned(row: Row, made_at: int | None = MADE_AT) -> Change:
    """The delete of a process, as its plan's file gives it back."""
    decided = plan(wants({}, deletes=True), [read(row)], None, PLANS)
    assert isinstance(decided, Action)
    cells = cells_of(entry_of(1, decided, decided.process_id))
    return change_of(entry_of_cells(cells), made_at)


def applied(change: Change, row: Row, known: Known | None = None) -> Decision:
    return plan_guarded(change, [read(row)], known, RULES)


def is_delete(decision: Decision) -> bool:
    return isinstance(decision, Action) and decision.kind is Kind.DELETE


def process(held: Row, root: Row, **more: object) -> Row:
    return {"id": "x7", "data": held, "isDeleted": False, **root, **more}


@given(data, roots, unshown)
def test_without_a_time_what_holds_still_all_that_it_held_is_deleted(
    held: Row, root: Row, time: Row
) -> None:
    row = process(held, root, **time)
    assert is_delete(applied(planned(row), row))


@given(data, roots, unshown, names, st.booleans())
def test_without_a_time_an_attribute_that_was_changed_filled_or_emptied_keeps_it(
    held: Row,
    root: Row,
    time: Row,
    name: str,
    empties: bool,  # noqa: FBT001 - drawn by place
) -> None:
    was = {**held, name: "by a program"}
    edited = {**held} if empties else {**held, name: "by hand"}
    if empties:
        edited.pop(name, None)
    for before, after in ((was, edited), (edited, was)):
        decided = applied(planned(process(before, root, **time)), process(after, root, **time))
        assert isinstance(decided, Reject)
        assert decided.reason.startswith("Changed since the plan: data.")


@pytest.mark.parametrize(
    ("name", "value"),
    [("state", "WON"), ("status", "CANCELLED"), ("assignedTo", "u9"), ("nextActionAt", 1_800_000)],
)
def test_without_a_time_a_root_field_that_was_changed_keeps_it(name: str, value: object) -> None:
    row = process({"city": "Pune"}, {"status": "OPEN", "state": "NEW"})
    decided = applied(planned(row), {**row, name: value})
    assert isinstance(decided, Reject)
    assert decided.reason.startswith(f"Changed since the plan: {name} was ")


def test_other_spellings_of_what_it_held_are_no_change() -> None:
    row = process({"score": 5, "city": ""}, {"state": "NEW", "assignedTo": "u1"})
    now = process({"score": "5"}, {"state": {"id": "s1"}, "assignedTo": "asha.k"})
    assert is_delete(applied(planned(row), now))


@given(data, data, st.integers(TOUCHED_BEFORE - 3, TOUCHED_BEFORE + 3_000))
def test_with_a_time_it_alone_tells_by_the_clock_of_chakrahq(
    held: Row, later: Row, touched: int
) -> None:
    # Also before the moment at which the plan was begun, by whatever clock that is known.
    change = planned(process(held, {}, updatedAt=TOUCHED_BEFORE))
    decided = applied(change, process(later, {}, updatedAt=touched))
    assert is_delete(decided) == (touched <= TOUCHED_BEFORE)


def test_what_this_connector_wrote_last_is_deleted() -> None:
    ours: Any = Known("x7", {}, {}, False, "leads", False, 6_000, 7_000)  # noqa: FBT003 - a record of facts
    change = planned(process({}, {}, updatedAt=TOUCHED_BEFORE))
    assert is_delete(applied(change, process({}, {}, updatedAt=6_500), ours))
    assert not is_delete(applied(change, process({}, {}, updatedAt=7_001), ours))


def test_a_time_that_is_shown_no_more_tells_nothing() -> None:
    change = planned(process({}, {}, updatedAt=TOUCHED_BEFORE))
    decided = applied(change, process({}, {}))
    assert isinstance(decided, Reject)
    assert "ChakraHQ shows no updatedAt of its process, which would tell" in decided.reason


def test_a_time_that_is_shown_by_now_counts_from_the_plan_on() -> None:
    change = planned(process({"city": "Pune"}, {}))
    before, after = MADE_AT - 1, MADE_AT + 1
    assert is_delete(applied(change, process({"city": "Pune"}, {}, updatedAt=before)))
    assert not is_delete(applied(change, process({"city": "Pune"}, {}, updatedAt=after)))


def test_what_the_journal_alone_says_is_not_what_was_seen() -> None:
    known = Snapshot("x7", False, None, None, {"data.city": "Pune"}, {"city": "Pune"})  # noqa: FBT003 - a record of facts
    decided = plan(wants({}, deletes=True), [known], None, PLANS)
    assert isinstance(decided, Action)
    assert decided.seen is None
    change = change_of(entry_of(1, decided, "x7"), MADE_AT)
    shown = process({"city": "Pune", "more": {"x": 1}}, {})
    assert is_delete(applied(change, {**shown, "updatedAt": MADE_AT - 1}))
    assert not is_delete(applied(change, {**shown, "updatedAt": MADE_AT + 1}))
    assert not is_delete(applied(change, shown))


def test_what_the_plan_creates_itself_has_no_past() -> None:
    decided = plan(wants({}, deletes=True), [read(process({}, {}))], None, PLANS)
    assert isinstance(decided, Action)
    change = change_of(entry_of(1, decided, None), MADE_AT)
    assert is_delete(applied(change, process({"city": "set by default"}, {})))
