"""Kill -9 of a dlt load at each of its steps, and the next run: nothing lost, nothing doubled."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dlt_loads import (
    NOTES,
    SCORES,
    Plan,
    Table,
    Told,
    held,
    journal_of,
    load,
    new,
    scores,
    settings,
)
from tests.support.target_process import operate

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

SPLIT = {"DATA_WRITER__FILE_MAX_ITEMS": "12", "DATA_WRITER__BUFFER_MAX_ITEMS": "12"}
POINTS = [
    ("intended", 1),
    ("intended", 3),
    ("moved", 1),
    ("moved", 4),
    ("settled", 1),
    ("settled", 3),
    ("recorded", 1),
    ("marked", 1),
    ("marked", 2),
    ("written", 1),
    ("written", 3),
    ("completing", 1),
    ("closed", 1),
    ("completed", 1),
]


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """The account of this module."""
    shared_sandbox.knobs(job_duration_ms=150, latency_ms=0, faults=[])
    return shared_sandbox


def named(sandbox: Sandbox, name: str) -> Counter[Any]:
    """How many leads of a name there are, by score."""
    rows = [row.data for row in sandbox.oracle() if row.data.get("name") == name]
    return Counter(data["score"] for data in rows)


def tell(sandbox: Sandbox, folder: Path, name: str, plan: Plan) -> Told:
    """Look in ChakraHQ, as a user does, for the rows without a key that nobody knows of."""
    listed = operate(folder, journal_of(folder), "unknown", "--json").stdout.splitlines()
    unknown = [json.loads(line) for line in listed]
    assert {each["stream"] for each in unknown} == {"notes"}
    missing = Counter({0: 10, 1: 10, 2: 10}) - named(sandbox, name)
    words: dict[str, list[str]] = {"written": [], "not-written": []}
    for each in unknown:
        score = each["fields"]["data.score"]
        words["not-written" if missing[score] > 0 else "written"].append(str(each["id"]))
        missing[score] -= 1
    for word, numbers in words.items():
        if numbers:
            operate(folder, journal_of(folder), "unknown", "--now", "--as", word, *numbers)
    return load(folder, plan)


@pytest.mark.parametrize(("place", "times"), POINTS, ids=[f"{p}-{n}" for p, n in POINTS])
def test_the_run_after_a_kill_writes_every_row_exactly_once(
    sandbox: Sandbox, tmp_path: Path, place: str, times: int
) -> None:
    changed, made = scores(sandbox, 20), new(20)
    bad = [{"lead_id": f"BAD-{place}-{times}-{n}", "score": "many"} for n in range(2)]
    # Equal rows, some of them in one file and some in another.
    notes = [{"name": f"note {place} {times}", "score": n % 3} for n in range(30)]
    tables = (
        Table("scores", [*changed, *made, *bad]),
        Table("notes", notes, "append"),
    )
    given = settings(sandbox, SCORES, NOTES, batch_size=15, concurrency=2, max_rejects=2)
    died = load(tmp_path, Plan(tables, given, SPLIT, die=(place, times)))
    assert died.code == -9, died.output
    for _ in range(4):
        told = load(tmp_path, Plan((), given, SPLIT))
        if not told.pending:
            break
    if told.pending:
        told = tell(sandbox, tmp_path, notes[0]["name"], Plan((), given, SPLIT))
    assert (told.error, told.pending) == ("", False), told.output
    for rows in (changed, made):
        assert held(sandbox, rows) == [row["score"] for row in rows]
    assert named(sandbox, notes[0]["name"]) == Counter({0: 10, 1: 10, 2: 10})
