"""Kills the real target while it sends messages.

One case is one number: from it follow the mapping, the rows, the faults that lose answers, and each
kill. A run is killed, by SIGKILL, once so many messages have arrived, or at a random time after its
first request; the next one goes on with the same journal and the same rows. The judge is the
sandbox, which counts what arrived: never two messages for one value of `once_by`, and none lost
that nobody says is unknown. Last the user says of each unknown one what the sandbox knows, and
after that every row must have been sent once.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import start_sandbox
from tests.campaigns.verdicts import Death, Verdict, doubled, lost, wrong
from tests.support import target_process as target
from tests.support.messages import BY_NUMBER, BY_PROCESS, FREE, config_of, visit, visits

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

KINDS = {"a number": BY_NUMBER, "a process": BY_PROCESS, "in Meta's form": FREE}
SENDING = "send-template-message|/messages$"
LOSSES = ("reset_after", "502_after", "garbage", "truncate", "reset_before", "502", "500")
"""Faults after which nobody knows; of the last three nothing was sent."""
ROWS = 48
BLIND = 0.15
"""How many runs die at any time, their beginning included."""
TWICE = 4
"""Rows that come a second time with the same value."""
BAD = 2
"""Rows that are rejects: their number is none."""
UNKNOWN = 8
STANDS_STILL = 4.0
"""Seconds without a further message after which a run is killed in any case."""
BEGINS_WITHIN = 60.0


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        after: Messages of its run that have arrived before; None for none, nor a beginning.
        delay: Seconds from then, or from its start, to the kill.
    """

    after: int | None
    delay: float


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        number: From it follows all else.
        kind: One of `KINDS`.
        concurrency: Messages at a time.
        latency_ms: Before each answer.
        losses: Probability of each fault.
        kills: One run after another dies so.
    """

    number: int
    kind: str
    concurrency: int
    latency_ms: int
    losses: dict[str, float]
    kills: tuple[Kill, ...]


def case_of(number: int) -> Case:
    """Draw a case; the kinds go round."""
    draw = random.Random(f"message kill {number}")
    losses = draw.sample(LOSSES, draw.choice([0, 1, 2]))
    return Case(
        number=number,
        kind=list(KINDS)[number % len(KINDS)],
        concurrency=draw.choice([1, 4, 4, 8]),
        latency_ms=draw.choice([0, 5, 20, 60]),
        losses={kind: draw.choice([0.05, 0.15]) for kind in losses},
        kills=tuple(_kill(draw) for _ in range(draw.randint(5, 9))),
    )


def _kill(draw: random.Random) -> Kill:
    if draw.random() < BLIND:
        return Kill(None, draw.uniform(0.5, 3.5))
    return Kill(draw.choice([0, 0, 1, 2, 5, 9]), draw.choice([0, 0, 0.003, 0.02, 0.07]))


def run_case(folder: Path, case: Case) -> Verdict:
    """Run a case to its end."""
    began = time.monotonic()
    verdict = Verdict(str(case.number))
    with start_sandbox(["--rows", "80", "--tickets", "0", "--orders", "0"]) as sandbox:
        runs = _Runs(sandbox, folder, case, verdict)
        for kill in case.kills:
            runs.killed(kill)
        runs.to_the_end()
    verdict.seconds = time.monotonic() - began
    return verdict


class _Runs:
    """The runs of a case."""

    def __init__(self, sandbox: Sandbox, folder: Path, case: Case, verdict: Verdict) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._case = case
        self._verdict = verdict
        more = {"concurrency": case.concurrency, "lost_answer_horizon": 0, "max_rejects": 9}
        self._config = config_of(sandbox, KINDS[case.kind], **more)
        self._lines = list(_lines_of(case, sandbox))
        self._wanted = {f"V-{number}" for number in range(ROWS)}
        verdict.rows = ROWS + TWICE + BAD

    # Runs that die

    def killed(self, kill: Kill) -> None:
        """A run that dies."""
        faults = [
            {"kind": kind, "probability": share, "match": SENDING, "seed": self._case.number}
            for kind, share in self._case.losses.items()
        ]
        self._sandbox.knobs(latency_ms=self._case.latency_ms, faults=faults)
        self._sandbox.forget_requests()
        running = target.start(self._folder, self._config)
        with contextlib.suppress(BrokenPipeError):
            assert running.stdin is not None
            running.stdin.write("".join(f"{json.dumps(line)}\n" for line in self._lines))
            running.stdin.flush()
        self._await(kill, running)
        time.sleep(kill.delay)
        running.kill()
        running.communicate(timeout=60)
        states = self._states() & {"left", "intended"} or {"between two"}
        kind = "a first run" if not self._verdict.deaths else "a later run"
        self._verdict.deaths.append(Death("SIGKILL", tuple(sorted(states)), kind))
        self._judge_twice()

    def _await(self, kill: Kill, running: subprocess.Popen[str]) -> None:
        """Wait until a run has come to its point, or stands still."""
        if kill.after is None:
            return
        before = len(self._sandbox.arrived())
        ends, still, last = time.monotonic() + BEGINS_WITHIN, None, before
        while running.poll() is None and time.monotonic() < ends:
            if not self._has_begun():
                time.sleep(0.01)
                continue
            arrived = len(self._sandbox.arrived())
            if arrived - before >= kill.after:
                return
            if arrived != last or still is None:
                last, still = arrived, time.monotonic()
            if time.monotonic() - still > STANDS_STILL:
                return
            time.sleep(0.002)

    def _has_begun(self) -> bool:
        """Whether a message was asked for."""
        paths = (each["path"] for each in self._sandbox.requests())
        return any("send-template" in path or path.endswith("/messages") for path in paths)

    def _states(self) -> set[str]:
        """The states of the calls that the journal knows."""
        path = self._folder / ".target-chakra" / "journal.db"
        if not path.exists():
            return set()
        with contextlib.closing(sqlite3.connect(path)) as journal:
            try:
                return {state for (state,) in journal.execute("SELECT state FROM calls")}
            except sqlite3.OperationalError:  # not there yet, or held
                return set()

    # The end

    def to_the_end(self) -> None:
        """Run until nothing is left but what is unknown, take the user's word, and run again."""
        self._sandbox.knobs(latency_ms=0, faults=[])
        last = target.write(self._folder, self._config, self._lines)
        self._judge_twice()
        unknown = self._unknown()
        self._verdict.unknown += len(unknown)
        arrived = self._arrived()
        if last.code not in (0, UNKNOWN) or (last.code == UNKNOWN) != bool(unknown):
            self._wrong(f"ended with {last.code}, {len(unknown)} unknown: {last.stderr[-500:]}")
        for once in sorted(self._wanted - set(arrived) - set(unknown)):
            self._verdict.faults.append(lost(f"{once} was not sent, and is not unknown"))
        # Also of what would have been refused nobody knows, where that answer was lost.
        refused = BAD - len(set(unknown) - self._wanted)
        if last.receipt.get("outcomes", {}).get("rejected") != refused:
            self._wrong(f"other rejects than {refused}: {last.receipt.get('outcomes')}")
        again = target.write(self._folder, self._config, self._lines)
        if self._arrived() != arrived:
            self._wrong(f"a run with nothing to do sent something: {again.outcomes}")
        self._take_words(unknown, arrived)
        final = target.write(self._folder, self._config, self._lines)
        self._judge_twice()
        if final.code != 0 or set(self._arrived()) != self._wanted:
            missing = sorted(self._wanted - set(self._arrived()))
            self._wrong(f"after the word {final.code}, without {missing}: {final.stderr[-500:]}")

    def _take_words(self, unknown: dict[str, int], arrived: Counter[str]) -> None:
        for word, is_there in (("written", True), ("not-written", False)):
            said = [str(n) for once, n in unknown.items() if (once in arrived) is is_there]
            if said:
                words = ("unknown", "--as", word, "--now", *said)
                told = target.operate(self._folder, self._config, *words)
                if told.code != 0:
                    self._wrong(f"the word was not taken: {told.stderr}")

    def _unknown(self) -> dict[str, int]:
        """Numbers of the unknown rows, by their value."""
        told = target.operate(self._folder, self._config, "unknown", "--json")
        lines = map(json.loads, told.stdout.splitlines())
        return {line["key"].removeprefix("visit="): line["id"] for line in lines}

    # The judge

    def _arrived(self) -> Counter[str]:
        """How many messages arrived for each value."""
        return Counter(f"V-{each['text'].split()[-1]}" for each in self._sandbox.arrived())

    def _judge_twice(self) -> None:
        time.sleep(self._case.latency_ms / 1000 + 0.05)  # what was under way arrives
        for once, number in self._arrived().items():
            if number > 1:
                self._verdict.faults.append(doubled(f"{once} was sent {number} times"))

    def _wrong(self, what: str) -> None:
        self._verdict.faults.append(wrong(what))


def _lines_of(case: Case, sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """The rows of a case, the same each time."""
    draw = random.Random(f"rows {case.number}")
    phoned = [row for row in sandbox.oracle("lead") if row.data.get("phone_number")]
    leads = [str(row.data["lead_id"]) for row in phoned]
    head, *_, end = visits([0])
    rows = [visit(number, lead=draw.choice(leads)) for number in range(ROWS)]
    rows += draw.sample(rows, TWICE)
    rows += [visit(ROWS + n, mobile="0555 01", lead="L-nobody") for n in range(BAD)]
    draw.shuffle(rows)
    return iter([head, *rows, end])
