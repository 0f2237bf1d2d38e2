"""keep_edits: what is proven to be an edit, and what only may be one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.changes import Action, Done, Known
from target_chakra.lifecycle import Outcome
from target_chakra.planning.edits import EditsKept
from target_chakra.planning.plan import plan
from tests.support.planning import KNOWN, RULES, holds, wants

if TYPE_CHECKING:
    from target_chakra.planning.plan import Decision, Rules

KEEPING = replace(RULES, keeps=EditsKept(everywhere=True))


def knows(fields: dict[str, object], **more: object) -> Known:
    return replace(KNOWN, fields=fields, **more)  # type: ignore[arg-type]  # of the tests


def decided(
    wanted: object, held: object, known: Known | None, name: str = "city", rules: Rules = KEEPING
) -> Decision:
    data = {} if held is None else {name: held}
    return plan(wants({f"data.{name}": wanted}), [holds(data)], known, rules)


def test_what_is_neither_written_last_nor_wanted_is_kept() -> None:
    done = decided("Pune", "Delhi", knows({"data.city": "Pune"}))
    assert isinstance(done, Done)
    assert (done.outcome, done.kept) == (Outcome.KEPT, {"data.city": "Delhi"})


@pytest.mark.parametrize(
    ("known", "rules"),
    [
        (knows({"data.city": "Agra"}), KEEPING),  # the source wants something new
        (knows({}), KEEPING),  # nobody knows what was written last
        (None, KEEPING),
        (knows({"data.city": "Pune"}), RULES),  # nothing is to be kept
        (knows({"data.city": "Pune"}), replace(RULES, keeps=EditsKept(True, {"data.city"}))),  # type: ignore[arg-type]  # noqa: FBT003 - the exception
    ],
)
def test_without_proof_of_an_edit_it_is_written(known: Known | None, rules: Rules) -> None:
    action = decided("Pune", "Delhi", known, rules=rules)
    assert isinstance(action, Action)
    assert (action.fields, action.kept) == ({"data.city": "Pune"}, {})


@pytest.mark.parametrize(
    ("name", "wanted", "held", "known"),
    [
        ("score", 105, "105", knows({"data.score": 105})),  # another spelling of the same
        ("phone", "+9155", "9155", knows({"data.phone": "+9155"}, learned={"data.phone": "9155"})),
        ("tags", ["a", "b"], ["a", "b"], knows({"data.tags": ["a", "b"]})),
    ],
)
def test_what_chakrahq_made_of_a_value_is_no_edit(
    name: str, wanted: object, held: object, known: Known
) -> None:
    done = decided(wanted, held, known, name)
    assert isinstance(done, Done)
    assert (done.outcome, done.kept) == (Outcome.UNCHANGED, {})


@pytest.mark.parametrize(
    ("name", "wanted", "held", "known"),
    [
        ("phone", "+9155", "9166", knows({"data.phone": "+9155"}, learned={"data.phone": "9155"})),
        ("tags", ["a", "b"], ["a"], knows({"data.tags": ["a", "b"]})),
        ("city", "Pune", None, knows({"data.city": "Pune"})),
        ("city", None, "Pune", knows({"data.city": None})),
        # What an undo took back was written last all the same.
        ("city", "Pune", "Agra", knows({}, replaced={"data.city": "Pune"})),
    ],
)
def test_what_a_person_made_of_it_is_one(
    name: str, wanted: object, held: object, known: Known
) -> None:
    done = decided(wanted, held, known, name)
    assert isinstance(done, Done)
    assert (done.outcome, done.kept) == (Outcome.KEPT, {f"data.{name}": held})


def test_fields_beside_it_are_written() -> None:
    wanted = wants({"data.city": "Pune", "data.score": 5})
    known = knows({"data.city": "Pune", "data.score": 4})
    action = plan(wanted, [holds({"city": "Delhi", "score": 4})], known, KEEPING)
    assert isinstance(action, Action)
    assert (action.fields, action.kept) == ({"data.score": 5}, {"data.city": "Delhi"})


def test_a_delete_is_not_held_back() -> None:
    known = knows({"data.city": "Pune"})
    assert isinstance(plan(wants({}, deletes=True), [holds({"city": "X"})], known, KEEPING), Action)


@pytest.mark.parametrize(
    ("known", "tells"),
    [
        (None, True),
        (knows({}), True),
        (knows({"data.city": "Agra"}), True),
        (knows({"data.city": "Pune"}), False),
        (knows({}, replaced={"data.city": "Pune"}), True),
    ],
)
def test_a_row_as_it_should_be_is_stored_where_it_tells_more(
    known: Known | None, *, tells: bool
) -> None:
    done = decided("Pune", "Pune", known)
    assert isinstance(done, Done)
    assert done.is_whole is tells


VALUES = st.one_of(st.none(), st.integers(-3, 3), st.booleans(), st.sampled_from(["", "1", "a"]))


@given(wanted=VALUES, held=VALUES, written=VALUES)
def test_nothing_is_written_over_an_edit_while_the_source_wants_the_same(
    wanted: object, held: object, written: object
) -> None:
    """By the plain words of the document, for values that are texts and equal only as such."""
    texts = [None if each in (None, "") else str(each) for each in (wanted, held, written)]
    wants_now, holds_now, was_written = texts
    decision = decided(wants_now, holds_now, knows({"data.city": was_written}))
    if holds_now == wants_now:
        assert isinstance(decision, Done)
        assert decision.outcome is Outcome.UNCHANGED
    elif wants_now == was_written:
        assert isinstance(decision, Done)
        assert decision.outcome is Outcome.KEPT
    else:
        assert isinstance(decision, Action)
