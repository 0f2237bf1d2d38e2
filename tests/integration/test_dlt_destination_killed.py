"""Kill -9 of a dlt load at each of its steps, and the next run: nothing lost, nothing doubled."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Case:
    """A load that died, and what the runs after it made of it."""

    died: Told
    told: Told
    wanted: list[int]
    found: list[Any]
    notes: Counter[Any]


def run_case(sandbox: Sandbox, folder: Path, number: int) -> Case:
    """Kill a load at a point, and go on until it is finished."""
    place, times = POINTS[number]
    leads = [*scores(sandbox, 20, 20 * number), *new(20)]
    bad = [{"lead_id": f"BAD-{place}-{times}-{n}", "score": "many"} for n in range(2)]
    # Equal rows, some of them in one file and some in another.
    notes = [{"name": f"note {place} {times}", "score": n % 3} for n in range(30)]
    tables = (Table("scores", [*leads, *bad]), Table("notes", notes, "append"))
    given = settings(sandbox, SCORES, NOTES, batch_size=15, concurrency=2, max_rejects=2)
    died = load(folder, Plan(tables, given, SPLIT, die=(place, times)))
    told = died
    for _ in range(4):
        told = load(folder, Plan((), given, SPLIT))
        if not told.pending:
            break
    if told.pending:
        told = tell(sandbox, folder, notes[0]["name"], Plan((), given, SPLIT))
    wanted = [row["score"] for row in leads]
    return Case(died, told, wanted, held(sandbox, leads), named(sandbox, notes[0]["name"]))


@pytest.fixture(scope="module")
def cases(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """All cases, several at a time: most of each is waiting."""
    shared_sandbox.knobs(job_duration_ms=150)
    with ThreadPoolExecutor(5) as pool:
        running = [
            pool.submit(run_case, shared_sandbox, tmp_path_factory.mktemp("case"), number)
            for number in range(len(POINTS))
        ]
        return [each.result() for each in running]


@pytest.mark.parametrize("number", range(len(POINTS)), ids=[f"{p}-{n}" for p, n in POINTS])
def test_the_run_after_a_kill_writes_every_row_exactly_once(cases: list[Case], number: int) -> None:
    case = cases[number]
    assert case.died.code == -9, case.died.output
    assert (case.told.error, case.told.pending) == ("", False), case.told.output
    assert case.found == case.wanted
    assert case.notes == Counter({0: 10, 1: 10, 2: 10})
