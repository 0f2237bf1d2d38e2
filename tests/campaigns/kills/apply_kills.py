"""Kills the real `apply` at chosen points, says it again each time, and judges with the oracle.

A case makes a plan, has other people edit some of its processes, and then applies it until nothing
is left, with a kill in each run but the last ones. Points and signals are those of the target's
kills; a point is a state that the journal shows.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import start_sandbox
from tests.campaigns.kills import target_oracle as oracle
from tests.campaigns.kills.target_kills import (
    LOST,
    RERUNS,
    UNKNOWN,
    Journal,
    await_point,
    case_of,
    endings,
    rows_of,
    settings_of,
    take_word,
)
from tests.campaigns.verdicts import Death, Verdict, doubled, lost, wrong
from tests.support import target_process as target
from tests.support.people import edit

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.campaigns.kills.target_kills import Case, Kill

__all__ = ["case_of", "run_case"]
EDITED = 5
"""Processes that others change once the plan is made."""
EDIT = 7_000_000
"""What they write: no row brings that."""
PLAN = "plan.parquet"


def run_case(folder: Path, case: Case) -> Verdict:
    """Run a case to its end."""
    began = time.monotonic()
    verdict = Verdict(str(case.number))
    with start_sandbox(["--rows", "200", "--tickets", "0", "--orders", "0"]) as sandbox:
        runs = _Applies(sandbox, folder, case, verdict)
        if runs.planned():
            for kill in case.kills:
                runs.killed(kill)
            runs.to_the_end()
            verdict.rows = len(runs.wanted)
            verdict.faults += oracle.of_the_end(sandbox.oracle(), runs.wanted)
    verdict.seconds = time.monotonic() - began
    return verdict


class _Applies:
    """The runs of a case: the plan, and what applies it."""

    def __init__(self, sandbox: Sandbox, folder: Path, case: Case, verdict: Verdict) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._case = case
        self._verdict = verdict
        self._config: dict[str, Any] = settings_of(sandbox)
        self._journal = Journal(folder)
        self._number = 0
        self.wanted: list[dict[str, Any]] = rows_of(case)

    def planned(self) -> bool:
        """Make the plan, and have others edit some of its processes; whether it is there."""
        rows = self.wanted
        schemas = [target.schema("scores", ["lead_id", "score"])]
        schemas += [target.schema("more", ["lead_id", "score"])]
        schemas += [target.schema("notes", ["name", "score"])]
        told = target.write(self._folder, self._config, [*schemas, *rows], "--plan", PLAN)
        if told.code != 0:
            self._verdict.faults.append(wrong(f"the plan ended with {told.code}: {told.stderr}"))
            return False
        draw = random.Random(f"edits {self._case.number}")
        changed = sorted({r["record"].get("lead_id", "") for r in rows if r["stream"] != "notes"})
        edited = draw.sample([key for key in changed if key.startswith("L-")], EDITED)
        for at, key in enumerate(edited):
            edit(self._sandbox, key, score=EDIT + at)
        self.wanted = [row for row in rows if row["record"].get("lead_id") not in edited]
        self.wanted += [
            target.record("scores", lead_id=key, score=EDIT + at) for at, key in enumerate(edited)
        ]
        return True

    def killed(self, kill: Kill) -> None:
        """A run that dies."""
        self._sandbox.knobs(
            job_duration_ms=self._case.job_ms,
            latency_ms=self._case.latency_ms,
            faults=LOST if kill.point == "lost" else [],
        )
        before = self._journal.batches()
        running = target.start(self._folder, self._config, "apply", PLAN, "--yes")
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
        # It ends by itself, which a signal may come too late for.
        ended = told.code in (0, UNKNOWN) and told.receipt.get("stopped") is False
        faults = endings(told, kill.how, begun=begun) if alive and not ended else []
        self._number += 1
        (self._folder / f"apply{self._number}.err").write_text(stderr)
        self._verdict.faults += [fault.within(f"apply {self._number}") for fault in faults]
        by_key, _ = oracle.held(self._sandbox.oracle())
        twice = [key for key, values in by_key.items() if len(values) > 1]
        self._verdict.faults += [doubled(f"{key} is there twice") for key in twice]

    def to_the_end(self) -> None:
        """Apply until nothing is left, and once more: that does nothing."""
        self._sandbox.knobs(faults=[], latency_ms=0)
        for _ in range(RERUNS):
            told = target.operate(self._folder, self._config, "apply", PLAN, "--yes")
            if told.code == UNKNOWN:
                self._verdict.unknown += told.receipt["unknown"]
                take_word(self._sandbox, self._folder, self._config)
            elif told.code != 0:
                fault = wrong(f"apply ended with {told.code}: {told.stderr[-600:]}")
                self._verdict.faults.append(fault)
                return
            elif "Nothing of this plan is left to do" in told.stderr:
                return
        self._verdict.faults.append(lost("the plan is never done"))
