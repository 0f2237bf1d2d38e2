"""Planning: what follows from a row and what ChakraHQ holds, and that it is said only once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from target_chakra.changes import Action, Done, Key, Kind, Known, Mode, Reject
from target_chakra.lifecycle import Outcome
from target_chakra.planning.plan import Rules, plan
from tests.support.planning import KNOWN, REVIVE, RULES, holds, wants

if TYPE_CHECKING:
    from target_chakra.lookups.snapshot import Snapshot

T = TypeVar("T")


def held_there(
    wanted: object, held: object, name: str = "score", *, rules: Rules = RULES
) -> object:
    return plan(wants({f"data.{name}": wanted}), [holds({name: held})], None, rules)


def is_a(kind: type[T], decision: object) -> T:
    assert isinstance(decision, kind)
    return decision


# Nothing is there


def test_an_upsert_of_what_is_not_there_creates_it_without_nulls() -> None:
    action = is_a(Action, plan(wants({"data.city": "Pune", "data.score": None}), [], None, RULES))
    assert (action.kind, action.process_id) == (Kind.CREATE, None)
    assert action.fields == {"data.city": "Pune"}


def test_an_insert_of_what_is_not_there_creates_it() -> None:
    change = wants({"data.city": "Pune"}, mode=Mode.INSERT)
    assert is_a(Action, plan(change, [], None, RULES)).kind is Kind.CREATE


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("known", [None, KNOWN, replace(KNOWN, deleted=True)])
def test_a_delete_of_what_is_gone_is_unchanged(mode: Mode, known: Known | None) -> None:
    done = is_a(Done, plan(wants({}, mode=mode, deletes=True), [], known, RULES))
    assert done.outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("rules", [RULES, REVIVE])
def test_an_update_of_what_is_not_there_is_a_reject(rules: Rules) -> None:
    reject = is_a(Reject, plan(wants({}, mode=Mode.UPDATE), [], None, rules))
    assert "lead_id=7" in reject.reason


def test_an_id_that_is_not_there_is_a_reject_for_ids_are_given_by_chakrahq() -> None:
    change = replace(wants({"data.city": "Pune"}), key=Key("lead", "id", "x9"))
    assert "id=x9" in is_a(Reject, plan(change, [], None, RULES)).reason


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.INSERT, Mode.UPDATE, Mode.MIRROR])
def test_what_the_journal_confirmed_and_is_not_found_is_never_created_again(mode: Mode) -> None:
    reject = is_a(Reject, plan(wants({"data.city": "Pune"}, mode=mode), [], KNOWN, RULES))
    assert "gone from ChakraHQ" in reject.reason


def test_what_is_gone_is_created_again_with_revive() -> None:
    change = wants({"data.city": "Pune"})
    assert is_a(Action, plan(change, [], KNOWN, REVIVE)).kind is Kind.CREATE


def test_what_we_deleted_ourselves_is_created_again() -> None:
    known = replace(KNOWN, deleted=True)
    assert is_a(Action, plan(wants({"data.city": "Pune"}), [], known, RULES)).kind is Kind.CREATE


# Something is there


def test_only_the_fields_that_differ_are_sent_with_what_was_held_before() -> None:
    change = wants({"data.city": "Pune", "data.score": 5, "status": "OPEN"})
    held = holds({"city": "Pune", "score": 4, "phone": "1"}, status="COMPLETED")
    action = is_a(Action, plan(change, [held], None, RULES))
    assert (action.kind, action.process_id) == (Kind.UPDATE, "x7")
    assert action.fields == {"data.score": 5, "status": "OPEN"}
    assert action.before == {"data.score": 4, "status": "COMPLETED"}


def test_a_row_that_says_what_is_held_is_unchanged() -> None:
    done = is_a(Done, plan(wants({"data.city": "Pune"}), [holds({"city": "Pune"})], None, RULES))
    assert (done.outcome, done.process_id) == (Outcome.UNCHANGED, "x7")


@pytest.mark.parametrize(
    ("name", "wanted", "held"),
    [
        ("score", 105, "105"),
        ("score", 105, 105.0),
        ("share", 2.0, 2),
        ("share", 2.5, "2.5"),
        ("city", "5", 5),
        ("city", None, ""),
        ("hot", True, "true"),
        ("met_at", 1_767_225_600_123, "2026-01-01T00:00:00.123Z"),
        ("met_at", 1_767_225_600_000, "2026-01-01T05:30:00+05:30"),
        ("born", 1_767_225_600_000, "2026-01-01"),
        ("tags", ["a"], "a"),
        ("more", {"b": 1, "a": 2}, {"a": 2, "b": 1}),
        ("score", "odd", "odd"),
    ],
    ids=str,
)
def test_values_that_mean_the_same_are_not_sent(name: str, wanted: object, held: object) -> None:
    assert isinstance(held_there(wanted, held, name), Done)


@pytest.mark.parametrize(
    ("name", "wanted", "held"),
    [
        ("score", 105, "106"),
        ("score", 1, True),
        ("score", 0, None),
        ("city", "", "Pune"),
        ("city", "1", True),
        ("hot", False, None),
        ("share", 0.1, 0.10000001),
        ("tags", ["a", "b"], ["b", "a"]),
        ("more", {"a": 1}, {"a": True}),
        ("more", [0], [False]),
        ("more", "1", 1),
        ("met_at", 1_767_225_600_123, 1_767_225_600_124),
        ("score", None, 0),
    ],
    ids=str,
)
def test_values_that_differ_are_sent(name: str, wanted: object, held: object) -> None:
    assert is_a(Action, held_there(wanted, held, name)).fields == {f"data.{name}": wanted}


@pytest.mark.parametrize("held", ["s1", "NEW", {"id": "s1"}, {"shortId": "NEW", "name": "New"}])
def test_a_state_is_the_same_however_it_is_shown(held: object) -> None:
    assert isinstance(plan(wants({"state": "NEW"}), [holds({}, state=held)], None, RULES), Done)


@pytest.mark.parametrize("held", ["u1", "asha.k"])
def test_an_assignee_is_the_same_however_it_is_shown(held: object) -> None:
    change = wants({"assignedTo": "asha.k"})
    assert isinstance(plan(change, [holds({}, assignedTo=held)], None, RULES), Done)


def test_a_delete_marks_what_is_there() -> None:
    action = is_a(Action, plan(wants({}, deletes=True), [holds({})], None, RULES))
    assert (action.kind, action.process_id) == (Kind.DELETE, "x7")


@pytest.mark.parametrize("rules", [RULES, REVIVE])
def test_a_delete_of_what_is_deleted_is_unchanged(rules: Rules) -> None:
    held = holds({}, isDeleted=True)
    assert isinstance(plan(wants({}, deletes=True), [held], None, rules), Done)


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE, Mode.INSERT, Mode.MIRROR])
def test_a_row_of_what_is_deleted_is_a_reject(mode: Mode) -> None:
    held = holds({"city": "Pune"}, isDeleted=True)
    reject = is_a(Reject, plan(wants({"data.city": "Pune"}, mode=mode), [held], None, RULES))
    assert "deleted" in reject.reason


def test_a_row_of_what_is_deleted_brings_it_back_with_revive_even_if_nothing_differs() -> None:
    held = holds({"city": "Pune"}, isDeleted=True)
    action = is_a(Action, plan(wants({"data.city": "Pune"}), [held], None, REVIVE))
    assert (action.kind, action.fields) == (Kind.UPDATE, {"isDeleted": False})
    assert action.before == {"isDeleted": True}


@pytest.mark.parametrize("deletes", [True, False])
def test_a_key_of_two_processes_is_a_reject_and_never_a_guess(*, deletes: bool) -> None:
    held = [holds({}), holds({})]
    reject = is_a(Reject, plan(wants({}, deletes=deletes), held, None, REVIVE))
    assert "2 processes" in reject.reason


# Inserts


def test_an_insert_of_what_is_there_is_a_reject() -> None:
    change = wants({"data.city": "Pune"}, mode=Mode.INSERT)
    assert isinstance(plan(change, [holds({"city": "Pune"})], None, RULES), Reject)


def test_an_insert_that_the_journal_wrote_for_this_row_is_unchanged() -> None:
    change = wants({"data.city": "Pune", "data.score": None}, mode=Mode.INSERT)
    assert isinstance(plan(change, [holds({"city": "edited since"})], KNOWN, RULES), Done)


@pytest.mark.parametrize(
    "known",
    [
        replace(KNOWN, fields={"data.city": "Delhi"}),
        replace(KNOWN, stream="other"),
        replace(KNOWN, created=False),
    ],
    ids=["other fields", "other stream", "not created by us"],
)
def test_an_insert_that_the_journal_did_not_write_for_this_row_is_a_reject(known: Known) -> None:
    change = wants({"data.city": "Pune"}, mode=Mode.INSERT)
    assert isinstance(plan(change, [holds({"city": "Pune"})], known, RULES), Reject)


# Destinations with rules of their own


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_only_if_empty_writes_where_nothing_is_held(empty: object) -> None:
    rules = replace(RULES, only_if_empty=("data.more",))
    assert isinstance(held_there("x", empty, "more", rules=rules), Action)


@pytest.mark.parametrize("held", ["Delhi", 0, False])
def test_only_if_empty_never_overwrites(held: object) -> None:
    rules = replace(RULES, only_if_empty=("data.city",))
    assert isinstance(held_there("Pune", held, "city", rules=rules), Done)


def test_only_if_empty_counts_for_its_own_fields_alone() -> None:
    rules = replace(RULES, only_if_empty=("data.city",))
    change = wants({"data.city": "Pune", "data.score": 2})
    action = is_a(Action, plan(change, [holds({"city": "Delhi", "score": 1})], None, rules))
    assert action.fields == {"data.score": 2}


def test_fields_of_the_record_are_sent_on_create_and_never_after() -> None:
    change = wants({"record.phone": "5"})
    assert is_a(Action, plan(change, [], None, RULES)).fields == {"record.phone": "5"}
    assert isinstance(plan(change, [holds({})], None, RULES), Done)


def test_a_read_only_value_may_only_agree_with_what_is_held() -> None:
    assert isinstance(held_there({"n": 1}, {"n": 1}, "cart"), Done)
    assert "data.cart" in is_a(Reject, held_there({"n": 1}, {"n": 2}, "cart")).reason


def test_a_read_only_value_is_never_sent_with_a_create() -> None:
    change = wants({"data.city": "Pune", "data.cart": {"n": 1}})
    assert "data.cart" in is_a(Reject, plan(change, [], None, RULES)).reason
    unset = wants({"data.city": "Pune", "data.cart": None})
    assert is_a(Action, plan(unset, [], None, RULES)).fields == {"data.city": "Pune"}


# Conversions that ChakraHQ makes

WROTE = replace(KNOWN, fields={"data.phone": "+91 99"}, began=1_000, ended=2_000)
PHONE = wants({"data.phone": "+91 99"})


def shows(phone: object, updated_at: int | None) -> list[Snapshot]:
    return [holds({"phone": phone}, updatedAt=updated_at)]


@pytest.mark.parametrize("updated_at", [1_000, 1_500, 2_000])
def test_what_the_server_made_of_a_value_while_our_job_ran_is_learned(updated_at: int) -> None:
    known = replace(WROTE, began=1_767_225_600_000 + 1_000, ended=1_767_225_600_000 + 2_000)
    decision = plan(PHONE, shows("9199", 1_767_225_600_000 + updated_at), known, RULES)
    assert is_a(Done, decision).learned == {"data.phone": "9199"}


@pytest.mark.parametrize("updated_at", [999, 2_001, None])
def test_what_somebody_edited_after_our_job_is_sent_again(updated_at: int | None) -> None:
    base = 1_767_225_600_000
    known = replace(WROTE, began=base + 1_000, ended=base + 2_000)
    shown = shows("9199", None if updated_at is None else base + updated_at)
    assert is_a(Action, plan(PHONE, shown, known, RULES)).fields == {"data.phone": "+91 99"}


def test_a_learned_conversion_counts_as_unchanged_however_late_the_row_was_touched() -> None:
    known = replace(WROTE, learned={"data.phone": "9199"})
    assert isinstance(plan(PHONE, shows("9199", 9_999_999_999_999), known, RULES), Done)


def test_a_learned_conversion_does_not_excuse_another_value() -> None:
    known = replace(WROTE, learned={"data.phone": "9199"})
    assert isinstance(plan(PHONE, shows("8888", 1_500), known, RULES), Action)
    other = wants({"data.phone": "+91 88"})
    assert isinstance(plan(other, shows("9199", 1_500), known, RULES), Action)


def test_a_null_that_clears_is_never_a_conversion() -> None:
    known = replace(KNOWN, fields={"data.phone": None}, learned={"data.phone": "9199"})
    clear = wants({"data.phone": None})
    assert isinstance(plan(clear, shows("9199", 1_500), known, RULES), Action)
