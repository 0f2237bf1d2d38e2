"""What lists may not show yet: an answer that misses our own job's work is not believed."""

from __future__ import annotations

import sys
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.batches import Settlement
from target_chakra.changes import Action, Key, Kind
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.recent_writes import (
    Digest,
    Packed,
    RecentWrites,
    Write,
    shows_older,
)
from tests.support.planning import DESTINATIONS, KEY, holds, wants

COMPARABLE = DESTINATIONS.comparable
LAG = 30.0
BEGAN = 1_767_225_600_123
WROTE = Write("x7", {"data.score": 5}, deleted=False, began=BEGAN, until=LAG)

TIMES = {
    "before our job began": (BEGAN - 1, 5, BEGAN, True),
    "as our job began": (BEGAN, 4, BEGAN, False),
    "in the second in which it began, as we wrote it": (BEGAN, 5, BEGAN - 123, False),
    "in the second in which it began, not as we wrote it": (BEGAN, 4, BEGAN - 123, True),
    "in a later second, not as we wrote it": (BEGAN + 1_000, 4, BEGAN - 123, False),
    "at a time nobody knows, as we wrote it": (None, 5, BEGAN, False),
    "at a time nobody knows, not as we wrote it": (None, 4, BEGAN, True),
    "while nobody knows when our job began": (BEGAN, 4, None, True),
}


@pytest.mark.parametrize(("updated", "score", "began", "older"), TIMES.values(), ids=TIMES)
def test_a_process_that_was_last_touched(
    *, updated: int | None, score: int, began: int | None, older: bool
) -> None:
    held = replace(holds({"score": score}), updated_at=updated)
    assert shows_older(held, replace(WROTE, began=began), COMPARABLE) is older


CONTENT = {
    "as we wrote it": ({"data.score": 5}, False, {"score": "5"}, False, False),
    "as before our job": ({"data.score": 5}, False, {"score": 4}, False, True),
    "as if it were not there yet": ({"data.score": 5}, False, {}, False, True),
    "alive, though we deleted it": ({}, True, {}, False, True),
    "deleted, as we left it": ({"data.score": 5}, True, {}, True, False),
    "deleted, though we wrote it": ({"data.score": 5}, False, {"score": 5}, True, True),
    "without what counts on create only": ({"record.name": "x"}, False, {}, False, False),
}


@pytest.mark.parametrize(
    ("fields", "deleted", "shown", "dead", "older"), CONTENT.values(), ids=CONTENT
)
def test_without_updated_at_a_process_that_is_shown(
    *, fields: dict[str, Any], deleted: bool, shown: dict[str, Any], dead: bool, older: bool
) -> None:
    write = replace(WROTE, fields=fields, deleted=deleted)
    held = replace(holds(shown), updated_at=None, deleted=dead)
    assert shows_older(held, write, COMPARABLE) is older


def recent() -> RecentWrites:
    return RecentWrites(lambda _attribute, value: str(value), COMPARABLE)


def wrote(
    kind: Kind = Kind.UPDATE, fields: dict[str, Any] | None = None, **before: Any
) -> Settlement:
    action = Action(wants({}), kind, "x7", fields or {"data.score": 5}, before)
    return Settlement(action, Outcome.UPDATED, "x7")


def noted(*settlements: Settlement, keys: tuple[str, ...] = ("lead_id",)) -> RecentWrites:
    writes = recent()
    for each in settlements:
        writes.note(each, BEGAN, LAG, keys)
    return writes


def test_a_process_that_is_not_listed_at_all_is_looked_up_again_until_lists_have_caught_up() -> (
    None
):
    writes, at, looks = noted(wrote()), 0.0, 0
    while (pause := writes.pause(KEY, (), at, LAG)) is not None:
        at, looks = at + pause, looks + 1
    assert LAG <= at < LAG + 0.01
    assert 8 < looks < 25


def test_what_is_listed_as_we_wrote_it_is_believed() -> None:
    held = holds({"score": 5}, updatedAt=BEGAN)
    assert noted(wrote()).pause(KEY, (held,), 0.0, LAG) is None


def test_what_another_wrote_is_not_waited_for() -> None:
    assert noted(wrote()).pause(KEY._replace(value=8), (), 0.0, LAG) is None


def test_what_we_deleted_may_be_absent_and_may_not_be_shown() -> None:
    writes = noted(wrote(Kind.DELETE))
    assert writes.pause(KEY, (), 0.0, LAG) is None
    assert writes.pause(KEY, (holds({}, updatedAt=BEGAN - 1),), 0.0, LAG) is not None


