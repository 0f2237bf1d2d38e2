"""Unlucky machines, in process: disks that are full at every n-th byte, signals at every answer.

    python -m tests.campaigns.unlucky --cases 600
    python -m tests.campaigns.unlucky --only 17

A case is a number: from it follow what runs, what it meets and when. The run that meets it ends
with 9, in words, and the one after it goes on from the last STATE that was printed whole. The
judges are those of the kills: the server's own rows, the lines and the files are all they read.
"""

from __future__ import annotations

import argparse
import errno
import gzip
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import OracleRow
from tap_chakra import whole_files
from tests.campaigns.kills import target_oracle
from tests.campaigns.kills.tap_oracle import Judge, Run
from tests.campaigns.verdicts import Fault, lost, wrong
from tests.support.clock import FakeClock
from tests.support.full_disk import FullFiles, FullOutput
from tests.support.in_process import KEY, run_tap, run_target, world_of, written
from tests.support.target_process import record, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World
    from tests.support.in_process import Told

KINDS = ("output", "files", "tap signal", "states", "target signal")
"""A full disk under the tap's output or its BATCH files, or under the target's STATEs; a signal."""
ERRORS = (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT, errno.EPIPE)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LEADS, CREATED = 120, 6
STOPPED = 9
"""The documented exit code."""
OUTPUT_BYTES, FILE_BYTES, STATE_BYTES = 420_000, 220_000, 72
"""About what is written in all, so that a share of it lies within."""
ANSWERS = 14
"""About how many requests a run takes."""
NO_SIGNAL = 1_000_000


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        number: From it follows all else.
        kind: One of `KINDS`.
        share: How far into the run it comes, 0 to 1.
        error: The error of a full disk.
        how: The signal.
        at: The call that fails of a file.
        gzip: Whether BATCH files are packed.
        threads: Windows that the tap reads at a time.
    """

    number: int
    kind: str
    share: float
    error: int
    how: signal.Signals
    at: str
    gzip: bool
    threads: int


def case_of(number: int) -> Case:
    """Draw a case. Kinds, errors and signals go round; where it comes is spread evenly."""
    draw = random.Random(f"unlucky {number}")
    turn, kind = number // len(KINDS), KINDS[number % len(KINDS)]
    errors = [each for each in ERRORS if kind != "files" or each != errno.EPIPE]
    return Case(
        number=number,
        kind=kind,
        share=(turn * 0.618_034 + 0.02) % 1,
        error=errors[turn % len(errors)],
        how=SIGNALS[turn % len(SIGNALS)],
        at=draw.choice(["write", "write", "fsync", "close"]),
        gzip=draw.random() < 0.5,
        threads=draw.choice([1, 1, 3]),
    )


def run_case(folder: Path, case: Case) -> tuple[list[Fault], bool]:
    """Run a case to its end: the promises that were broken, and whether it met its bad luck."""
    if case.kind in ("states", "target signal"):
        return _target_case(folder, case)
    return _tap_case(folder, case)


def _ending(told: Told, *, met: bool) -> list[Fault]:
    """What is wrong with how a run ended."""
    faults = []
    if told.code != (STOPPED if met else 0):
        faults.append(wrong(f"it ended with {told.code}: {told.stderr[-400:]}"))
    if "Traceback" in told.stderr or "fault of" in told.stderr:
        faults.append(wrong(f"a traceback: {told.stderr[-400:]}"))
    if KEY in told.stderr:
        faults.append(wrong("the key is in the output"))
    return faults


class _Signal:
    """Sends a signal with the n-th answer."""

    def __init__(self, case: Case, kind: str) -> None:
        self._left = int(case.share * ANSWERS) if case.kind == kind else NO_SIGNAL
        self._how = case.how
        self.came = False

    def __call__(self, _: Request, response: Response) -> Response:
        self._left -= 1
        if self._left == 0:
            self.came = True
            signal.raise_signal(self._how)
        return response


def _whole_lines(printed: bytes) -> list[dict[str, Any]]:
    """The lines that came whole; of the last one the disk may have taken a part."""
    *lines, _ = printed.split(b"\n")
    return [json.loads(line) for line in lines]


def _oracle(world: World) -> list[OracleRow]:
    lines = [json.loads(line) for line in world.oracle("lead")]
    return [
        OracleRow(
            each["id"], each["born_ms"], each["died_ms"], each["updatedAt"],
            tuple(each["changes"]), each["row"],
        )
        for each in lines
    ]  # fmt: skip


# The tap


def _tap_case(folder: Path, case: Case) -> tuple[list[Fault], bool]:
    world, runs, faults = world_of(LEADS), list[Run](), list[Fault]()
    config: dict[str, Any] = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "concurrency": case.threads,
        "lookback_seconds": 0,
        "procedures": ["lead"],
    }
    if case.kind == "files":
        encoding = {"format": "jsonl", "compression": "gzip" if case.gzip else "none"}
        storage = {"root": str(folder / "files")}
        config["batch_config"] = {"encoding": encoding, "storage": storage, "batch_size": 30}
    args = ["--config", written(folder, "config.json", config)]
    room = int(case.share * OUTPUT_BYTES) if case.kind == "output" else 1 << 30
    output, spoil = FullOutput(room, case.error), _Signal(case, "tap signal")
    with _full_files(case):
        told = run_tap(world, args, spoil, out=output)
    met = spoil.came or told.code != 0
    faults += _ending(told, met=met)
    runs.append(_run_of(output, folder, 0, {}, faults))
    states = [
        line["value"] for line in _whole_lines(bytes(output.taken)) if line["type"] == "STATE"
    ]
    given = states[-1] if states else {}
    later = FakeClock(FakeClock().now() + 3600)
    output = FullOutput(1 << 30, 0)
    args += ["--state", written(folder, "state.json", given)]
    told = run_tap(world, args, clock=later, out=output)
    faults += _ending(told, met=False)
    runs.append(_run_of(output, folder, 3600, given, faults))
    faults += Judge(_oracle(world), case.threads).faults(runs)
    if not any("last_complete_scan" in str(line) for line in runs[-1].lines):
        faults.append(lost("the last STATE speaks of no whole scan"))
    return faults, met


@contextmanager
def _full_files(case: Case) -> Iterator[None]:
    if case.kind != "files":
        yield
        return
    full = FullFiles(int(case.share * FILE_BYTES / (4 if case.gzip else 1)), case.error, case.at)
    whole_files.os = full  # type: ignore[assignment]
    try:
        yield
    finally:
        whole_files.os = os


def _run_of(
    output: FullOutput, folder: Path, later: int, given: dict[str, Any], faults: list[Fault]
) -> Run:
    """A run as its judge sees it: the rows of BATCH files stand where the BATCH came."""
    lines: list[dict[str, Any]] = []
    for line in _whole_lines(bytes(output.taken)):
        if line["type"] != "ACTIVATE_VERSION":  # of streams of the configuration, here
            lines.append(line)
        for url in line["manifest"] if line["type"] == "BATCH" else ():
            rows = _rows_in(Path(url.removeprefix("file://")))
            made = {"type": "RECORD", "stream": line["stream"]}
            lines += [{**made, "record": row} for row in rows]
    for path in (folder / "files").glob("*"):
        if path.name.startswith("."):
            faults.append(wrong(f"{path.name} is left"))
        elif path.stat().st_mode & 0o077:
            faults.append(wrong(f"{path.name} may be read by others"))
        else:
            _rows_in(path)  # whole, or this raises
    return Run(lines, int((FakeClock().now() + later) * 1000), given)


def _rows_in(path: Path) -> list[dict[str, Any]]:
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    if not content.endswith(b"\n"):
        raise ValueError(f"{path.name} is cut")
    return [json.loads(line) for line in content.splitlines()]


# The target


def _rows_of(case: Case) -> list[dict[str, Any]]:
    keys = [f"L-{number:06d}" for number in range(1, 13)]
    keys += [f"K{case.number}-{number}" for number in range(CREATED)]
    return [record("scores", lead_id=key, score=at) for at, key in enumerate(keys)]


def _lines_from(rows: list[dict[str, Any]], start: int) -> str:
    lines = [schema("scores", ["lead_id", "score"])]
    for at in range(start, len(rows)):
        lines.append(rows[at])
        if at % 3 == 2:
            lines.append(state({"rows": at + 1}))
    return "".join(json.dumps(line) + "\n" for line in lines)


def _target_case(folder: Path, case: Case) -> tuple[list[Fault], bool]:
    world, rows = world_of(LEADS), _rows_of(case)
    config = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": [{"stream": "scores", "procedure": "lead", "key": "lead_id"}],
        "journal": f"sqlite:///{folder}/journal.db",
        "batch_size": 4,
    }
    args = ["--config", written(folder, "config.json", config), "--input"]
    room = int(case.share * STATE_BYTES) if case.kind == "states" else 1 << 30
    output, spoil = FullOutput(room, case.error), _Signal(case, "target signal")
    told = run_target(
        world, [*args, written(folder, "in", _lines_from(rows, 0))], spoil, out=output
    )
    met = told.code != 0 or (spoil.came and "Stopped by signal" in told.stderr)
    faults = _ending(told, met=met)
    passed = _passed(output, 0)
    faults += target_oracle.of_state(_oracle(world), rows, passed)
    later, output = FakeClock(FakeClock().now() + 3600, chance=0.5), FullOutput(1 << 30, 0)
    again = [*args, written(folder, "in", _lines_from(rows, passed))]
    told = run_target(world, again, clock=later, out=output)
    faults += _ending(told, met=False)
    if _passed(output, passed) != len(rows):
        faults.append(lost(f"STATE stands at {_passed(output, passed)} of {len(rows)}"))
    return faults + target_oracle.of_the_end(_oracle(world), rows), met


def _passed(output: FullOutput, before: int) -> int:
    return max([before, *(line["rows"] for line in _whole_lines(bytes(output.taken)))])


# The command


def judge_safely(case: Case) -> tuple[list[Fault], bool]:
    """Run a case in a folder of its own; an error of it is a fault, too."""
    with tempfile.TemporaryDirectory(prefix="unlucky-") as folder:
        try:
            return run_case(Path(folder), case)
        except Exception as error:  # noqa: BLE001 - reported with its number
            return [wrong(f"{type(error).__name__}: {error}")], True


def main() -> int:
    """Run the campaign; 1 if a case failed."""
    options = _options()
    numbers = range(options.cases) if options.only is None else [options.only]
    began, met, failed = time.monotonic(), Counter[str](), 0
    for case in map(case_of, numbers):
        faults, came = judge_safely(case)
        met[case.kind] += came
        for fault in faults[:3]:
            print(f"FAIL {case.kind}: {fault}")
        if faults:
            failed += 1
            print(f"     python -m tests.campaigns.unlucky --only {case.number}", flush=True)
    told = ", ".join(f"{met[kind]} {kind}" for kind in KINDS)
    print(f"{len(numbers)} cases, {sum(met.values())} met their bad luck ({told});", end=" ")
    print(f"{failed} failed; {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Full disks and signals, in process.")
    parser.add_argument("--cases", type=int, default=600, help="how many, from 0 on")
    parser.add_argument("--only", type=int, help="only this one")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
