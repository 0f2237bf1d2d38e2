"""Kills the real target at chosen points, starts it again each time, and judges with the oracle.

One case is one number: from it follow the rows, the pace of the jobs, and each kill: its signal
and its point. A point is a state of the lifecycle that the journal shows: the run is killed as
soon as a batch of its own is seen in it, or so many milliseconds after that; or while it takes on
what the run before it left.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import start_sandbox
from tests.campaigns.kills import target_oracle as oracle
from tests.campaigns.verdicts import Death, Verdict, lost, wrong
from tests.support import target_process as target

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.campaigns.verdicts import Fault

POINTS = ("waiting", "intended", "sending", "submitted", "lost", "settled", "random")
"""Where a run dies: with rows in and no batch, with a batch in that state, or at any time."""
TAKING_ON = "taking on"
"""Where a later run dies, too: with what an earlier one left in flight."""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOST = [
    {"kind": "502_after", "every_nth": 3, "match": "bulk-create|PATCH"},
    {"kind": "reset_before", "every_nth": 4, "match": "bulk-create|PATCH"},
]
QUIET = 2.5
"""Seconds in which a job that was accepted begins and writes: none takes longer here."""
CHANGED, CREATED, TWINS = 30, 20, 8
"""Rows of one case: existing processes that change, new ones, pairs of rows without a key."""
BEGINS_WITHIN = 60.0
STANDS_STILL = 4.0
"""Seconds in which a run begins; and without anything new, after which its point won't come."""
RERUNS = 4
STOPPED, UNKNOWN = 9, 8
"""Documented exit codes: stopped by a signal, unknown outcomes."""
OURS = "| target-chakra"
"""In each line of our own log."""
NOT_BEGUN = "Stopped by signal"
"""What a run says that is stopped before it begins."""


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        point: One of `POINTS`, or `TAKING_ON`.
        how: The signal.
        nth: How many batches are to be there before.
        delay: Seconds from the point to the signal.
    """

    point: str
    how: signal.Signals
    nth: int
    delay: float


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        number: From it follows all else.
        job_ms: How long a job takes.
        latency_ms: Before each answer.
        kills: One run after another dies so; the next one goes on.
    """

    number: int
    job_ms: int
    latency_ms: int
    kills: tuple[Kill, ...]


def case_of(number: int) -> Case:
    """Draw a case. Points and signals go round, the rest is drawn."""
    draw = random.Random(f"target kill {number}")
    return Case(
        number=number,
        job_ms=draw.choice([50, 300, 900]),
        latency_ms=draw.choice([0, 20, 60]),
        kills=tuple(_kill(number, at, draw) for at in range(draw.randint(1, 3))),
    )