def test_a_process_is_known_by_its_id_and_by_a_key_that_was_given_to_it() -> None:
    writes = noted(wrote(fields={"data.phone": "99"}), keys=("lead_id", "phone"))
    assert writes.pause(Key("lead", "id", "x7"), (), 0.0, LAG) is not None
    assert writes.pause(Key("lead", "phone", "99"), (), 0.0, LAG) is not None
    assert writes.pause(Key("lead", "city", "99"), (), 0.0, LAG) is None


def test_a_key_that_was_taken_from_a_process_may_name_none() -> None:
    first, key = wrote(fields={"data.phone": "99"}), Key("lead", "phone", "99")
    second = wrote(fields={"data.phone": "88"}, **{"data.phone": "99"})
    writes = noted(first, second, keys=("lead_id", "phone"))
    assert writes.pause(key, (), 0.0, LAG) is None
    assert writes.pause(key, (holds({"phone": "99"}, updatedAt=BEGAN - 1),), 0.0, LAG) is not None


def test_two_writes_are_both_to_be_seen() -> None:
    writes = noted(wrote(), wrote(fields={"data.city": "Pune"}))
    shown = replace(holds({"city": "Pune", "score": 4}), updated_at=None)
    assert writes.pause(KEY, (shown,), 0.0, LAG) is not None


def test_what_an_earlier_run_wrote_is_known_by_any_of_its_values() -> None:
    writes = recent()
    writes.note(wrote(fields={"data.city": "Pune"}), BEGAN, LAG)
    assert writes.pause(Key("lead", "city", "Pune"), (), 0.0, LAG) is not None


LONG = "wants an invoice; " * 60_000
SHOWN = {
    "as it was written": (LONG, True),
    "otherwise in its last character": (f"{LONG[:-1]}!", False),
    "not at all": (None, False),
}


@pytest.mark.parametrize(("text", "believed"), SHOWN.values(), ids=SHOWN)
def test_a_large_value_is_known_again_by_its_digest(text: str | None, *, believed: bool) -> None:
    writes = noted(wrote(fields={"data.remarks": LONG}))
    shown = replace(holds({"remarks": text}), updated_at=None)
    assert (writes.pause(KEY, (shown,), 0.0, LAG) is None) is believed


def test_a_list_is_known_again_whatever_the_form_in_which_it_is_shown() -> None:
    writes = noted(wrote(fields={"data.tags": ["vip", "q1"]}))
    shown = replace(holds({"tags": ["vip", "q1"]}), updated_at=None)
    assert writes.pause(KEY, (shown,), 0.0, LAG) is None


def test_what_rows_weigh_is_not_kept() -> None:
    """With 400 rows of a megabyte in half a minute these were 400 MB."""
    writes = recent()
    tracemalloc.start()
    for number in range(40):
        text = f"{number} {LONG}"
        action = Action(wants({}), Kind.CREATE, None, {"data.remarks": text}, {})
        writes.note(Settlement(action, Outcome.CREATED, f"x{number}"), BEGAN, LAG)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 4 * len(LONG)


@given(
    st.lists(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(st.characters(codec=None), max_size=64)
        | st.binary(min_size=16, max_size=16).map(Digest),
        max_size=20,
    )
)
def test_what_is_packed_comes_back_as_it_was(values: list[object]) -> None:
    names = tuple(f"data.a{n}" for n in range(len(values)))
    came = list(Packed.of(names, values).items())
    assert came == list(zip(names, values, strict=True))
    assert [type(value) for _, value in came] == [type(value) for value in values]


def test_a_row_of_twenty_values_takes_no_more_room_than_it_is_long() -> None:
    values = [value for n in range(5) for value in (10**6 + n, n / 7, f"a text, number {n}", None)]
    names = tuple(f"data.a{n}" for n in range(20))
    assert sys.getsizeof(Packed.of(names, values).values) < 300


def test_nothing_is_kept_when_lists_have_caught_up() -> None:
    writes = noted(wrote())
    assert writes.is_recent("x7", LAG - 0.1)
    assert not writes.is_recent("x7", LAG)


def test_the_process_that_was_written_by_a_key_is_known() -> None:
    assert noted(wrote()).process_of(KEY) == "x7"
    assert noted(wrote()).process_of(KEY._replace(value=8)) == ""
    assert noted(wrote(), wrote(Kind.DELETE)).process_of(KEY) == ""
