"""What was decided on before is written only over what it was decided on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from target_chakra.changes import Action, Done, Kind, Known, Mode, Refusal, Reject
from target_chakra.guards import Guard
from target_chakra.lifecycle import Outcome
from target_chakra.planning.combined import may_combine
from target_chakra.planning.guarded import plan_guarded
from target_chakra.planning.plan import plan
from tests.support.json_values import values
from tests.support.planning import KNOWN, REVIVE, RULES, holds, wants
from tests.unit.target_chakra.planning.test_plan_again import (
    Model,
    changes,
    names,
    rows,
    wanted_fields,
)

if TYPE_CHECKING:
    from target_chakra.changes import Change
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.planning.plan import Decision
    from tests.support.planning import Row


def agreed(action: Action) -> Change:
    """A decision, to be carried out later."""
    guard = Guard("the plan", action.before or {}, creates=action.kind is Kind.CREATE)
    return replace(
        action.change,
        fields=action.fields,
        deletes=action.kind is Kind.DELETE,
        process_id=action.process_id,
        guard=guard,
    )


def update(
    fields: dict[str, object], expected: dict[str, object], *, keeps_others: bool = False
) -> Change:
    guard = Guard("the plan", expected, keeps_others=keeps_others)
    return replace(wants(fields), process_id="x7", guard=guard)


def fields_of(decision: Decision) -> dict[str, object]:
    assert isinstance(decision, Action)
    return dict(decision.fields)


@given(changes, rows)
def test_what_holds_still_is_carried_out_as_it_was_decided_on_and_once(
    change: Change, row: Row | None
) -> None:
    model = Model(row)
    decided = plan(change, model.held, None, REVIVE)
    assume(isinstance(decided, Action))
    assert isinstance(decided, Action)

    again = plan_guarded(agreed(decided), model.held, None, RULES)

    assert isinstance(again, Action)
    assert (again.kind, again.process_id) == (decided.kind, decided.process_id)
    assert again.fields == decided.fields
    model.apply(again)
    after = plan_guarded(agreed(decided), model.held, None, RULES)
    assert isinstance(after, Done)
    assert after.outcome is Outcome.UNCHANGED


@given(wanted_fields, st.dictionaries(names, values, max_size=4))
def test_what_another_has_written_meanwhile_is_never_overwritten(
    fields: dict[str, object], data: dict[str, object]
) -> None:
    wanted = wants({**fields, "data.city": "Pune"}, mode=Mode.UPDATE)
    decided = plan(wanted, [holds({**data, "city": "Agra"})], None, RULES)
    assume(isinstance(decided, Action))
    assert isinstance(decided, Action)

    again = plan_guarded(agreed(decided), [holds({**data, "city": "Delhi"})], None, RULES)

    assert isinstance(again, Reject)
    assert again.reason == "Changed since the plan: data.city was 'Agra' and is 'Delhi'"


def test_a_reject_names_what_was_and_what_is() -> None:
    change = update({"data.city": "Pune", "data.score": 5}, {"data.city": "Agra", "data.score": 1})

    decided = plan_guarded(change, [holds({"city": "Delhi", "score": 1})], None, RULES)

    assert isinstance(decided, Reject)
    assert decided.reason == "Changed since the plan: data.city was 'Agra' and is 'Delhi'"
    assert "retry" in decided.next_step


def test_a_field_that_was_empty_is_called_so() -> None:
    change = update({"data.city": "Pune"}, {"data.city": None})

    decided = plan_guarded(change, [holds({"city": "Delhi"})], None, RULES)

    assert isinstance(decided, Reject)
    assert decided.reason == "Changed since the plan: data.city was empty and is 'Delhi'"


def test_field_by_field_what_others_wrote_is_kept_and_the_rest_is_written() -> None:
    change = update(
        {"data.city": "Pune", "data.score": 5},
        {"data.city": "Agra", "data.score": 1},
        keeps_others=True,
    )

    decided = plan_guarded(change, [holds({"city": "Delhi", "score": 1})], None, RULES)

    assert fields_of(decided) == {"data.score": 5}
    assert isinstance(decided, Action)
    assert decided.kept == {"data.city": "Delhi"}
    assert decided.before == {"data.score": 1}


def test_field_by_field_with_nothing_left_to_write_nothing_is_sent() -> None:
    change = update({"data.city": "Pune"}, {"data.city": "Agra"}, keeps_others=True)

    decided = plan_guarded(change, [holds({"city": "Delhi"})], None, RULES)

    assert isinstance(decided, Done)
    assert decided.kept == {"data.city": "Delhi"}


WRITTEN = {"data.city": "Pune"}
TAKES_BACK = Guard("run 7", WRITTEN, keeps_others=True, untouched=4_000, whole=True)


@pytest.mark.parametrize(
    ("guard", "row", "kept"),
    [
        (TAKES_BACK, holds({"city": "Pune"}), None),
        (TAKES_BACK, holds({"city": "Pune", "score": ""}), None),
        (TAKES_BACK, holds({"city": "Pune", "score": 0}), {"data.score": 0}),
        (TAKES_BACK, holds({"city": "Goa"}), {"data.city": "Goa"}),
        # Defaults of ChakraHQ may fill what the run did not write: a time that is shown tells.
        (TAKES_BACK, holds({"city": "Pune", "score": 0}, updatedAt=4_000), None),
        (TAKES_BACK, holds({"city": "Pune"}, updatedAt=4_001), {"updatedAt": 4_001}),
        # Brought back: what it held beside is not known.
        (replace(TAKES_BACK, whole=False), holds({"city": "Pune"}), {"updatedAt": None}),
        (replace(TAKES_BACK, whole=False), holds({"city": "Pune"}, updatedAt=4_000), None),
    ],
)
def test_what_a_run_made_is_deleted_where_nothing_speaks_of_others(
    guard: Guard, row: Snapshot, kept: Row | None
) -> None:
    change = replace(wants({}, deletes=True), process_id="x7", guard=guard)

    decided = plan_guarded(change, [row], None, RULES)

    if kept is None:
        assert isinstance(decided, Action)
        assert decided.kind is Kind.DELETE
    else:
        assert isinstance(decided, Done)
        assert (decided.outcome, decided.kept) == (Outcome.KEPT, kept)


def test_what_chakra_made_of_a_value_counts_as_that_value() -> None:
    known = replace(KNOWN, fields={"data.phone": "+91 99"}, learned={"data.phone": "9199"})
    change = update({"data.phone": "+91 88"}, {"data.phone": "+91 99"})

    decided = plan_guarded(change, [holds({"phone": "9199"})], known, RULES)

    assert fields_of(decided) == {"data.phone": "+91 88"}


def test_a_wanted_value_that_chakra_converted_is_there_already() -> None:
    known = replace(KNOWN, fields={"data.phone": "+91 99"}, learned={"data.phone": "9199"})
    change = update({"data.phone": "+91 99"}, {"data.phone": None})

    decided = plan_guarded(change, [holds({"phone": "9199"})], known, RULES)

    assert isinstance(decided, Done)
    assert decided.learned == {"data.phone": "9199"}


def test_a_create_is_never_made_beside_a_process_of_its_key() -> None:
    change = replace(wants({"data.city": "Pune"}), guard=Guard("the plan", creates=True))

    decided = plan_guarded(change, [holds({"city": "Delhi"})], None, RULES)

    assert isinstance(decided, Reject)
    assert decided.reason == "Changed since the plan: a process has lead_id=7 by now"


def test_a_create_that_was_refused_and_is_not_found_stays_refused() -> None:
    change = replace(
        wants({"data.city": "Pune"}),
        guard=Guard("the plan", creates=True),
        refused=Refusal("city is too long", "j1"),
    )

    decided = plan_guarded(change, [], None, RULES)

    assert isinstance(decided, Reject)
    assert decided.reason == "city is too long"


def test_an_update_never_creates_what_is_gone() -> None:
    decided = plan_guarded(update({"data.city": "Pune"}, {"data.city": None}), [], None, REVIVE)

    assert isinstance(decided, Reject)
    assert decided.reason == "Changed since the plan: lead_id=7 names its process no longer"


def test_a_process_that_another_deleted_is_not_brought_back() -> None:
    change = update({"data.city": "Pune"}, {"data.city": "Agra"})

    decided = plan_guarded(change, [holds({"city": "Agra"}, isDeleted=True)], None, REVIVE)

    assert isinstance(decided, Reject)
    assert decided.reason == "Changed since the plan: lead_id=7 is deleted by now"


def test_what_was_to_come_back_comes_back() -> None:
    change = update({"isDeleted": False}, {"isDeleted": True})

    back = plan_guarded(change, [holds({"city": "Agra"}, isDeleted=True)], None, RULES)
    there = plan_guarded(change, [holds({"city": "Agra"}, isDeleted=False)], None, RULES)

    assert fields_of(back) == {"isDeleted": False}
    assert isinstance(there, Done)


@pytest.mark.parametrize("city", ["Agra", "Delhi"])
def test_a_delete_that_expects_values_spares_what_holds_others(city: str) -> None:
    guard = Guard("run 3", {"data.city": "Agra"})
    change = replace(wants({}, deletes=True), process_id="x7", guard=guard)

    decided = plan_guarded(change, [holds({"city": city})], None, RULES)

    if city == "Agra":
        assert isinstance(decided, Action)
        assert decided.kind is Kind.DELETE
    else:
        assert isinstance(decided, Reject)
        assert decided.reason == "Changed since run 3: data.city was 'Agra' and is 'Delhi'"


def test_a_type_that_chakra_only_reads_is_no_more_writable_than_elsewhere() -> None:
    change = update({"data.cart": 5}, {"data.cart": 1})

    decided = plan_guarded(change, [holds({"cart": 1})], None, RULES)

    assert isinstance(decided, Reject)
    assert decided.reason == "data.cart is of a type that is only read"


def test_an_unknown_create_that_is_there_as_sent_is_taken_for_it() -> None:
    created = Known("", {"data.city": "Pune"}, {}, False, "leads", True, None, None)  # noqa: FBT003 - a record of facts
    change = replace(wants({"data.city": "Pune"}), guard=Guard("the plan", creates=True))

    decided = plan_guarded(change, [holds({"city": "Pune"})], None, RULES, created)

    assert isinstance(decided, Done)
    assert decided.created is created


def test_a_guarded_change_is_never_combined() -> None:
    guarded = update({"data.city": "Pune"}, {"data.city": None})

    assert may_combine(wants({}), wants({}))
    assert not may_combine(guarded, wants({}))
    assert not may_combine(wants({}), guarded)


def test_without_a_guard_it_is_another_question() -> None:
    with pytest.raises(ValueError, match="without a guard"):
        plan_guarded(wants({}), [], None, RULES)
