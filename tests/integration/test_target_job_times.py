"""Times of jobs that are none, and of processes that are coarse, change no outcome."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World
    from tests.support.in_process import Spoil

NO_TIMES: list[object] = [
    *(10**40, 2**63, 2**63 - 1, -(2**70), 10**15, 10**18, 0, -1, 1_790_000_000),
    *(1e300, -0.5, True, False, "soon", "", None, [], {}, "9" * 5_000),
]


def write(folder: Path, rows: list[dict[str, str]], world: World, spoil: Spoil) -> dict[str, int]:
    """What became of rows; the run has ended well."""
    lines: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": "leads", "schema": {"properties": {}}, "key_properties": []}
    ]
    lines += [{"type": "RECORD", "stream": "leads", "record": row} for row in rows]
    config = {
        "api_key": KEY,
        "journal": f"sqlite:///{folder}/journal.db",
        "streams": [{"stream": "leads", "procedure": "lead", "key": "lead_id"}],
    }
    source = written(folder, "in.singer", "".join(f"{json.dumps(line)}\n" for line in lines))
    words = ["--config", written(folder, "c.json", config), "--input", source]
    # It began within a second, not at its edge.
    told = run_target(world, words, spoil, clock=FakeClock(1_790_000_000.7))
    assert told.code == 0, told.stderr
    receipt = json.loads(told.stderr.strip().splitlines()[-1])
    return {name: count for name, count in receipt["outcomes"].items() if count}


@pytest.mark.parametrize("field", ["createdAt", "completedAt"])
@pytest.mark.parametrize("value", NO_TIMES, ids=lambda value: repr(value)[:20])
def test_rows_are_written_whatever_a_job_says_of_its_time(
    tmp_path: Path, field: str, value: object
) -> None:
    spoilt = 0

    def spoil(request: Request, response: Response) -> Response:
        nonlocal spoilt
        if "bulk" not in request.path and "background-job/" not in request.path:
            return response
        body: dict[str, Any] = json.loads(response.body)
        if isinstance(body.get("_data"), dict):
            body["_data"][field] = value
            spoilt += 1
        return replace(response, body=json.dumps(body).encode())

    keys = ("L-000001", "L-000002", "new-1", "new-2")
    rows = [{"lead_id": key, "city": "pune"} for key in keys]
    outcomes = write(tmp_path, rows, world_of(5), spoil)
    assert spoilt
    assert outcomes.pop("unchanged", 0) + outcomes.pop("updated", 0) == 2
    assert outcomes == {"created": 2}


def test_a_process_whose_time_is_in_whole_seconds_is_created_and_not_merged(
    tmp_path: Path,
) -> None:
    """Its job has the millisecond: cut off, the time of the process lies before it."""

    def cut_off(request: Request, response: Response) -> Response:
        if not request.path.endswith("/list"):
            return response
        body: dict[str, Any] = json.loads(response.body)
        for row in body["_data"]:
            row.update({name: row[name] // 1000 * 1000 for name in ("createdAt", "updatedAt")})
        return replace(response, body=json.dumps(body).encode())

    world = world_of(5, phone_merge=True)
    phone = str(world.account.shelves["lead"].store.row(2)["data"]["phone_number"])
    rows = [
        {"lead_id": f"new-{number}", "phone_number": f"+1555000{number}"} for number in range(30)
    ]
    merged = {"lead_id": "merged-1", "phone_number": phone}
    assert write(tmp_path, [*rows, merged], world, cut_off) == {"created": 30, "merged": 1}
