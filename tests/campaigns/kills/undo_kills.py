"""Kills an undo at chosen points, runs it again, and judges by the sandbox's own rows.

One case is one number: from it follow what a run wrote (updates, deletes, creates), what people
changed between that run and its undo, and how often the undo dies, where, and of which signal. In
the end every field that nobody touched holds what it held before the run, every field that somebody
touched holds what that person left there, and nothing came into being.
"""

from __future__ import annotations

import random
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import start_sandbox
from tests.campaigns.verdicts import Death, Verdict, doubled, lost, wrong
from tests.support.people import delete, edit_by_id
from tests.support.target_process import operate, record, schema, settings, start, write

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import OracleRow, Sandbox
    from tests.campaigns.verdicts import Fault

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
STOPPED = 9
"""The documented exit code of a run that a signal stopped."""
NAMES = ("score", "remarks")
COLUMNS = schema("scores", ["lead_id", *NAMES, "gone"])
PATIENCE = 120.0


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        seed: From it follows all else.
        updates: Processes that the run updates.
        deletes: Processes that it deletes.
        creates: Processes that it creates.
        edits: Of those, how many people touch before the undo.
        batch: Rows a job.
        job_ms: How long a job takes.
        deletes_created: Whether the undo deletes what was created.
        kills: After how many seconds, and of which signal, one undo after another dies.
    """

    seed: int
    updates: int
    deletes: int
    creates: int
    edits: int
    batch: int
    job_ms: int
    deletes_created: bool
    kills: tuple[tuple[float, signal.Signals], ...]


def case_of(seed: int) -> Case:
    """Draw a case. Signals go round, the rest is drawn."""
    draw = random.Random(f"undo kill {seed}")
    return Case(
        seed=seed,
        updates=draw.choice([20, 100, 300]),
        deletes=draw.choice([0, 5, 40]),
        creates=draw.choice([0, 10, 60]),
        edits=draw.choice([0, 10, 40]),
        batch=draw.choice([10, 50, 1000]),
        job_ms=draw.choice([20, 150, 600]),
        deletes_created=draw.random() < 0.5,
        kills=tuple(
            (0.3 + draw.random() * 3.0, SIGNALS[(seed + number) % len(SIGNALS)])
            for number in range(draw.randint(1, 4))
        ),
    )


def run_case(folder: Path, case: Case) -> Verdict:
    """Run a case to its end."""
    began = time.monotonic()
    verdict = Verdict(str(case.seed))
    with start_sandbox(["--rows", "600", "--tickets", "0", "--orders", "0"]) as sandbox:
        sandbox.knobs(delete_mode="soft_listed", job_duration_ms=case.job_ms)
        before = _rows(sandbox)
        written = _wrote(sandbox, folder, case, before)
        verdict.rows = case.updates + case.deletes + case.creates
        time.sleep(2.1)  # who edits what was created is told by a clock that counts seconds
        touched = _touch(sandbox, case, written)
        for seconds, how in case.kills:
            verdict.deaths.append(_killed(sandbox, folder, case, (seconds, how)))
        last = operate(folder, _config(sandbox, case), *_undo(case))
        if last.code != 0:
            verdict.faults.append(wrong(f"the last undo ended with {last.code}: {last.stderr}"))
        verdict.faults += _judged(before, _rows(sandbox), touched, case)
    verdict.seconds = time.monotonic() - began
    return verdict


def _config(sandbox: Sandbox, case: Case) -> dict[str, Any]:
    fields = {name: f"data.{name}" for name in ("lead_id", *NAMES)}
    mapping = {"stream": "scores", "procedure": "lead", "key": "lead_id", "fields": fields}
    mapping["delete_when"] = "gone"
    return settings(sandbox, streams=[mapping], batch_size=case.batch, max_deletes=1000)


def _undo(case: Case) -> list[str]:
    return ["undo", "1", "--yes", *(["--delete-created"] if case.deletes_created else [])]


def _rows(sandbox: Sandbox) -> dict[str, OracleRow]:
    return {row.id: row for row in sandbox.oracle("lead")}


def _wrote(
    sandbox: Sandbox, folder: Path, case: Case, before: dict[str, OracleRow]
) -> dict[str, OracleRow]:
    """Let a run write; what it wrote, by id."""
    living = [row for row in before.values() if row.died_ms is None and row.data.get("lead_id")]
    chosen = random.Random(case.seed).sample(living, case.updates + case.deletes)
    keys = [row.data["lead_id"] for row in chosen]
    gone = set(keys[case.updates :])
    rows = [
        record("scores", lead_id=key, score=5000 + n, remarks=f"run {n}", gone=key in gone)
        for n, key in enumerate(keys)
    ]
    rows += [
        record("scores", lead_id=f"N-{n}", score=n, remarks="made", gone=False)
        for n in range(case.creates)
    ]
    done = write(folder, _config(sandbox, case), [COLUMNS, *rows])
    assert done.code == 0, done.stderr
    wrote = {row.id for row in chosen}
    return {i: row for i, row in _rows(sandbox).items() if i in wrote or i not in before}


def _touch(sandbox: Sandbox, case: Case, written: dict[str, OracleRow]) -> dict[str, Any]:
    """Let people change some of it; what they left, by id: fields, or None for a delete."""
    draw, found = random.Random(f"people {case.seed}"), dict[str, Any]()
    living = [row for row in written.values() if row.died_ms is None]
    for n, row in enumerate(draw.sample(living, min(case.edits, len(living)))):
        names = draw.choice([("score",), ("remarks",), NAMES, ()])
        if names:
            found[row.id] = {name: n if name == "score" else f"by hand {n}" for name in names}
            edit_by_id(sandbox, row.id, **found[row.id])
        else:
            found[row.id] = None
            delete(sandbox, row.id)
    return found


def _killed(
    sandbox: Sandbox, folder: Path, case: Case, kill: tuple[float, signal.Signals]
) -> Death:
    """An undo that dies; nothing if it ended before."""
    seconds, how = kill
    run = start(folder, _config(sandbox, case), *_undo(case))
    until = time.monotonic() + seconds
    while run.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    alive = run.poll() is None
    if alive:
        run.send_signal(how)
    run.communicate(timeout=PATIENCE)
    died = alive and run.returncode in (-how, STOPPED)
    return Death(how.name, ("undoing",) if died else (), "undo")


def _judged(
    before: dict[str, OracleRow],
    now: dict[str, OracleRow],
    touched: dict[str, Any],
    case: Case,
) -> list[Fault]:
    faults: list[Fault] = []
    for i, row in now.items():
        is_touched, left = i in touched, touched.get(i)
        if i not in before:
            faults += _of_created(row, case, is_touched=is_touched, left=left)
        elif is_touched and left is None:
            if row.died_ms is None:
                faults.append(wrong(f"{i} came back, and somebody had deleted it"))
        elif row.died_ms is not None:
            faults.append(lost(f"{i} is deleted"))
        else:
            wanted = {name: before[i].data.get(name) for name in NAMES} | (left or {})
            held = {name: row.data.get(name) for name in NAMES}
            if {n: str(v) for n, v in held.items()} != {n: str(v) for n, v in wanted.items()}:
                faults.append(wrong(f"{i} holds {held}, and not {wanted}"))
    made = [row.data.get("lead_id") for i, row in now.items() if i not in before]
    if len(made) != case.creates:
        faults.append(doubled(f"{len(made)} came into being, and not {case.creates}"))
    return faults


def _of_created(row: OracleRow, case: Case, *, is_touched: bool, left: Any) -> list[Fault]:
    """What must have become of a process that the run created."""
    is_left = left is not None if is_touched else not case.deletes_created
    if is_left == (row.died_ms is None):
        held = {name: row.data.get(name) for name in left or {}}
        return [] if not left or held == left else [wrong(f"{row.id} holds {held}, not {left}")]
    return [wrong(f"{row.id}, created, is {'deleted' if is_left else 'left'}")]
