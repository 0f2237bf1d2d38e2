"""A server that stores keys in another spelling: each is found again, and none is doubled."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import AnswerLost
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World
    from tests.support.in_process import Told

SPELLED = {
    "drop_plus": ("+9155500000{:02}", "9155500000{:02}"),
    "lower": ("Asha.K{:02}@Example.COM", "asha.k{:02}@example.com"),
    "trim": (" code {:02} ", "code {:02}"),
    "trim,drop_plus": (" +91{:02}", "91{:02}"),
}
COUNT = 40
BOTH = pytest.mark.parametrize("unique", ["reject", "duplicate"])
EACH = pytest.mark.parametrize("knob", SPELLED)
OLD = pytest.mark.parametrize("old", [0, 150], ids=["no rows", "rows"])


def world_with(knob: str, unique: str, old: int, **knobs: Any) -> World:
    return world_of(old, normalise=knob.split(","), duplicate_pk=unique, **knobs)


def run(
    world: World,
    folder: Path,
    rows: list[dict[str, Any]],
    *args: str,
    spoil: Any = None,
    **more: Any,
) -> Told:
    mapping = {"stream": "leads", "procedure": "lead", "key": "lead_id", **more}
    folder.mkdir(exist_ok=True)
    journal = f"sqlite:///{folder}/journal.db"
    config = {"api_key": KEY, "journal": journal, "streams": [mapping], "max_deletes": 99}
    shape = {"type": "object", "properties": {"lead_id": {}, "city": {}, "gone": {}}}
    lines: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": "leads", "schema": shape, "key_properties": []}
    ]
    lines += [{"type": "RECORD", "stream": "leads", "record": row} for row in rows]
    source = written(folder, "input.singer", "".join(f"{json.dumps(line)}\n" for line in lines))
    config_path = written(folder, "c.json", config)
    return run_target(world, ["--config", config_path, *(args or ("--input", source))], spoil)


def outcomes(told: Told) -> dict[str, int]:
    receipt = json.loads([x for x in told.stderr.splitlines() if x.startswith('{"run"')][-1])
    return {name: count for name, count in receipt["outcomes"].items() if count}


def leads(knob: str, city: str = "goa", count: int = COUNT) -> list[dict[str, Any]]:
    return [{"lead_id": SPELLED[knob][0].format(n), "city": city} for n in range(count)]


def stored(world: World) -> list[tuple[str, str]]:
    """Keys and cities of what is alive and was not there at first."""
    store = world.account.shelves["lead"].store
    rows = [store.row(slot)["data"] for slot in range(len(store)) if store.alive[slot]]
    return sorted((r["lead_id"], r.get("city", "")) for r in rows if r["lead_id"][:2] != "L-")


def expected(knob: str, city: str = "goa", count: int = COUNT) -> list[tuple[str, str]]:
    return sorted((SPELLED[knob][1].format(number), city) for number in range(count))


def rejected(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "journal.db") as journal:
        return [reason for (reason,) in journal.execute("SELECT reason FROM rejects ORDER BY id")]


@OLD
@BOTH
@EACH
def test_rows_are_created_once_and_reruns_are_quiet(
    tmp_path: Path, knob: str, unique: str, old: int
) -> None:
    world = world_with(knob, unique, old)
    first = run(world, tmp_path / "a", leads(knob))
    assert (first.code, outcomes(first)) == (0, {"created": COUNT}), first.stderr
    assert stored(world) == expected(knob)
    again = run(world, tmp_path / "a", leads(knob))
    assert (again.code, outcomes(again)) == (0, {"unchanged": COUNT}), again.stderr
    changed = run(world, tmp_path / "a", leads(knob, "pune"))
    assert (changed.code, outcomes(changed)) == (0, {"updated": COUNT}), changed.stderr
    lost = run(world, tmp_path / "b", leads(knob, "pune"))
    assert (lost.code, outcomes(lost)) == (0, {"unchanged": COUNT}), lost.stderr
    assert outcomes(run(world, tmp_path / "b", leads(knob, "goa"))) == {"updated": COUNT}
    assert stored(world) == expected(knob)


@BOTH
@EACH
def test_more_rows_come_later_and_rows_are_deleted(tmp_path: Path, knob: str, unique: str) -> None:
    world = world_with(knob, unique, 150)
    run(world, tmp_path / "a", leads(knob, count=20))
    assert outcomes(run(world, tmp_path / "a", leads(knob))) == {"created": 20, "unchanged": 20}
    gone = [{**row, "gone": "true"} for row in leads(knob, count=30)]
    told = run(world, tmp_path / "a", gone, delete_when="gone")
    assert outcomes(told) == {"deleted": 30}, told.stderr
    assert stored(world) == expected(knob)[30:]


@BOTH
@EACH
def test_two_spellings_of_a_key_in_one_input_are_one_process(
    tmp_path: Path, knob: str, unique: str
) -> None:
    world = world_with(knob, unique, 0)
    as_stored = [{"lead_id": SPELLED[knob][1].format(n), "city": "goa"} for n in range(COUNT)]
    told = run(world, tmp_path, [*leads(knob), *as_stored])
    assert stored(world) == expected(knob)
    assert outcomes(told) == {"created": COUNT, "unchanged": COUNT}, told.stderr


@BOTH
@pytest.mark.parametrize("old", [0, 150], ids=["no rows", "rows"])
def test_keys_of_an_exact_server_that_differ_in_spelling_stay_apart(
    tmp_path: Path, unique: str, old: int
) -> None:
    world = world_of(old, duplicate_pk=unique)
    keys = [each.format(n) for pair in SPELLED.values() for each in pair for n in range(10)]
    rows = [{"lead_id": key, "city": "goa"} for key in keys]
    for outcome in ("created", "unchanged"):
        assert outcomes(run(world, tmp_path, rows)) == {outcome: len(keys)}
    assert [key for key, _ in stored(world)] == sorted(keys)


def test_a_spelling_in_doubt_is_a_reject_that_names_both(tmp_path: Path) -> None:
    """Nobody can tell whether `9155` was meant: the fields differ, and nothing was ever stored."""
    world = world_of(0, normalise=["drop_plus"], duplicate_pk="duplicate")
    run(world, tmp_path / "a", [{"lead_id": "9155", "city": "goa"}])
    told = run(world, tmp_path / "b", [{"lead_id": "+9155", "city": "pune"}])
    assert outcomes(told) == {"rejected": 1}
    (reason,) = rejected(tmp_path / "b")
    assert "lead_id=+9155" in reason
    assert "'9155'" in reason
    assert stored(world) == [("9155", "goa")]


@BOTH
@EACH
@pytest.mark.parametrize("lost", ["answer", "job"])
@pytest.mark.parametrize("old", [0, 150], ids=["no rows", "rows"])
def test_a_lost_answer_creates_nothing_twice(
    tmp_path: Path, knob: str, unique: str, lost: str, old: int
) -> None:
    """The first create is carried out, and its answer (or its job) never seen."""
    world = world_with(knob, unique, old)
    losing = Losing(lost)
    first = run(world, tmp_path, leads(knob), spoil=losing)
    assert losing.count, first.stderr
    for _ in range(3):
        told = run(world, tmp_path, leads(knob))
        assert stored(world) == expected(knob), told.stderr
    assert (told.code, outcomes(told)) == (0, {"unchanged": COUNT})


@pytest.mark.parametrize("bulk_create", ["available", "404"])
@pytest.mark.parametrize("entry_echo", ["none", "input"])
@BOTH
def test_entries_that_name_no_process_are_done_without(
    tmp_path: Path, unique: str, entry_echo: str, bulk_create: str
) -> None:
    world = world_with(
        "lower",
        unique,
        150,
        entry_echo=entry_echo,
        bulk_create=bulk_create,
        write_response="empty",
    )
    told = run(world, tmp_path, leads("lower"), spoil=nameless)
    assert outcomes(told) == {"created": COUNT}, told.stderr
    assert outcomes(run(world, tmp_path, leads("lower"))) == {"unchanged": COUNT}
    assert stored(world) == expected("lower")


def nameless(request: Request, response: Response) -> Response:
    """Takes the processes out of a job's entries."""
    if not request.path.partition("?")[0].endswith("/entries"):
        return response
    body = json.loads(response.body)
    for entry in body["_data"]:
        entry["result"] = None
    return replace(response, body=json.dumps(body).encode())


class Losing:
    """Loses the answer to the first create, or all that is to be known of its job."""

    def __init__(self, what: str) -> None:
        self._what = what
        self.count = 0

    def __call__(self, request: Request, response: Response) -> Response:
        path = request.path.partition("?")[0]
        if self._what == "answer" and path.endswith("bulk-create") and not self.count:
            self.count += 1
            raise AnswerLost("the connection broke")
        if self._what == "job" and "/background-job/" in path:
            self.count += 1
            return replace(response, status=404)
        return response


def test_a_mirror_deletes_no_process_that_comes_in_another_spelling(tmp_path: Path) -> None:
    world = world_with("drop_plus", "reject", 0)
    run(world, tmp_path, leads("drop_plus"), mode="mirror")
    as_stored = [{"lead_id": key, "city": city} for key, city in expected("drop_plus")]
    told = run(world, tmp_path, as_stored[:30], mode="mirror")
    assert outcomes(told) == {"unchanged": 30}
    committed = run(world, tmp_path, [], "mirror-commit", mode="mirror")
    assert committed.code == 0, committed.stderr
    assert stored(world) == expected("drop_plus")[:30]
