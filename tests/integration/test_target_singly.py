"""`bulk: never`: each row by a request of its own, with the promises of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.target_process import (
    kill_once,
    living,
    operate,
    record,
    schema,
    settings,
    state,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("lead_id", "city", "score", "assignedTo", "gone")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "30"]) as server:
        yield server


def config(sandbox: Sandbox, mapping: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    stream = {"stream": "s", "procedure": "lead", "key": "lead_id", **(mapping or {})}
    return settings(sandbox, streams=[stream], bulk="never", max_rejects=100, **more)


def rows(*given: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema("s", COLUMNS), *(record("s", **each) for each in given), state(1)]


def asked(sandbox: Sandbox) -> set[str]:
    """The writing requests: their methods, and whether they go to one process."""
    seen = {(each["method"], each["path"].rsplit("/", 1)[-1]) for each in sandbox.requests()}
    return {method if name != "bulk-create" else name for method, name in seen if name != "list"}


@pytest.mark.parametrize("answer", ["process", "id_only", "empty"])
@pytest.mark.parametrize("key", ["lead_id", "id"])
def test_creates_updates_and_deletes_are_requests_of_their_own(
    sandbox: Sandbox, tmp_path: Path, answer: str, key: str
) -> None:
    sandbox.knobs(write_response=answer)
    held = living(sandbox)
    first, second = held["L-000001"], held["L-000002"]
    mapping = {
        "key": key if key == "id" else "lead_id",
        "delete_when": "gone",
        "fields": {"city": "data.city", "score": "data.score", "lead_id": "data.lead_id"},
    }
    named = (lambda each: {"id": each["id"]}) if key == "id" else (lambda _each: {})
    given = [
        {"lead_id": "L-000001", "city": "goa", "score": 91, **named(first)},
        {"lead_id": "L-000002", "gone": True, **named(second)},
    ]
    if key == "lead_id":
        given.append({"lead_id": "N-1", "city": "pune", "score": 3})
    lines = [
        schema("s", (*COLUMNS, *(["id"] if key == "id" else []))),
        *(record("s", **each) for each in given),
        state(1),
    ]
    told = write(tmp_path, config(sandbox, mapping, max_deletes=1), lines)
    wanted = {"updated": 1, "deleted": 1} | ({"created": 1} if key == "lead_id" else {})
    assert (told.code, told.outcomes, told.states) == (0, wanted, [1])
    assert "bulk-create" not in asked(sandbox)
    assert "PATCH" not in asked(sandbox)
    after = living(sandbox)
    assert (after["L-000001"]["data"]["city"], after["L-000001"]["data"]["score"]) == ("goa", 91)
    assert "L-000002" not in after
    assert ("N-1" in after) == (key == "lead_id")
    assert told.receipt["jobs"] == 0
    again = write(tmp_path, config(sandbox, mapping, max_deletes=1), lines)
    assert again.outcomes == {"unchanged": len(given)}


@pytest.mark.parametrize("missing", ["404", "200_with_errors", "200_empty"])
def test_a_process_that_went_between_the_look_up_and_the_write(
    sandbox: Sandbox, tmp_path: Path, missing: str
) -> None:
    """Without a look-up: the row names a process that is not there."""
    sandbox.knobs(missing_row=missing)
    mapping = {"mode": "update", "fields": {"lead_id": "data.lead_id", "city": "data.city"}}
    lines = rows({"lead_id": "L-999999", "city": "goa"}, {"lead_id": "L-000003", "city": "goa"})
    known = config(sandbox, mapping, compare="never", lost_answer_horizon=1)
    told = write(tmp_path, known, lines)
    assert living(sandbox)["L-000003"]["data"]["city"] == "goa"
    assert told.outcomes.get("updated", 0) == 1, told.stderr
    other = "unknown" if missing == "200_empty" else "rejected"
    assert told.outcomes.get(other, 0) == 1, told.stderr


def test_what_chakrahq_refuses_is_a_reject_of_its_row_alone(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(type_check="strict")
    mapping = {"fields": {"lead_id": "data.lead_id", "city": "data.city", "score": "state"}}
    lines = rows(
        {"lead_id": "L-000004", "city": "goa"}, {"lead_id": "L-000005", "score": "NOWHERE"}
    )
    told = write(tmp_path, config(sandbox, mapping), lines)
    assert told.outcomes == {"updated": 1, "rejected": 1}


@pytest.mark.parametrize("fault", ["reset_after", "502_after", "reset_before"])
@pytest.mark.parametrize("new", [True, False])
def test_a_lost_answer_is_read_back(
    sandbox: Sandbox, tmp_path: Path, fault: str, *, new: bool
) -> None:
    keys = [f"N-{n}" if new else f"L-{n:06d}" for n in range(10, 16)]
    match = "POST /v1/ext/procedure/lead/process$" if new else "PUT "
    sandbox.knobs(faults=[{"kind": fault, "match": match, "at": [3]}])
    lines = rows(*({"lead_id": each, "city": "goa", "score": 71} for each in keys))
    told = write(tmp_path, config(sandbox, lost_answer_horizon=1), lines)
    done = "created" if new else "updated"
    assert told.outcomes == {done: 6}, told.stderr
    held = [each.data.get("lead_id") for each in sandbox.oracle() if each.died_ms is None]
    assert all(held.count(each) == 1 for each in keys)
    assert {living(sandbox)[each]["data"]["score"] for each in keys} == {71}


def test_killed_and_run_again_all_is_there_once(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.knobs(latency_ms=30)
    keys = [f"N-{n}" for n in range(60)]
    lines = rows(*({"lead_id": each, "city": "goa", "score": 5} for each in keys))
    kill_once(lambda: len(living(sandbox)) >= 50, tmp_path, config(sandbox), lines)
    sandbox.knobs(latency_ms=0)
    told = write(tmp_path, config(sandbox, lost_answer_horizon=1), lines)
    assert told.code == 0, told.stderr
    held = [each.data.get("lead_id") for each in sandbox.oracle() if each.died_ms is None]
    assert all(held.count(each) == 1 for each in keys)


def test_it_can_be_taken_back(sandbox: Sandbox, tmp_path: Path) -> None:
    before = living(sandbox)["L-000007"]["data"]
    write(tmp_path, config(sandbox), rows({"lead_id": "L-000007", "city": "goa", "score": 1}))
    assert living(sandbox)["L-000007"]["data"]["score"] == 1
    undone = operate(tmp_path, config(sandbox), "undo", "1", "--yes")
    assert undone.code == 0, undone.stderr
    after = living(sandbox)["L-000007"]["data"]
    assert (after["city"], after["score"]) == (before["city"], before["score"])


def test_a_word_that_nobody_knows_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    told = write(tmp_path, {**config(sandbox), "bulk": "nevr"}, rows({"lead_id": "L-000001"}))
    assert told.code == 3
    assert "nevr" in told.stderr
