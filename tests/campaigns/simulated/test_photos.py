"""Photos come through faults and deaths, and what judges them condemns what it must."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from target_chakra.photos.photo_attribute import PhotoAttribute
from tests.campaigns.simulated.campaigns import first_cases, pair_cases, run_case, single_cases
from tests.campaigns.simulated.photo_cases import (
    content_of,
    picture,
    wrongly_held,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


SINGLE_EVERY, FIRST_EVERY, PAIR_EVERY = 9, 9, 11


@pytest.mark.parametrize("part", range(3))
def test_a_photo_is_there_once_whatever_becomes_of_its_runs(part: int) -> None:
    for number in range(9_000 + part * 4, 9_004 + part * 4):
        assert run_case(f"photos/{number}").condemned == (), f"photos/{number}"


def test_a_photo_is_there_once_under_a_single_fault() -> None:
    cases = single_cases("photo-kinds")[::SINGLE_EVERY]
    assert len(cases) > 20
    assert [each for each in map(run_case, cases) if each.condemned] == []


def test_a_photo_is_there_once_under_two_faults() -> None:
    firsts = first_cases("photo-short")[::FIRST_EVERY]
    cases = [pair for first in firsts for pair in islice(pair_cases(first), 0, None, PAIR_EVERY)]
    assert len(cases) > 20
    assert [each for each in map(run_case, cases) if each.condemned] == []


def test_ids_of_chance_are_condemned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were an id not made of its content, a repeated row would bring a second photo."""
    ids = iter(range(10_000))
    monkeypatch.setattr(
        PhotoAttribute, "photo_id", lambda *_: f"51c2d3e4-f5a6-4b7c-8d9e-{next(ids):012x}"
    )
    found: list[str] = []
    for number in range(9_000, 9_004):
        found += run_case(f"photos/{number}").condemned
    assert any("is there" in each for each in found)


WISHES = [picture(1, b"a"), picture(1, b"b"), picture(2, b"a"), picture(900, b"c", fits=False)]
A, B, C = (content_of(WISHES[at]) for at in (0, 1, 3))
UPLOADED = {"a1": A, "b1": B, "a2": A}
HELD: dict[str, object] = {"1": "b1", "2": "a2", "3": None}


def test_what_ended_well_is_not_condemned() -> None:
    assert list(wrongly_held(WISHES, HELD, UPLOADED, is_late=False)) == []
    late = {**HELD, "1": "a1"}
    assert list(wrongly_held(WISHES, late, UPLOADED, is_late=True)) == []


@pytest.mark.parametrize(
    ("held", "uploaded"),
    [
        ({"1": "a1"}, {}),
        ({"1": None}, {}),
        ({"1": "b1 of nobody"}, {}),
        ({"2": "b1"}, {}),
        ({"3": "a1"}, {}),
        ({}, {"a3": A}),
        ({}, {"b2": B}),
        ({}, {"c1": C}),
    ],
)
def test_each_wrong_end_is_condemned(
    held: Mapping[str, object], uploaded: Mapping[str, str]
) -> None:
    wrong = wrongly_held(WISHES, {**HELD, **held}, {**UPLOADED, **uploaded}, is_late=False)
    assert list(wrong) != []
