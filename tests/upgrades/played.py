"""A sandbox in the condition that a kept journal speaks of, and what the command makes of both."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.request import ProxyHandler, Request, build_opener

from chakra_sandbox.launch import start_sandbox
from tests.support.target_process import operate, settings, start, write
from tests.support.target_process import told as told_of
from tests.upgrades.cases import ALL_UNKNOWN, NAMES, SANDBOX, SETTINGS
from tests.upgrades.kept import DATA, age, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.support.target_process import Told
    from tests.upgrades.cases import Course
    from tests.upgrades.kept import Journal

PATIENCE: Final = {"lost_answer_horizon": 2, "job_timeout": 4}
NOBODYS_JOB: Final = "00000000-0000-4000-8000-{:012d}"
PAUSE: Final = 2.5
"""Seconds in which a run that has begun works on its first rows."""
UNKNOWN: Final = 8
"""The documented exit code of a run that left rows of which nobody knows."""
WORKED: Final = (None, "502_after", "reset_after", "truncate", "garbage")
"""Faults behind which the sandbox has done the work."""
_OPENER = build_opener(ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened in ChakraHQ while a journal was made.

    Attributes:
        before: The requests that wrote in the run that ended well, in order.
        during: Those of the run that did not.
        jobs: The ids of their jobs, in the same order; None where none was accepted.
        ids: The processes by what names them, as far as the journal may know them.
    """

    before: list[dict[str, Any]]
    during: list[dict[str, Any]]
    jobs: list[str | None]
    ids: dict[str, list[str]]


def folder_of(version: str, place: str, case: str) -> Path:
    """Where a journal is kept."""
    return DATA / version / "journals" / place / case


def facts_of(folder: Path) -> Facts:
    """What is kept beside a journal."""
    return Facts(**json.loads((folder / "facts.json").read_text()))


