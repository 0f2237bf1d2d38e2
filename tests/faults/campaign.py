"""Kills the real target at a chosen point, starts it again, and judges with the oracle.

One case is one number: from it follow the rows, the pace of the jobs and the point of death, so
that every case can be replayed. The point is a state of the lifecycle that the journal shows: the
process is killed (SIGKILL) as soon as a batch of the run is seen in it, or so many milliseconds
after that.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support import target_process as target

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

POINTS = ("waiting", "intended", "sending", "submitted", "lost", "settled", "random")
"""Where a run dies: with rows in and no batch, with a batch in that state, or at any time."""
LOST = [
    {"kind": "502_after", "every_nth": 3, "match": "bulk-create|PATCH"},
    {"kind": "reset_before", "every_nth": 4, "match": "bulk-create|PATCH"},
]
QUIET = 2.5
"""Seconds in which a job that was accepted begins and writes: none takes longer here."""
CHANGED, CREATED, TWINS = 30, 20, 8
"""Rows of one case: existing processes that change, new ones, pairs of rows without a key."""


@dataclass(frozen=True)
class Case:
    """One case: everything follows from its number."""

    number: int
    point: str

    @property
    def draw(self) -> random.Random:
        return random.Random(f"{self.number}:{self.point}")


@dataclass
class Verdict:
    """What became of a case."""

    case: Case
    died_in: Counter[str]
    killed: bool
    faults: list[str]
    reruns: int


def rows_of(case: Case, old: list[str]) -> list[dict[str, Any]]:
    """The rows of a case, in the order in which the source brings them, each time."""
    draw = case.draw
    rows: list[dict[str, Any]] = []
    values = {key: case.number * 1000 + n for n, key in enumerate(old)}
    values |= {f"K{case.number}-{n}": n for n in range(CREATED)}
    rows += [target.record("scores", lead_id=key, score=value) for key, value in values.items()]
    for key in old[:6]:
        rows += [target.record("more", lead_id=key, score=s) for s in (1, 2, 1)]
    rows += [target.record("scores", lead_id=f"BAD{case.number}-{n}", score="x") for n in range(3)]
    for n in range(TWINS):
        name = f"twin {case.number}-{n}"
        rows += [target.record("notes", name=name, score=n)] * 2
    draw.shuffle(rows)
    return rows


def lines_of(rows: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """The messages from a row on: schemas, rows, and a STATE after every 12 rows."""
    lines = [
        target.schema("scores", ["lead_id", "score"]),
        target.schema("more", ["lead_id", "score"]),
        target.schema("notes", ["name", "score"]),
    ]
    for at in range(start, len(rows)):
        lines.append(rows[at])
        if at % 12 == 11 or at == len(rows) - 1:
            lines.append(target.state({"rows": at + 1}))
    return lines


def settings_of(sandbox: Sandbox) -> dict[str, Any]:
    streams = [
        {"stream": "scores", "procedure": "lead"},
        {"stream": "more", "procedure": "lead"},
        {"stream": "notes", "procedure": "lead", "mode": "insert"},
    ]
    return target.settings(sandbox, streams=streams, batch_size=15, concurrency=2, max_rejects=99)


def run_case(sandbox: Sandbox, folder: Path, case: Case) -> Verdict:
    """Run a case to its end."""
    draw = case.draw
    first = (case.number * CHANGED) % 18_000
    old = [f"L-{number:06d}" for number in range(first + 1, first + CHANGED + 1)]
    rows = rows_of(case, old)
    sandbox.knobs(
        job_duration_ms=draw.choice([50, 300, 900]),
        latency_ms=draw.choice([0, 20, 60]),
        faults=LOST if case.point == "lost" else [],
    )
    passed, killed = _die(sandbox, folder, case, rows)
    died_in = _states(folder)
    faults = _ahead(sandbox, rows, passed) if killed else []
    sandbox.knobs(faults=[], latency_ms=0)
    reruns = 0
    while passed < len(rows) and reruns < 4:
        reruns += 1
        told = target.write(folder, settings_of(sandbox), lines_of(rows, passed))
        passed = max([passed, *(s["rows"] for s in told.states if isinstance(s, dict))])
        if told.code == 8:
            _say(sandbox, folder)
        elif told.code != 0:
            faults.append(f"the rerun ended with {told.code}: {told.stderr[-600:]}")
            break
    if passed < len(rows):
        faults.append(f"STATE stands at {passed} of {len(rows)} after {reruns} reruns")
    return Verdict(case, died_in, killed, faults + _judge(sandbox, rows), reruns)


def _die(
    sandbox: Sandbox, folder: Path, case: Case, rows: list[dict[str, Any]]
) -> tuple[int, bool]:
    """Run until the point, and kill; how many rows the last STATE covers, and whether it died."""
    draw = case.draw
    running = target.start(folder, settings_of(sandbox))
    if running.stdin is None:
        raise RuntimeError("no input")
    text = "".join(json.dumps(line) + "\n" for line in lines_of(rows, 0))
    running.stdin.write(text)
    running.stdin.flush()
    _await_point(folder, case, running, draw)
    time.sleep(draw.choice([0, 0, 0.005, 0.02]))
    alive = running.poll() is None
    running.kill()
    stdout, _ = running.communicate()
    states = target.told(0, stdout, "").states
    return max([0, *(s["rows"] for s in states if isinstance(s, dict))]), alive


def _await_point(
    folder: Path, case: Case, running: subprocess.Popen[str], draw: random.Random
) -> None:
    """Return when the journal shows the point at which the run is to die."""
    if case.point == "random":
        time.sleep(draw.uniform(0.3, 4.0))
        return
    wanted = draw.randint(1, 4)
    until = time.monotonic() + 20
    while time.monotonic() < until and running.poll() is None:
        states = _states(folder)
        if case.point == "waiting":
            if "a run" in states and len(states) == 1:
                time.sleep(draw.uniform(0, 0.1))
                return
        elif case.point == "settled":
            if states["settled"] >= wanted:
                return
        elif states[case.point]:
            return
        time.sleep(0.001)


def _states(folder: Path) -> Counter[str]:
    """The states of all batches in the journal, and whether there is a run."""
    path = folder / ".target-chakra" / "journal.db"
    found: Counter[str] = Counter()
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0)
    except sqlite3.OperationalError:
        return found
    try:
        if connection.execute("SELECT 1 FROM runs").fetchone():
            found["a run"] = 1
        found.update(state for (state,) in connection.execute("SELECT state FROM batches"))
    except sqlite3.OperationalError:
        return found
    finally:
        connection.close()
    return found


def _keyed(rows: list[dict[str, Any]]) -> dict[str, list[tuple[int, Any]]]:
    """The values of each key, with the rows that brought them; rejected rows aside."""
    values: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for at, row in enumerate(rows):
        key = row["record"].get("lead_id")
        if key is not None and row["record"]["score"] != "x":
            values[key].append((at, row["record"]["score"]))
    return values


def _held(sandbox: Sandbox) -> tuple[dict[str, list[Any]], Counter[str]]:
    """Values by key, and how many rows have each name."""
    by_key: dict[str, list[Any]] = defaultdict(list)
    names: Counter[str] = Counter()
    for row in sandbox.oracle():
        if row.died_ms is None:
            if "lead_id" in row.data:
                by_key[row.data["lead_id"]].append(int(row.data.get("score", -1)))
            names[str(row.data.get("name"))] += 1
    return by_key, names


def _ahead(sandbox: Sandbox, rows: list[dict[str, Any]], passed: int) -> list[str]:
    """Rows that the last STATE covers and that are not there."""
    by_key, names = _held(sandbox)
    faults = []
    for key, values in _keyed(rows).items():
        before = [value for at, value in values if at < passed]
        after = [value for at, value in values if at >= passed]
        if before and not set(by_key[key]) & {before[-1], *after}:
            faults.append(f"STATE {passed} is ahead: {key} holds {by_key[key]}, not {before[-1]}")
    wanted = Counter(r["record"]["name"] for r in rows[:passed] if r["stream"] == "notes")
    faults += [f"STATE {passed} is ahead of {n}" for n in wanted if names[n] < wanted[n]]
    return faults


def _judge(sandbox: Sandbox, rows: list[dict[str, Any]]) -> list[str]:
    """What is not as it must be at the end: every row exactly once, the last value wins."""
    by_key, names = _held(sandbox)
    faults = []
    for key, values in _keyed(rows).items():
        if by_key[key] != [values[-1][1]]:
            faults.append(f"{key} holds {by_key[key]}, not {values[-1][1]} once")
    wanted = Counter(r["record"]["name"] for r in rows if r["stream"] == "notes")
    faults += [
        f"{n} is there {names[n]} times, not {wanted[n]}" for n in wanted if names[n] != wanted[n]
    ]
    return faults


def _say(sandbox: Sandbox, folder: Path) -> None:
    """What the user does about rows without a key: look in ChakraHQ, and say.

    Not while jobs of theirs may still be under way: a run that was killed leaves some behind.
    """
    names = _settled_names(sandbox)
    listed = target.operate(folder, settings_of(sandbox), "unknown", "--json")
    unknown = [json.loads(line) for line in listed.stdout.splitlines()]
    by_name: dict[str, list[int]] = defaultdict(list)
    for each in unknown:
        by_name[each["fields"].get("data.name", "")].append(each["id"])
    known = _confirmed_twins(folder)
    for name, numbers in by_name.items():
        written = names[name] - known[name]
        for at, number in enumerate(numbers):
            how = "written" if at < written else "not-written"
            word = ("unknown", "--as", how, "--now", str(number))
            target.operate(folder, settings_of(sandbox), *word)


def _settled_names(sandbox: Sandbox) -> Counter[str]:
    """How many rows have each name, once nothing changes any more."""
    _, names = _held(sandbox)
    while True:
        time.sleep(QUIET)
        _, later = _held(sandbox)
        if later == names:
            return names
        names = later


def _confirmed_twins(folder: Path) -> Counter[str]:
    """Rows without a key that the journal itself knows were created, by name."""
    path = folder / ".target-chakra" / "journal.db"
    found: Counter[str] = Counter()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        query = "SELECT actions, outcomes FROM batches WHERE outcomes IS NOT NULL"
        for actions, outcomes in connection.execute(query):
            fields = [action[6] for action in json.loads(actions)]
            for at, outcome, *_ in json.loads(outcomes):
                if outcome in ("created", "merged"):
                    found[str(fields[at].get("data.name"))] += 1
    return found
