"""A run that is taken back in earnest, and what a sandbox must hold in the end by its own rows.

A run updates, deletes and creates; people edit and delete some of that; undo is killed in the
middle, and said again. It is a test at a few hundred rows, and measured at many.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.support.people import delete, edit_by_id
from tests.support.target_process import operate, record, schema, settings, start, told, writes

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from chakra_sandbox.launch import OracleRow, Sandbox
    from tests.support.target_process import Told

    Rows = Mapping[str, OracleRow]

_WRITTEN: Final = ("score", "remarks")
_UNDO: Final = ("undo", "1", "--yes", "--delete-created", "--json")
_EDITS: Final[tuple[dict[str, Any] | None, ...]] = (
    {"score": 7},
    {"remarks": "by hand"},
    {"score": 8, "remarks": "by hand, too"},
    {"city": "a field that the run did not write"},
    None,
)
"""What people do to a process, one after another; None: they delete it."""
_PATIENCE: Final = 300.0
_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a run writes, and people change of it.

    Attributes:
        updates: Processes that the run updates.
        deletes: Processes that it deletes.
        creates: Processes that it creates.
        edits: Of those, how many people change or delete before the undo.
        batch: Rows a job.
    """

    updates: int
    deletes: int
    creates: int
    edits: int
    batch: int

    @property
    def written(self) -> int:
        """Rows of the run."""
        return self.updates + self.deletes + self.creates


@dataclass(slots=True)
class Ended:
    """A command that ended.

    Attributes:
        told: What it said.
        seconds: How long it took.
        peak_mb: Its peak resident memory, as last seen.
    """

    told: Told
    seconds: float
    peak_mb: float