def _kill(number: int, at: int, draw: random.Random) -> Kill:
    point = POINTS[(number + 2 * at) % len(POINTS)]
    return Kill(
        point=TAKING_ON if at and draw.random() < 0.4 else point,
        how=SIGNALS[(number // len(POINTS) + at) % len(SIGNALS)],
        nth=draw.randint(1, 4),
        delay=draw.choice([0, 0, 0.005, 0.02, 0.1]),
    )


def rows_of(case: Case) -> list[dict[str, Any]]:
    """The rows of a case, in the order in which the source brings them, each time."""
    draw = random.Random(f"rows {case.number}")
    old = [f"L-{number:06d}" for number in range(1, CHANGED + 1)]
    values = {key: case.number * 1000 + n for n, key in enumerate(old)}
    values |= {f"K{case.number}-{n}": n for n in range(CREATED)}
    rows = [target.record("scores", lead_id=key, score=value) for key, value in values.items()]
    for key in old[:6]:
        rows += [target.record("more", lead_id=key, score=s) for s in (1, 2, 1)]
    rows += [target.record("scores", lead_id=f"BAD{case.number}-{n}", score="x") for n in range(3)]
    for n in range(TWINS):
        rows += [target.record("notes", name=f"twin {case.number}-{n}", score=n)] * 2
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
    """The target's settings."""
    streams = [
        {"stream": "scores", "procedure": "lead"},
        {"stream": "more", "procedure": "lead"},
        {"stream": "notes", "procedure": "lead", "mode": "insert"},
    ]
    return target.settings(sandbox, streams=streams, batch_size=15, concurrency=2, max_rejects=99)


def run_case(folder: Path, case: Case) -> Verdict:
    """Run a case to its end."""
    began = time.monotonic()
    verdict = Verdict(str(case.number))
    with start_sandbox(["--rows", "200", "--tickets", "0", "--orders", "0"]) as sandbox:
        runs = _Runs(sandbox, folder, case, verdict)
        for kill in case.kills:
            runs.killed(kill)
        runs.to_the_end()
        verdict.rows = len(runs.rows)
        verdict.faults += oracle.of_the_end(sandbox.oracle(), runs.rows)
        (folder / "requests.jsonl").write_text("\n".join(map(json.dumps, sandbox.requests())))
    verdict.seconds = time.monotonic() - began
    return verdict


class _Runs:
    """The runs of a case, each from the last STATE of those before it."""

    def __init__(self, sandbox: Sandbox, folder: Path, case: Case, verdict: Verdict) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._case = case
        self._verdict = verdict
        self._config = settings_of(sandbox)
        self.rows = rows_of(case)
        self._passed = 0
        self._number = 0
        self._journal = Journal(folder)

    def killed(self, kill: Kill) -> None:
        """A run that dies."""
        self._sandbox.knobs(
            job_duration_ms=self._case.job_ms,
            latency_ms=self._case.latency_ms,
            faults=LOST if kill.point == "lost" else [],
        )
        before = self._journal.batches()
        running = target.start(self._folder, self._config)
        if running.stdin is None:
            raise RuntimeError("no input")
        lines = lines_of(self.rows, self._passed)
        running.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
        running.stdin.flush()
        await_point(self._journal, kill, running, before)
        time.sleep(kill.delay)
        states = tuple(sorted(self._journal.batches().at_work(before))) or ("no batch",)
        alive = running.poll() is None
        running.send_signal(kill.how)
        self._journal.close()
        stdout, stderr = running.communicate(timeout=120)
        told = target.told(running.returncode, stdout, stderr)
        kind = "a first run" if self._number == 0 else "a later run"
        self._verdict.deaths.append(Death(kill.how.name, states if alive else (), kind))
        begun = self._journal.batches().runs > before.runs
        self._account(told, endings(told, kill.how, begun=begun) if alive else [])
        self._verdict.faults += oracle.of_state(self._sandbox.oracle(), self.rows, self._passed)

    def to_the_end(self) -> None:
        """Runs until STATE covers every row."""
        self._sandbox.knobs(faults=[], latency_ms=0)
        for _ in range(RERUNS):
            lines = lines_of(self.rows, self._passed)
            told = target.write(self._folder, self._config, lines)
            self._account(told, [])
            if told.code == UNKNOWN:
                self._verdict.unknown += told.receipt["unknown"]
                take_word(self._sandbox, self._folder, self._config)
            elif told.code != 0:
                fault = wrong(f"the rerun ended with {told.code}: {told.stderr[-600:]}")
                self._verdict.faults.append(fault)
                return
            if self._passed == len(self.rows):
                return
        self._verdict.faults.append(lost(f"STATE stands at {self._passed} of {len(self.rows)}"))

    def _account(self, told: target.Told, faults: list[Fault]) -> None:
        self._number += 1
        (self._folder / f"run{self._number}.out").write_text(told.stdout)
        (self._folder / f"run{self._number}.err").write_text(told.stderr)
        passed = [state["rows"] for state in told.states if isinstance(state, dict)]
        self._passed = max([self._passed, *passed])
        if self._sandbox.api_key in told.stdout + told.stderr:
            faults = [*faults, wrong("the key is in the output")]
        if told.receipt and sum(told.receipt["outcomes"].values()) != told.receipt["rows_in"]:
            faults = [*faults, wrong(f"the outcomes do not add up: {told.receipt}")]
        self._verdict.faults += [fault.within(f"run {self._number}") for fault in faults]


def take_word(sandbox: Sandbox, folder: Path, config: dict[str, Any]) -> None:
    """What the user does about rows without a key: look in ChakraHQ, and say.

    Not while jobs of theirs may still be under way: a run that was killed leaves some behind.
    """
    names = _settled_names(sandbox)
    listed = target.operate(folder, config, "unknown", "--json")
    by_name: dict[str, list[int]] = defaultdict(list)
    for each in map(json.loads, listed.stdout.splitlines()):
        by_name[each["fields"].get("data.name", "")].append(each["id"])
    known = _confirmed_twins(folder)
    said: dict[str, list[str]] = defaultdict(list)
    for name, numbers in by_name.items():
        written = names[name] - known[name]
        for at, number in enumerate(numbers):
            said["written" if at < written else "not-written"].append(str(number))
    for how, numbers in said.items():
        word = ("unknown", "--as", how, "--now", *numbers)
        target.operate(folder, config, *word)


def _settled_names(sandbox: Sandbox) -> Counter[str]:
    """How many rows have each name, once nothing changes any more."""
    _, names = oracle.held(sandbox.oracle())
    while True:
        time.sleep(QUIET)
        _, later = oracle.held(sandbox.oracle())
        if later == names:
            return names
        names = later


def endings(told: target.Told, how: signal.Signals, *, begun: bool) -> list[Fault]:
    """What is wrong with how a run ended that got a signal, before or after it had begun."""
    if told.code == -how and (how is signal.SIGKILL or OURS not in told.stderr):
        return []  # Killed; or Python itself was still starting.
    if not begun and told.stderr.rstrip().endswith("KeyboardInterrupt"):
        return []
    faults = []
    if told.code != STOPPED:
        faults.append(wrong(f"{how.name}, and it ended with {told.code}: {told.stderr[-600:]}"))
    if "Traceback" in told.stderr:
        faults.append(wrong(f"a traceback: {told.stderr[-600:]}"))
    if begun and not told.receipt and NOT_BEGUN not in told.stderr:
        faults.append(wrong(f"it left no receipt: {told.stderr[-600:]}"))
    return faults


@dataclass(frozen=True)
class Batches:
    """What the journal holds.

    Attributes:
        runs: How many runs began.
        states: The state of each batch by its number.
    """

    runs: int
    states: dict[int, str]

    def since(self, before: Batches) -> Counter[str]:
        """The states of the batches that came since."""
        return Counter(s for number, s in self.states.items() if number not in before.states)

    def at_work(self, before: Batches) -> set[str]:
        """What a run is at work on: its own batches, and what it took on."""
        done = ("settled", "released")
        taken = {f"took on {s}" for n, s in before.states.items() if self.states.get(n) == s}
        taken -= {f"took on {state}" for state in done}
        return set(self.since(before)) | taken


class Journal:
    """Looks into the journal of runs that are under way."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".target-chakra" / "journal.db"
        self._open: sqlite3.Connection | None = None

    def batches(self) -> Batches:
        """What it holds now."""
        try:
            if self._open is None:
                self._open = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=0)
            (runs,) = self._open.execute("SELECT count(*) FROM runs").fetchone()
            return Batches(runs, dict(self._open.execute("SELECT id, state FROM batches")))
        except sqlite3.OperationalError:
            self.close()
            return Batches(0, {})

    def close(self) -> None:
        """Let go of it."""
        if self._open is not None:
            self._open.close()
        self._open = None


def await_point(
    journal: Journal, kill: Kill, running: subprocess.Popen[str], before: Batches
) -> None:
    """Return when the journal shows the point at which the run is to die, or nothing new."""
    if kill.point == "random":
        time.sleep(0.3 + kill.nth * kill.delay * 10)
        return
    seen, until = before, time.monotonic() + BEGINS_WITHIN
    while time.monotonic() < until and running.poll() is None:
        now = journal.batches()
        if _is_there(kill, now, before):
            return
        if now != seen:
            seen, until = now, time.monotonic() + STANDS_STILL
        time.sleep(0.003)


def _is_there(kill: Kill, now: Batches, before: Batches) -> bool:
    if now.runs <= before.runs:
        return False
    states = now.since(before)
    if kill.point in ("waiting", TAKING_ON):
        return True
    if kill.point == "settled":
        return states["settled"] >= kill.nth
    return states[kill.point] > 0


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
