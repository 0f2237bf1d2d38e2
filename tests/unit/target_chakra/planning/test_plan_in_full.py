"""Each decision of planning as a whole: what a person reads of it, and what the next step is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chakra_api.values.writing import OnlyHeld
from target_chakra.changes import Action, Done, Key, Kind, Mode, Reject
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.comparison import same
from target_chakra.planning.plan import differing, plan, unwritable
from target_chakra.reject_kind import RejectKind
from tests.support.planning import DESTINATIONS, KNOWN, REVIVE, RULES, holds, wants

if TYPE_CHECKING:
    from target_chakra.changes import Change, Known
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.planning.plan import Rules

CITY = {"data.city": "Pune"}
THERE = holds({"city": "Goa"})
PLANS = replace(RULES, leaves_plan=True)
SEEN = {
    "state": None, "status": None, "assignedTo": None, "nextActionAt": None, "data.city": "Goa"
}  # fmt: skip
GONE = holds({"city": "Goa"}, isDeleted=True)
INSERT = wants(CITY, mode=Mode.INSERT)
BY_ID = replace(wants(CITY), key=Key("lead", "id", "x9"))
REJECTS: dict[str, tuple[Change, list[Snapshot], Known | None, Rules, str, str, str]] = {
    "two of them": (
        wants(CITY),
        [THERE, THERE],
        None,
        RULES,
        "2 processes of 'lead' have the key lead_id=7",
        "Make the key unique in ChakraHQ, or map the process's id",
        "several processes have the key",
    ),
    "gone": (
        wants(CITY),
        [],
        KNOWN,
        RULES,
        "lead_id=7 is gone from ChakraHQ, where it was written before",
        "Take the row out of the source, or set revive to create it again",
        "the process was written before, and is gone from ChakraHQ",
    ),
    "nothing to update": (
        wants(CITY, mode=Mode.UPDATE),
        [],
        None,
        RULES,
        "There is no process with lead_id=7 in 'lead'",
        "Check the key, or use mode upsert with a key attribute to create it",
        "there is no process with the key",
    ),
    "no such id": (
        BY_ID,
        [],
        None,
        RULES,
        "There is no process with id=x9 in 'lead'",
        "Check the key, or use mode upsert with a key attribute to create it",
        "there is no process with the key",
    ),
    "only read, and new": (
        wants({"data.cart": "[]"}),
        [],
        None,
        RULES,
        "data.cart is of a type that is only read",
        "Leave it out with fields",
        "a field is only read: data.cart",
    ),
    "only read, and different": (
        wants({"data.cart": "[1]"}),
        [holds({"cart": "[2]"})],
        None,
        RULES,
        "data.cart is of a type that is only read, and its value differs from ChakraHQ's",
        "Leave it out with fields",
        "a field is only read: data.cart",
    ),
    "deleted": (
        wants(CITY),
        [GONE],
        None,
        RULES,
        "The process with lead_id=7 is deleted in 'lead'",
        "Restore it in ChakraHQ, take the row out of the source, or set revive",
        "the process is deleted",
    ),
    "there already": (
        INSERT,
        [THERE],
        None,
        RULES,
        "A process of 'lead' has lead_id=7 already",
        "Use mode upsert to change it",
        "a process has the key already",
    ),
}


@pytest.mark.parametrize("case", REJECTS.values(), ids=REJECTS)
def test_a_reject_says_what_is_wrong_and_what_to_do(
    case: tuple[Change, list[Snapshot], Known | None, Rules, str, str, str],
) -> None:
    change, held, known, rules, reason, next_step, brief = case
    decision = plan(change, held, known, rules)
    assert isinstance(decision, Reject)
    assert (decision.change, decision.reason, decision.next_step) == (change, reason, next_step)
    assert decision.brief == brief


DELETE = wants({}, deletes=True)
LEARNED = replace(KNOWN, fields={"data.phone": "+91 99"}, learned={"data.phone": "9199"})
ORIGINAL = replace(KNOWN, fields=CITY)
DONE: dict[
    str, tuple[Change, list[Snapshot], Known | None, Rules, str | None, dict[str, object]]
] = {
    "a delete of nothing": (DELETE, [], None, RULES, None, {}),
    "a delete of what is deleted": (DELETE, [GONE], None, RULES, "x7", {}),
    "what is held already": (wants({"data.city": "Goa"}), [THERE], KNOWN, RULES, "x7", {}),
    "an insert that came again": (INSERT, [THERE], ORIGINAL, RULES, "x7", {}),
    "what it was learned to become": (
        wants({"data.phone": "+91 99"}),
        [holds({"phone": "9199"})],
        LEARNED,
        RULES,
        "x7",
        {"data.phone": "9199"},
    ),
}


@pytest.mark.parametrize("case", DONE.values(), ids=DONE)
def test_what_is_so_already_is_unchanged_and_names_its_process(
    case: tuple[Change, list[Snapshot], Known | None, Rules, str | None, dict[str, object]],
) -> None:
    change, held, known, rules, process_id, learned = case
    decision = plan(change, held, known, rules)
    assert decision == Done(change, Outcome.UNCHANGED, process_id, learned, known=known)


ACTIONS: dict[str, tuple[Change, list[Snapshot], Known | None, Rules, Action]] = {
    "a create": (
        INSERT,
        [],
        None,
        RULES,
        Action(INSERT, Kind.CREATE, None, CITY, {}),
    ),
    "a create of what we deleted": (
        wants(CITY),
        [],
        replace(KNOWN, deleted=True),
        RULES,
        Action(wants(CITY), Kind.CREATE, None, CITY, {}, known=replace(KNOWN, deleted=True)),
    ),
    "an update": (
        wants(CITY),
        [THERE],
        KNOWN,
        RULES,
        Action(wants(CITY), Kind.UPDATE, "x7", CITY, {"data.city": "Goa"}, known=KNOWN),
    ),
    "a delete": (
        DELETE,
        [THERE],
        KNOWN,
        RULES,
        Action(DELETE, Kind.DELETE, "x7", {}, {"isDeleted": False}, known=KNOWN),
    ),
    "a delete for a plan": (
        DELETE,
        [THERE],
        KNOWN,
        PLANS,
        Action(DELETE, Kind.DELETE, "x7", {}, {"isDeleted": False}, known=KNOWN, seen=SEEN),
    ),
    "a delete for a plan, of what tells when it was written": (
        DELETE,
        [holds({"city": "Goa"}, updatedAt=4_000)],
        KNOWN,
        PLANS,
        Action(
            DELETE,
            Kind.DELETE,
            "x7",
            {},
            {"isDeleted": False},
            known=KNOWN,
            seen={"updatedAt": 4_000},
        ),
    ),
    "a revival": (
        wants(CITY),
        [GONE],
        KNOWN,
        REVIVE,
        Action(
            wants(CITY),
            Kind.UPDATE,
            "x7",
            {**CITY, "isDeleted": False},
            {"data.city": "Goa", "isDeleted": True},
            known=KNOWN,
        ),
    ),
}


@pytest.mark.parametrize("case", ACTIONS.values(), ids=ACTIONS)
def test_what_is_to_be_sent_is_planned_whole(
    case: tuple[Change, list[Snapshot], Known | None, Rules, Action],
) -> None:
    change, held, known, rules, action = case
    assert plan(change, held, known, rules) == action


@pytest.mark.parametrize(
    "known",
    [None, replace(KNOWN, created=False), replace(KNOWN, stream="another"),
     replace(KNOWN, fields={"data.city": "Goa"}), replace(KNOWN, fields={})],
)  # fmt: skip
def test_an_insert_of_what_is_there_is_the_same_row_only_if_this_stream_wrote_all_of_it(
    known: Known | None,
) -> None:
    assert isinstance(plan(INSERT, [THERE], known, RULES), Reject)


PHONE = wants({"data.phone": "+91 99"})
TOUCHED = replace(KNOWN, fields={"data.phone": "+91 99"}, began=1_000, ended=2_000)
MADE_OF_IT = {
    "within our job": (TOUCHED, 1_500, True),
    "as it began": (TOUCHED, 1_000, True),
    "as it ended": (TOUCHED, 2_000, True),
    "before it": (TOUCHED, 999, False),
    "after it": (TOUCHED, 2_001, False),
    "at no known time": (TOUCHED, 0, False),
    "in a job that began at no known time": (replace(TOUCHED, began=None), 1_500, False),
    "in a job that ended at no known time": (replace(TOUCHED, ended=None), 1_500, False),
    "of another value": (replace(TOUCHED, fields={"data.phone": "+44"}), 1_500, False),
    "of no value": (replace(TOUCHED, fields={}), 1_500, False),
    "known to become another": (replace(TOUCHED, learned={"data.phone": "44"}), 1_500, False),
    "known to become this": (replace(TOUCHED, learned={"data.phone": "9199"}), 0, True),
}


@pytest.mark.parametrize(("known", "updated", "is_ours"), MADE_OF_IT.values(), ids=MADE_OF_IT)
def test_a_difference_is_chakrahqs_own_doing_only_while_our_job_ran(
    known: Known,
    updated: int,
    is_ours: bool,  # noqa: FBT001 - drawn
) -> None:
    held = replace(holds({"phone": "9199"}), updated_at=updated)
    decision = plan(PHONE, [held], known, RULES)
    assert isinstance(decision, Done if is_ours else Action)


def test_a_null_is_never_the_conversion_of_anything() -> None:
    known = replace(TOUCHED, fields={"data.phone": None})
    decision = plan(
        wants({"data.phone": None}), [holds({"phone": "9"}, updatedAt=1_500)], known, RULES
    )
    assert isinstance(decision, Action)


KEPT = replace(RULES, only_if_empty=("data.city",))


@pytest.mark.parametrize("held", [None, "", [], {}])
def test_what_is_set_only_if_empty_is_set_where_nothing_is_held(held: object) -> None:
    assert differing(wants(CITY), holds({"city": held}), KEPT) == CITY


def test_what_is_set_only_if_empty_never_hides_what_follows() -> None:
    change = wants({**CITY, "record.phone": "1", "data.score": 2, "status": "OPEN"})
    assert differing(change, THERE, KEPT) == {"data.score": 2, "status": "OPEN"}


def test_a_type_that_is_only_read_is_named_by_itself_where_there_is_no_more_to_say() -> None:
    change = wants(CITY)
    reason = "data.city is of a type that is only read"
    rules = replace(RULES, read_only=["data.city"])
    step, kind = "Leave it out with fields", RejectKind.ONLY_READ
    expected = Reject(change, reason, step, kind=kind, about="data.city")
    assert unwritable(change, CITY, rules) == expected


def test_what_may_only_be_held_is_unchanged_where_it_is_and_else_a_reject() -> None:
    change = replace(wants({"data.city": OnlyHeld("Goa", "city is no choice")}), alone=True)
    assert plan(change, [THERE], None, RULES) == Done(change, Outcome.UNCHANGED, THERE.process_id)
    for held in ([holds({"city": "Pune"})], []):
        decided = plan(change, held, None, RULES)
        assert isinstance(decided, Reject)
        assert decided.reason == "city is no choice"


KEEPS_TRUE = {
    "numbers as text": ("data.score", 5, "5", True),
    "true is not one": ("data.more", True, 1, False),
    "nothing and empty": ("data.city", None, "", True),
    "empty and nothing": ("data.city", "", None, False),
    "nothing and zero": ("data.score", None, 0, False),
    "two that do not fit, alike": ("data.score", "x", "x", True),
    "two that do not fit": ("data.score", "x", "y", False),
    "one that does not fit": ("data.score", 5, "x", False),
    "nested, alike": ("data.more", {"a": [1]}, {"a": [1]}, True),
    "nested, and true is not one": ("data.more", {"a": [1]}, {"a": [True]}, False),
}


@pytest.mark.parametrize(("name", "wanted", "held", "alike"), KEEPS_TRUE.values(), ids=KEEPS_TRUE)
def test_two_values_mean_the_same(
    name: str,
    wanted: object,
    held: object,
    alike: bool,  # noqa: FBT001 - drawn
) -> None:
    assert same(name, wanted, held, DESTINATIONS.comparable) is alike
