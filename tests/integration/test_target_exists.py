"""A create that is refused because its key exists is looked up once more, and planned anew."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World
    from tests.support.in_process import Told

ROWS = 300
NOTHING = b'{"_data":[],"_meta":{"hasMore":false},"_errors":[]}'


class Race:
    """Another run writes after this one has looked, and before its first create arrives."""

    def __init__(self) -> None:
        self.created = False
        self.sizes: list[int] = []

    def __call__(self, request: Request, response: Response) -> Response:
        self.created |= request.method != "GET" and not request.path.endswith("/list")
        if request.path.endswith("bulk-create"):
            self.sizes.append(len(json.loads(request.body or b"[]")))
        is_list = "/process" in request.path and "_data" in response.body.decode()
        rows = json.loads(response.body).get("_data") if is_list else None
        if self.created or not isinstance(rows, list):
            return response
        return replace(response, body=NOTHING)


def run(
    world: World, folder: Path, rows: list[dict[str, Any]], race: Race | None = None, **more: Any
) -> Told:
    mapping = {"stream": "leads", "procedure": "lead", "key": "lead_id", **more}
    journal = f"sqlite:///{folder}/journal.db"
    config = {"api_key": KEY, "journal": journal, "streams": [mapping]}
    shape = {"type": "object", "properties": {"lead_id": {}, "city": {}}}
    lines: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": "leads", "schema": shape, "key_properties": []}
    ]
    lines += [{"type": "RECORD", "stream": "leads", "record": row} for row in rows]
    source = written(folder, "input.singer", "".join(f"{json.dumps(line)}\n" for line in lines))
    config_path = written(folder, "c.json", config)
    return run_target(world, ["--config", config_path, "--input", source], race)


def outcomes(told: Told) -> dict[str, int]:
    receipt = json.loads([x for x in told.stderr.splitlines() if x.startswith('{"run"')][-1])
    return {name: count for name, count in receipt["outcomes"].items() if count}


def leads(city: str, count: int = ROWS) -> list[dict[str, Any]]:
    return [{"lead_id": f"key-{number}", "city": city} for number in range(count)]


def living(world: World) -> list[dict[str, Any]]:
    store = world.account.shelves["lead"].store
    return [store.row(slot)["data"] for slot in range(len(store)) if store.alive[slot]]


@pytest.mark.parametrize("knobs", [{}, {"bulk_create": "404"}], ids=["bulk", "single"])
def test_two_runs_at_once_with_journals_of_their_own(tmp_path: Path, knobs: dict[str, Any]) -> None:
    world = world_of(0, **knobs)
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    assert outcomes(run(world, first, leads("goa"))) == {"created": ROWS}
    raced = run(world, second, leads("goa"), Race())
    assert outcomes(raced) == {"unchanged": ROWS}, raced.stderr
    assert raced.code == 0
    assert outcomes(run(world, second, leads("pune"), Race())) == {"updated": ROWS}
    assert [row["city"] for row in living(world)] == ["pune"] * ROWS


def test_batches_grow_after_one_whose_rows_were_refused_one_by_one(tmp_path: Path) -> None:
    world, race = world_of(0), Race()
    (tmp_path / "a").mkdir()
    run(world, tmp_path / "a", leads("goa"))
    assert outcomes(run(world, tmp_path, leads("goa"), race)) == {"unchanged": ROWS}
    # None was created, so that nothing is proven of look-ups; each may be twice all before it.
    assert race.sizes[:3] == [10, 20, 60]


def test_an_insert_of_what_another_run_created_is_a_reject(tmp_path: Path) -> None:
    world = world_of(0)
    (tmp_path / "a").mkdir()
    run(world, tmp_path / "a", leads("goa", 20))
    told = run(world, tmp_path, leads("goa", 20), Race(), mode="insert")
    assert outcomes(told) == {"rejected": 20}
    assert "has lead_id=key-0 already" in rejected(tmp_path)[0]


def test_a_role_that_does_not_see_the_process_is_named(tmp_path: Path) -> None:
    """The role sees none of 40 keys that exist."""
    world = world_of(0)
    (tmp_path / "a").mkdir()
    run(world, tmp_path / "a", leads("goa", 40))
    world.knobs = world.knobs.change({"default_role": "USER"})
    told = run(world, tmp_path, leads("goa", 40))
    assert outcomes(told) == {"rejected": 40}
    reasons = rejected(tmp_path)
    assert all("in another spelling" in each and "role hides" in each for each in reasons)
    assert "lead_id=key-0 (lead_id key-0 exists)" in reasons[0]
    assert len(living(world)) == 40


def test_a_create_that_is_refused_for_another_reason_says_only_that(tmp_path: Path) -> None:
    world = world_of(0, entry_error_rate=1.0)
    assert outcomes(run(world, tmp_path, leads("goa", 20))) == {"rejected": 20}
    assert not any("another spelling" in each for each in rejected(tmp_path))


def rejected(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "journal.db") as journal:
        return [reason for (reason,) in journal.execute("SELECT reason FROM rejects ORDER BY id")]
