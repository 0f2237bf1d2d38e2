"""A process is created only where look-ups are proven to find what exists (design decision 8)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.world import World
    from tests.support.in_process import Told

BELIEVED: dict[str, dict[str, Any]] = {
    "arrays work": {},
    "arrays are ignored": {"array_filter": "ignored"},
    "arrays find nothing": {"array_filter": "find_nothing"},
    "arrays are cut short": {"array_filter": "cut_short"},
    "lists lag": {"index_lag_ms": 3000},
    "there is always more": {"has_more": "always_true_until_empty"},
    "no hasMore": {"has_more": "absent"},
    "no bulk create": {"bulk_create": "404"},
}


def written_rows(world: World) -> list[str]:
    store = world.account.shelves["lead"].store
    living = [slot for slot in range(len(store)) if store.alive[slot]]
    return [str(store.row(slot)["data"]["lead_id"]) for slot in living]


def create(world: World, folder: Path, keys: list[str]) -> Told:
    config = {
        "api_key": KEY,
        "journal": f"sqlite:///{folder}/journal.db",
        "streams": [{"stream": "leads", "procedure": "lead", "key": "lead_id"}],
    }
    columns = {"lead_id": {"type": "string"}, "city": {"type": "string"}}
    schema = {"type": "object", "properties": columns}
    lines = [{"type": "SCHEMA", "stream": "leads", "schema": schema, "key_properties": []}]
    lines += [
        {"type": "RECORD", "stream": "leads", "record": {"lead_id": key, "city": "goa"}}
        for key in keys
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    source = written(folder, "input.singer", text)
    return run_target(world, ["--config", written(folder, "c.json", config), "--input", source])


def receipt(told: Told) -> dict[str, Any]:
    lines = [line for line in told.stderr.splitlines() if line.startswith("{")]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def outcomes(told: Told) -> dict[str, int]:
    return {name: count for name, count in receipt(told)["outcomes"].items() if count}


@pytest.mark.parametrize("knobs", BELIEVED.values(), ids=BELIEVED.keys())
def test_rows_go_on_where_look_ups_find_what_was_created(
    tmp_path: Path, knobs: dict[str, Any]
) -> None:
    world, keys = world_of(0, **knobs), [f"key-{number}" for number in range(40)]
    assert outcomes(create(world, tmp_path, keys)) == {"created": 40}
    assert sorted(written_rows(world)) == sorted(keys)


def test_keys_that_are_stored_in_small_letters_are_found_again(tmp_path: Path) -> None:
    """By the key as sent, every other row is missed."""
    world = world_of(0, normalise=["lower"], duplicate_pk="duplicate")
    keys = [f"{'key' if number % 2 else 'KEY'}-{number}" for number in range(40)]
    assert outcomes(create(world, tmp_path, keys)) == {"created": 40}
    assert sorted(written_rows(world)) == sorted(key.lower() for key in keys)
    assert outcomes(create(world, tmp_path, keys)) == {"unchanged": 40}


def test_an_array_that_is_cut_short_is_found_out_where_there_is_always_more(tmp_path: Path) -> None:
    """Of a hundred keys the server heeds ten, finds a few, and says that there are more."""
    knobs = {"array_filter": "cut_short", "has_more": "always_true_until_empty"}
    world = world_of(98, duplicate_pk="duplicate", **knobs)
    old = written_rows(world)[:40]
    new = [f"key-{number}" for number in range(50)]
    told = create(world, tmp_path, [*new, *old])
    found = written_rows(world)
    assert sorted(found) == sorted(set(found))
    assert outcomes(told)["created"] == len(new)
