"""The judges of undos, of plans and of calls condemn what they must, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.campaigns.simulated.apply_cases import Agreed, is_carried_out
from tests.campaigns.simulated.history import Kept, Wish
from tests.campaigns.simulated.scenarios import dead, lead, note
from tests.campaigns.simulated.undo_cases import Done, is_taken_back


def process(number: int, score: int, *, lives: bool = True) -> Kept:
    return Kept(f"p{number}", ("lead", f"L-{number}"), {"score": score, "name": "n"}, 0, lives)


BEFORE = {each.id: each for each in (process(1, 10), process(2, 20), process(3, 30))}
WRITTEN = {
    each.id: each
    for each in (process(1, 11), process(2, 21), process(3, 30, lives=False), process(4, 41))
}
EDITED = {"p2": {"score": -7}}
RIGHT = {
    "p1": process(1, 10),
    "p2": process(2, -7),
    "p3": process(3, 30),
    "p4": process(4, 41),
}
DONE = Done(BEFORE, WRITTEN, EDITED, deletes_created=False)


def test_nothing_is_condemned_where_all_is_as_it_was_but_for_what_people_changed() -> None:
    assert list(is_taken_back(DONE, RIGHT.values())) == []
    deleted = {**RIGHT, "p4": process(4, 41, lives=False)}
    assert list(is_taken_back(replace(DONE, deletes_created=True), deleted.values())) == []


@pytest.mark.parametrize(
    "wrong",
    [
        process(1, 11),
        process(2, 20),
        process(3, 30, lives=False),
        process(4, 41, lives=False),
        process(5, 1),
    ],
    ids=["not taken back", "an edit gone", "not restored", "created and gone", "made"],
)
def test_each_wrong_end_of_an_undo_is_condemned(wrong: Kept) -> None:
    assert len(list(is_taken_back(DONE, {**RIGHT, wrong.id: wrong}.values()))) == 1


def named(name: str, data: dict[str, object], *, lives: bool = True) -> Kept:
    return Kept(f"id of {name}", ("lead", name), data, 0, lives)


WISHES: list[Wish] = [lead("a", 11), lead("b", 12), lead("new", 13), dead("c"), note("twin", 7)]
AGREED = Agreed(
    WISHES,
    [named(each, {"score": 1, "name": "n"}) for each in ("a", "b", "c", "other")],
    {("lead", "b"): {"score": -7}},
)
DONE_SO = {
    "a": named("a", {"score": 11, "name": "n"}),
    "b": named("b", {"score": -7, "name": "n"}),
    "new": named("new", {"score": 13}),
    "c": named("c", {"score": 1, "name": "n"}, lives=False),
    "twin": named("twin", {"score": 7, "name": "twin"}),
    "other": named("other", {"score": 1, "name": "n"}),
}


def test_nothing_is_condemned_where_a_plan_is_carried_out_but_for_what_people_changed() -> None:
    assert list(is_carried_out(AGREED, DONE_SO.values())) == []


@pytest.mark.parametrize(
    "wrong",
    [
        [named("a", {"score": 1, "name": "n"})],
        [named("b", {"score": 12, "name": "n"})],
        [],
        [DONE_SO["new"], replace(DONE_SO["new"], id="once more")],
        [named("c", {"score": 1, "name": "n"})],
        [DONE_SO["twin"], replace(DONE_SO["twin"], id="once more")],
        [named("other", {"score": 2, "name": "n"})],
    ],
    ids=["not done", "an edit gone", "lost", "made twice", "not deleted", "twice", "another"],
)
def test_each_wrong_end_of_a_plan_is_condemned(wrong: list[Kept]) -> None:
    name = wrong[0].name[1] if wrong else "new"
    now = [each for of, each in DONE_SO.items() if of != name] + wrong
    assert len(list(is_carried_out(AGREED, now))) == 1