def writing(requests: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests of a log that were to change something, in order."""
    wrote = [r for r in requests if r["method"] == "PATCH" or r["path"].endswith("bulk-create")]
    return [{name: r[name] for name in ("method", "path", "body", "fault")} for r in wrote]


def send(sandbox: Sandbox, request: dict[str, Any]) -> str:
    """Send a kept request; the id of its job."""
    answer = _OPENER.open(
        Request(  # noqa: S310 - our own http URL
            sandbox.url + request["path"],
            data=json.dumps(request["body"]).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {sandbox.api_key}",
            },
            method=request["method"],
        ),
        timeout=30,
    )
    with answer:
        return str(json.loads(answer.read())["_data"]["id"])


def ids_by_name(sandbox: Sandbox) -> dict[str, list[str]]:
    """All processes by what names them: the key, or else the name."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in sandbox.oracle():
        found[str(row.data.get("lead_id") or row.data.get("name"))].append(row.id)
    return dict(found)


def jobs_of(requests: list[dict[str, Any]], journal: Journal) -> list[str | None]:
    """The ids of the jobs of requests: the sandbox draws them, the same ones in the same order."""
    with start_sandbox(SANDBOX) as twin:
        jobs = [send(twin, r) if r["fault"] in WORKED else None for r in requests]
    with journal.open() as ask:
        held = {row[0] for row in ask("SELECT job FROM batches WHERE job IS NOT NULL")}
    assert held <= {job for job in jobs if job}, (held, jobs)
    return jobs


def known_ids(sandbox: Sandbox, journal: Journal) -> dict[str, list[str]]:
    """The processes that a journal may know."""
    text = journal.dump()
    found = ids_by_name(sandbox)
    return {name: ids for name, ids in found.items() if any(each in text for each in ids)}


@contextmanager
def standing(
    facts: Facts, *, arrived: bool = True, job_ms: int = 0, forgotten: bool = False
) -> Iterator[tuple[Sandbox, dict[str, str]]]:
    """A sandbox to which all has happened that a journal speaks of.

    Args:
        facts: What that is.
        arrived: Whether what the killed run sent has reached it.
        job_ms: How long its jobs take.
        forgotten: Whether their ids are unknown.

    Yields:
        The sandbox, and its ids by those in the journal.
    """
    with start_sandbox(SANDBOX) as sandbox:
        sandbox.knobs(job_duration_ms=0)
        made = [send(sandbox, each) for each in facts.before]
        sandbox.stats()
        sandbox.knobs(job_duration_ms=job_ms)
        if arrived:
            made += [send(sandbox, each) for each in facts.during]
        sandbox.knobs(job_duration_ms=50)
        nobodys = [NOBODYS_JOB.format(at) for at in range(len(facts.jobs))]
        if forgotten:
            made = [*made[: len(facts.before)], *nobodys[len(facts.before) :]]
        jobs = dict(zip(facts.jobs, [*made, *nobodys[len(made) :]], strict=False))
        now = ids_by_name(sandbox)
        ids = {
            old: new
            for name, olds in facts.ids.items()
            for old, new in zip(olds, now.get(name, ()), strict=False)
        }
        sandbox.forget_requests()
        yield sandbox, {**ids, **{old: new for old, new in jobs.items() if old}}


def put_back(journal: Journal, folder: Path, ids: dict[str, str], seconds: float) -> None:
    """Restore a kept journal."""
    journal.restore(renamed((folder / "journal.sql").read_text(), ids))
    with journal.open() as ask:
        age(ask, int(time.time() * 1000), seconds)


def listed(folder: Path, config: dict[str, Any], *command: str) -> list[dict[str, Any]]:
    """What a command lists, without what differs from day to day."""
    told = operate(folder, config, *command, "--json")
    assert told.code == 0, told.stderr
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    varying = {"began_ms", "ended_ms", "free_ms", "job", "holder", "receipt"}
    return [{n: v for n, v in row.items() if n not in varying} for row in rows]


LISTS: Final = (("runs",), ("rejects", "--all"), ("unknown",))
"""All that an operator can list."""


def lists(
    folder: Path, config: dict[str, Any], *commands: tuple[str, ...]
) -> dict[str, list[dict[str, Any]]]:
    """What an operator lists, all at the same time."""

    def one(command: tuple[str, ...]) -> list[dict[str, Any]]:
        own = folder / command[0]
        own.mkdir(exist_ok=True)
        # Which of two batches ends first is chance, and so are the numbers of what follows.
        rows = [{**row, "id": None} for row in listed(own, config, *command)]
        return sorted(rows, key=json.dumps)

    with ThreadPoolExecutor() as pool:
        return dict(zip([each[0] for each in commands], pool.map(one, commands), strict=True))


def held(sandbox: Sandbox) -> list[list[Any]]:
    """What lives in ChakraHQ of all that the journals speak of: name, score and city, each."""
    rows = [row for row in sandbox.oracle() if row.died_ms is None]
    found = []
    for row in rows:
        key, name = row.data.get("lead_id"), row.data.get("name")
        number = int(key[2:]) if key and key.startswith("L-") else 0
        if number <= 12 if key else name in NAMES:
            found.append([key or name, row.data.get("score"), row.data.get("city")])
    return sorted(found, key=str)


def items(sandbox: Sandbox) -> int:
    """How many rows were sent, each as often as it was."""
    bodies = [request["body"] for request in writing(sandbox.requests())]
    return sum(len(b["processes"] if isinstance(b, dict) else b) for b in bodies)


def config_of(sandbox: Sandbox, journal: Journal) -> dict[str, Any]:
    """Settings of a target that goes on with a journal."""
    return settings(sandbox, **SETTINGS, **PATIENCE, journal=journal.url)


def answers(course: Course, journal: Journal, kept: Path, folder: Path) -> dict[str, Any]:
    """What the command makes of a kept journal, as plain JSON."""
    how: dict[str, Any] = {
        "arrived": course.arrived,
        "job_ms": course.job_ms,
        "forgotten": course.forgotten,
    }
    with standing(facts_of(kept), **how) as (sandbox, ids):
        put_back(journal, kept, ids, course.age)
        config = config_of(sandbox, journal)
        found: dict[str, Any] = {}
        for command in course.first:
            found[" ".join(command)] = _operated(folder, config, command)
        found["run"] = _run(folder, config, course.lines, _Pause(journal, course.pause_behind))
        found["sent"] = items(sandbox)
        for command in course.commands:
            found[" ".join(command)] = _operated(folder, config, command)
        if course.again:
            found["again"] = _run(folder, config, course.lines)
        # Where nothing is unknown, the exit code has said so.
        which = LISTS[1:] if found["run"]["code"] == UNKNOWN else LISTS[1:2]
        found["lists"] = lists(folder, config, *which)
        found["held"] = held(sandbox)
    back = {new: old for old, new in ids.items()}
    result: dict[str, Any] = json.loads(renamed(json.dumps(found), back))
    return result


@dataclass(frozen=True, slots=True)
class _Pause:
    """Where the input of a run stops coming for a while, so that it works on what it has.

    Attributes:
        journal: Shows when the run has begun.
        behind: Lines that come before; 0 for no pause.
    """

    journal: Journal
    behind: int

    def begun(self) -> int:
        """How many runs the journal knows."""
        with self.journal.open() as ask:
            ((count,),) = ask("SELECT count(*) FROM runs")
        return int(count)

    def write(self, folder: Path, config: dict[str, Any], lines: list[dict[str, Any]]) -> Told:
        """Run the target on such an input."""
        text = [json.dumps(line) + "\n" for line in lines]
        before, running = self.begun(), start(folder, config)
        assert running.stdin
        running.stdin.write("".join(text[: self.behind]))
        running.stdin.flush()
        while self.begun() == before and running.poll() is None:
            time.sleep(0.1)
        time.sleep(PAUSE)
        stdout, stderr = running.communicate("".join(text[self.behind :]), timeout=60)
        return told_of(running.returncode, stdout, stderr)


def _run(
    folder: Path, config: dict[str, Any], lines: list[dict[str, Any]], pause: _Pause | None = None
) -> dict[str, Any]:
    run = pause.write if pause and pause.behind else write
    told = run(folder, config, lines)
    assert told.receipt, told.stderr
    assert sum(told.outcomes.values()) == told.receipt["rows_in"], told.receipt
    return {"code": told.code, "outcomes": told.outcomes, "states": told.states}


def _operated(folder: Path, config: dict[str, Any], command: tuple[str, ...]) -> dict[str, Any]:
    numbers = []
    if ALL_UNKNOWN in command:
        numbers = [str(each["id"]) for each in listed(folder, config, "unknown")]
    told = operate(folder, config, *(c for c in command if c != ALL_UNKNOWN), *numbers)
    said: dict[str, Any] = {"code": told.code}
    return {**said, "outcomes": told.outcomes} if told.receipt else said