@dataclass
class TakenBack:
    """A run, people, and the undo of the run.

    Attributes:
        sandbox: The account; it holds more leads than the run updates and deletes.
        folder: Where the target works.
        sizes: How much of everything.
        before: The processes before the run, by id.
        people: What people did to a process, by id.
    """

    sandbox: Sandbox
    folder: Path
    sizes: Sizes
    before: Rows = field(default_factory=dict)
    people: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def write(self) -> Ended:
        """Let the run write."""
        self.before = self.rows()
        keys = [row.data["lead_id"] for row in self.before.values() if row.data.get("lead_id")]
        sizes, made = self.sizes, random.Random(1)
        chosen = made.sample(keys, sizes.updates + sizes.deletes)
        chosen += [f"NEW-{number}" for number in range(sizes.creates)]
        gone = set(chosen[sizes.updates : sizes.updates + sizes.deletes])
        made.shuffle(chosen)
        with (self.folder / "rows.singer").open("w") as lines:
            lines.write(f"{json.dumps(schema('scores', ['lead_id', *_WRITTEN, 'gone']))}\n")
            for n, key in enumerate(chosen):
                row = {
                    "lead_id": key,
                    "score": 5000 + n,
                    "remarks": f"run {n}",
                    "gone": key in gone,
                }
                lines.write(f"{json.dumps(record('scores', **row))}\n")
        return self._ended(start(self.folder, self._config, "--input", "rows.singer"))

    def touch(self) -> None:
        """Let people change or delete some of what the run updated and created."""
        written = [
            row
            for row in self.rows().values()
            if row.died_ms is None and str(row.data.get("remarks")).startswith("run ")
        ]
        for n, row in enumerate(random.Random(2).sample(written, self.sizes.edits)):
            done = self.people[row.id] = _EDITS[n % len(_EDITS)]
            if done is None:
                delete(self.sandbox, row.id)
            else:
                edit_by_id(self.sandbox, row.id, **done)

    def kill_an_undo(self, jobs: int) -> int:
        """Kill -9 an undo once it has submitted so many jobs; how many processes are back by then.

        Raises:
            AssertionError: It ended before.
        """
        self.sandbox.forget_requests()
        kill_at(jobs, start(self.folder, self._config, *_UNDO), self.sandbox)
        return sum(_is_back(row, self.before) for row in self.rows().values())

    def undo(self) -> Ended:
        """Take the run back."""
        return self._ended(start(self.folder, self._config, *_UNDO))

    def kept(self) -> set[tuple[str, str]]:
        """What `kept` lists of the last run: a process and a field each."""
        lines = operate(self.folder, self._config, "kept", "--json").stdout.splitlines()
        return {(each["process_id"], each["field"]) for each in map(json.loads, lines)}

    def wrong(self) -> list[str]:
        """What the sandbox holds otherwise than it must; empty if all is right."""
        now, found = self.rows(), list[str]()
        for process, row in now.items():
            is_touched, edits = process in self.people, self.people.get(process)
            lives = edits is not None if is_touched else process in self.before
            if lives != (row.died_ms is None):
                found.append(f"{process} is {'deleted' if lives else 'there'}")
            elif lives:
                wanted = dict(self.before[process].data) if process in self.before else {}
                wanted |= edits or {}
                held = row.data if process in self.before else {n: row.data[n] for n in wanted}
                if _plain(held) != _plain(wanted):
                    found.append(f"{process} holds {_plain(held)}, and not {_plain(wanted)}")
        made = len(now) - len(self.before)
        return found if made == self.sizes.creates else [*found, f"{made} came into being"]

    def rows(self) -> Rows:
        """All processes that ever were, by id."""
        return {row.id: row for row in self.sandbox.oracle("lead")}

    @property
    def _config(self) -> dict[str, Any]:
        columns = {name: f"data.{name}" for name in ("lead_id", *_WRITTEN)}
        stream = {"stream": "scores", "procedure": "lead", "key": "lead_id", "fields": columns}
        more = {"batch_size": self.sizes.batch, "max_deletes": self.sizes.written}
        return settings(self.sandbox, streams=[{**stream, "delete_when": "gone"}], **more)

    @staticmethod
    def _ended(run: subprocess.Popen[str]) -> Ended:
        """Wait for a command; what it says by the end fits into its pipes."""
        began, peak = time.monotonic(), 0.0
        if run.stdin is not None:
            run.stdin.close()
            run.stdin = None
        while run.poll() is None and time.monotonic() < began + _PATIENCE:
            peak = max(peak, _peak_mb(run.pid))
            time.sleep(0.02)
        seconds = time.monotonic() - began
        stdout, stderr = run.communicate(timeout=1)
        return Ended(told(run.returncode, stdout, stderr), seconds, peak)


def kill_at(jobs: int, run: subprocess.Popen[str], sandbox: Sandbox) -> None:
    """Kill -9 a run once it has submitted so many jobs, of those that the sandbox remembers.

    Raises:
        AssertionError: It ended before.
    """
    until = time.monotonic() + _PATIENCE
    while writes(sandbox) < jobs and run.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    is_alive = run.poll() is None
    run.kill()
    assert is_alive, f"it ended before it was killed: {run.communicate()}"
    run.communicate()


def _is_back(row: OracleRow, before: Rows) -> bool:
    """Whether a process of the run, as the sandbox shows it, is as it was."""
    if row.id not in before:
        return row.died_ms is not None
    was = before[row.id]
    is_written = len(row.changes) > len(was.changes) or row.updated_ms > was.updated_ms
    return is_written and row.died_ms is None and _plain(row.data) == _plain(was.data)


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that hold something; a number that came as a text is a number to the sandbox."""
    return {
        name: float(value) if name == "score" else value
        for name, value in data.items()
        if value not in _EMPTY
    }


def _peak_mb(pid: int) -> float:
    """Peak resident memory of a process in megabytes; 0 where the system does not tell."""
    try:
        with Path(f"/proc/{pid}/status").open() as status:
            peaks = [line.split()[1] for line in status if line.startswith("VmHWM")]
    except OSError:
        return 0.0
    return float(peaks[0]) / 1024 if peaks else 0.0
