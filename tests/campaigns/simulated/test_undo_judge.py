"""The judge of undos condemns what it must, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.campaigns.simulated.history import Kept
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


def test_it_condemns_nothing_where_all_is_as_it_was_but_for_what_people_changed() -> None:
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
def test_it_condemns_each_wrong_end(wrong: Kept) -> None:
    assert len(list(is_taken_back(DONE, {**RIGHT, wrong.id: wrong}.values()))) == 1
