"""Kills the real tap at chosen points, starts it again each time, and judges with the oracle.

One case is one number: from it follow the rows and their shape in time, the server's order and
habits, how rows change meanwhile, and each kill: its signal and its point. A point is a moment
that can be seen from outside: so many requests at the server, so many bytes or STATEs read from
the pipe, a reader that stopped reading, the summary in the log. The scan's own state at death is
read from the server's log afterwards.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import start_sandbox
from tests.campaigns.kills.tap_oracle import STREAM, Judge, Run
from tests.campaigns.verdicts import Death, Verdict, lost, wrong
from tests.support.strict_singer import messages_of
from tests.support.tap_process import COMMAND, catalog_of, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chakra_sandbox.launch import Sandbox
    from tests.campaigns.verdicts import Fault

POINTS = ("starting", "asked", "printed", "blocked", "passed on", "ending")
"""Where a run dies: after so long, requests, bytes, bytes that nobody reads on, STATEs; at its end.
"""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
THE_SECOND = 0.15
"""Share of the kills that the second process dies of, where there is one, and not the tap."""
DISTRIBUTIONS = (
    "uniform", "bursts", "daily", "recent", "imports", "one_millisecond", "sparse", "one_import",
)  # fmt: skip
ORDERS = (
    "created_asc", "random_stable", "created_desc", "id", "shuffled_per_request", "updated_desc",
)  # fmt: skip
ROW_BYTES = 1_400
CHANGED = 40
"""Rows that change between two runs."""
STARTS_WITHIN = 1.2
"""Seconds in which a run has begun to ask."""
STOPPED = 9
"""The documented exit code of a run that a signal stopped."""
OURS = "| tap-chakra"
"""In each line of our own log."""
PATIENCE = 120.0


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        point: One of `POINTS`.
        share: How far into the run, 0 to 1.
        how: The signal.
        delay: Seconds from the point to the signal.
        second: Whether SIGKILL comes to the second process, if there is one by then.
    """

    point: str
    share: float
    how: signal.Signals
    delay: float
    second: bool = False

    @property
    def name(self) -> str:
        """What the figures call it."""
        return "the second" if self.second else self.how.name


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        seed: From it follows all else.
        rows: Rows at the beginning.
        distribution: Of `createdAt`.
        order: In which the server lists.
        concurrency: Windows read at a time.
        latency: Milliseconds before each answer.
        churn: Rows inserted, updated and deleted on each list request.
        precision: Of the filter on `createdAt`.
        method: INCREMENTAL or FULL_TABLE.
        second: Whether a whole run comes before the kills.
        handed_over: Rows from which on a second process writes; 0 for never.
        kills: One run after another dies so; the next one goes on.
    """

    seed: int
    rows: int
    distribution: str
    order: str
    concurrency: int
    latency: int
    churn: int
    precision: str
    method: str
    second: bool
    handed_over: int
    kills: tuple[Kill, ...]


def case_of(seed: int) -> Case:
    """Draw a case. Shapes, orders, points and signals go round, the rest is drawn."""
    draw = random.Random(f"tap kill {seed}")
    return Case(
        seed=seed,
        rows=draw.choice([300, 600, 1000, 2000]),
        distribution=DISTRIBUTIONS[seed % len(DISTRIBUTIONS)],
        order=ORDERS[seed // len(DISTRIBUTIONS) % len(ORDERS)],
        concurrency=draw.choice([1, 2, 4, 8]),
        latency=draw.choice([0, 0, 5, 20]),
        churn=draw.choice([0, 0, 1]),
        precision=draw.choice(["ms", "ms", "ms", "s"]),
        method=draw.choice(["INCREMENTAL", "INCREMENTAL", "FULL_TABLE"]),
        second=draw.random() < 0.3,
        kills=tuple(_kill(seed, number, draw) for number in range(draw.randint(1, 5))),
        handed_over=draw.choice([0, 1, 1, 500]),
    )


def _kill(seed: int, number: int, draw: random.Random) -> Kill:
    return Kill(
        point=POINTS[(seed + number) % len(POINTS)],
        share=draw.random(),
        how=SIGNALS[(seed // len(POINTS) + number) % len(SIGNALS)],
        delay=draw.choice([0, 0, 0.002, 0.01, 0.05]),
        second=draw.random() < THE_SECOND,
    )


def run_case(folder: Path, case: Case) -> Verdict:
    """Run a case to its end."""
    began = time.monotonic()
    verdict = Verdict(str(case.seed))
    arguments = ["--rows", str(case.rows), "--tickets", "0", "--orders", "0"]
    shape = ["--seed", str(case.seed), "--distribution", case.distribution]
    with start_sandbox([*arguments, *shape]) as sandbox:
        sandbox.knobs(created_at_precision=case.precision, list_order=case.order)
        runs = _Runs(sandbox, folder, case, verdict)
        if case.second:
            runs.whole()
        for kill in case.kills:
            runs.killed(kill)
        runs.whole()
        verdict.rows = sum(len(run.ids) for run in runs.done)
        finest = 1000 if case.precision == "s" else 1
        verdict.faults += Judge(sandbox.oracle(), case.concurrency, finest).faults(runs.done)
        (folder / "requests.jsonl").write_text("\n".join(map(json.dumps, sandbox.requests())))
    if not _ends_complete(runs.state):
        verdict.faults.append(lost("the last STATE speaks of no whole scan"))
    verdict.seconds = time.monotonic() - began
    return verdict


def _ends_complete(state: dict[str, Any]) -> bool:
    stream = state.get("bookmarks", {}).get(STREAM, {})
    return "last_complete_scan" in stream and "scan" not in stream


class _Runs:
    """The runs of a case, each from the last STATE of those before it."""

    def __init__(self, sandbox: Sandbox, folder: Path, case: Case, verdict: Verdict) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._case = case
        self._verdict = verdict
        config = {
            "api_key": sandbox.api_key,
            "api_url": sandbox.url,
            "concurrency": case.concurrency,
            "lookback_seconds": 0,
            "second_process_from": case.handed_over,
        }
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "catalog.json").write_text(_catalog(case.method))
        self.state: dict[str, Any] = {}
        self.done: list[Run] = []

    def whole(self) -> None:
        """A run to its end."""
        victim = self._begin()
        victim.process.wait(PATIENCE)
        self._end(victim, None)

    def killed(self, kill: Kill) -> None:
        """A run that dies."""
        victim = self._begin()
        self._await(victim, kill)
        time.sleep(kill.delay)
        alive = victim.process.poll() is None
        if alive and kill.second:
            alive = victim.kill_second()
        elif alive:
            victim.process.send_signal(kill.how)
        victim.resume()
        victim.process.wait(PATIENCE)
        alive = alive and victim.process.returncode != 0
        states = (scan_state(self._sandbox.requests(), victim.stdout),) if alive else ()
        self._verdict.deaths.append(Death(kill.name, states, self._kind()))
        self._end(victim, kill if alive else None)

    def _kind(self) -> str:
        stream = self.state.get("bookmarks", {}).get(STREAM, {})
        if "scan" in stream:
            return "resumed"
        if self._case.method == "FULL_TABLE":
            return "full table"
        return "incremental" if stream else "first"

    def _begin(self) -> Victim:
        number, draw = len(self.done), random.Random(f"{self._case.seed} {len(self.done)}")
        if number:
            counts = {"insert": draw.randrange(20), "update": CHANGED, "delete": draw.randrange(20)}
            self._sandbox.mutate(**counts, seed=self._case.seed * 10 + number)
        self._sandbox.knobs(churn=self._case.churn, latency_ms=self._case.latency)
        self._sandbox.forget_requests()
        return Victim(self._folder, self.state)

    def _end(self, victim: Victim, kill: Kill | None) -> None:
        victim.join()
        asked = [request["at_ms"] for request in self._sandbox.requests()]
        run = Run(victim.lines(), max(asked, default=0), self.state)
        self.done.append(run)
        states = [line["value"] for line in run.lines if line["type"] == "STATE"]
        self.state = states[-1] if states else self.state
        name = f"run {len(self.done)}"
        (self._folder / f"run{len(self.done)}.out").write_bytes(victim.stdout)
        (self._folder / f"run{len(self.done)}.err").write_bytes(victim.stderr)
        faults = endings(victim, kill)
        if self._sandbox.api_key in _text(victim.stdout) + _text(victim.stderr):
            faults.append(wrong("the key is in the output"))
        self._verdict.faults += [fault.within(name) for fault in faults]

    def _rows_left(self) -> int:
        """About how many rows the next run will read."""
        scan = self.state.get("bookmarks", {}).get(STREAM, {}).get("scan", {})
        return int(self._case.rows - scan.get("rows", 0))

    def _rows_printed(self) -> int:
        """About how many rows the next run will print."""
        return CHANGED if self._kind() == "incremental" else self._rows_left()

    def _await(self, victim: Victim, kill: Kill) -> None:
        """Return when the run is where it is to die, or has ended."""
        share, rows, printed = kill.share, self._rows_left(), self._rows_printed()
        expected = share * printed * ROW_BYTES
        wanted = self._sandbox.stats()["requests"] + 3 + int(share * (rows / 100 * 1.7 + 10))
        states = 1 + int(share * rows / 100 / self._case.concurrency)
        if kill.point == "blocked":
            victim.reads_at_most(int(expected))
        points: dict[str, Callable[[], bool]] = {
            "starting": lambda: victim.age > share * STARTS_WITHIN,
            "asked": lambda: self._sandbox.stats()["requests"] >= wanted,
            "printed": lambda: len(victim.stdout) >= expected,
            "blocked": lambda: victim.is_blocked,
            "passed on": lambda: victim.stdout.count(b'"type":"STATE"') >= states,
            "ending": lambda: b"complete in" in victim.stderr,
        }
        reached = points[kill.point]
        until = time.monotonic() + PATIENCE
        while victim.process.poll() is None and not reached() and time.monotonic() < until:
            # Asking costs the server time that it needs for the run.
            time.sleep(0.02 if kill.point == "asked" else 0.003)


class Victim:
    """A run of the tap whose output is read by a thread, as far as it is to be read."""

    def __init__(self, folder: Path, state: dict[str, Any]) -> None:
        (folder / "state.json").write_text(json.dumps(state))
        names = ("config", "catalog", "state")
        options = [part for name in names for part in (f"--{name}", str(folder / f"{name}.json"))]
        self._began = time.monotonic()
        self._most: int | None = None
        self._stopped_at = 0.0
        self._go_on = threading.Event()
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.process = subprocess.Popen(
            [*COMMAND, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment(),
        )
        self._threads = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.stdout)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.stderr)),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._began

    def reads_at_most(self, count: int) -> None:
        """Stop reading its output there, until `resume`."""
        self._most = count

    @property
    def is_blocked(self) -> bool:
        """Whether nobody has read on for as long as it takes to fill a pipe."""
        return bool(self._stopped_at) and time.monotonic() - self._stopped_at > 0.2

    def resume(self) -> None:
        """Read on."""
        self._most = None
        self._go_on.set()

    def _read(self, pipe: Any, into: bytearray) -> None:
        while part := pipe.read(4096):
            into += part
            if into is self.stdout and self._most is not None and len(into) >= self._most:
                self._stopped_at = time.monotonic()
                self._go_on.wait(PATIENCE)

    def kill_second(self) -> bool:
        """Kill the second process; whether there was one."""
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                _, parent, *_ = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            if int(parent) == self.process.pid:
                with suppress(ProcessLookupError):
                    os.kill(int(path.parent.name), signal.SIGKILL)
                    return True
        return False

    def join(self) -> None:
        """Wait until all that it wrote is read."""
        for thread in self._threads:
            thread.join()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def lines(self) -> list[dict[str, Any]]:
        """The whole lines that it printed."""
        return messages_of(bytes(self.stdout), ended=False, whole=False)


def endings(victim: Victim, kill: Kill | None) -> list[Fault]:
    """What is wrong with how a run ended."""
    code, said = victim.process.returncode, _text(victim.stderr)
    if kill is not None and kill.second:
        return _after_the_second(code, said)
    if kill is not None and kill.how is signal.SIGKILL:
        return [] if code in {0, -signal.SIGKILL} else [wrong(f"killed, it ended with {code}")]
    starting = not victim.stdout and OURS not in said
    if (
        kill is not None
        and starting
        and (code == -kill.how or said.rstrip().endswith("KeyboardInterrupt"))
    ):
        return []  # Python itself was still starting.
    faults = []
    if code not in ({0} if kill is None else {0, STOPPED}):
        faults.append(wrong(f"it ended with {code}: {said[-600:]}"))
    if victim.stdout and not victim.stdout.endswith(b"\n"):
        faults.append(wrong("its last line is cut"))
    if "Traceback" in said:
        faults.append(wrong(f"a traceback: {said[-600:]}"))
    return faults


def _after_the_second(code: int | None, said: str) -> list[Fault]:
    """What is wrong with a run whose second process was killed: it goes on alone, or stops."""
    if "Traceback" in said:
        return [wrong(f"a traceback: {said[-600:]}")]
    started = "No second process could be started" in said
    told = started if code == 0 else code == STOPPED and "was ended: killed (SIGKILL)" in said
    return (
        [] if told else [wrong(f"its second process died, and it ended with {code}: {said[-600:]}")]
    )


def _text(output: bytes) -> str:
    """What a process wrote that may have died within a character."""
    return output.decode(errors="replace")


def scan_state(requests: Sequence[dict[str, Any]], stdout: bytes) -> str:
    """What a scan was doing, by the last list request that the server got."""
    lists = [r["body"] for r in requests if r["path"].endswith("/process/list")]
    if not lists:
        return "before any row" if requests else "starting"
    if b'"RECORD"' not in stdout:
        return "before the first record"
    last = lists[-1]
    where = last.get("where") or {}
    if set(where) - {"createdAt"}:
        return "in a dense instant"
    if not where:
        return "at the ends of the listing"
    if last["limit"] == 1:
        return "looking ahead in a walk"
    return "in a walk" if last["skip"] else "in windows"


@cache
def _catalog(method: str) -> str:
    """The catalog of `lead`, the same for every sandbox."""
    import tempfile  # noqa: PLC0415

    with start_sandbox(["--rows", "10"]) as sandbox, tempfile.TemporaryDirectory() as folder:
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        return json.dumps(catalog_of(Path(folder), config, STREAM, method=method))
