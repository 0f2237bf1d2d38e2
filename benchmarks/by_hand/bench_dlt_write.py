"""Measures what writing back costs through dlt, beside the Singer path, in one run.

Rows of 20 columns, 65 of 100 of which change an existing lead, 15 create one and 20 are as they
should be, go to one sandbox, in turn through `target-chakra` (from a file of Singer messages) and
through a dlt pipeline (from a file of JSON lines): every repetition has leads of its own. CPU is
that of the process, the sandbox's is told apart. `python benchmarks/by_hand/bench_dlt_write.py`
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

import orjson

from benchmarks.by_hand.target_rows import COLUMNS, is_there, wanted
from chakra_sandbox.launch import start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.launch import Sandbox

ROOT = Path(__file__).parent.parent.parent
RESULT = ROOT / "benchmarks" / "results" / "dlt-write.md"
CHUNK = 1000
"""Rows that the pipeline's resource yields at a time."""


@dataclass(frozen=True)
class Cost:
    """What a run cost.

    Attributes:
        wall: Seconds from its beginning to its receipt.
        cpu: CPU seconds of the process meanwhile.
        jobs: Jobs.
    """

    wall: float
    cpu: float
    jobs: int


def rows_of(start: int, count: int) -> Iterator[dict[str, Any]]:
    """Rows on the sandbox's own keys: it holds other values, so that most are updates."""
    for n in range(start, start + count):
        # A wrong type is not what is measured here.
        row = wanted(n if n % 100 < 95 else n - 40)
        key = f"L-{n + 1:06d}" if is_there(n) else f"NEW-{n}"
        yield {**row, "lead_id": key}


def settings(sandbox: Sandbox, folder: Path) -> dict[str, Any]:
    """The same for both."""
    return {
        "api_key": sandbox.api_key,
        "api_url": sandbox.url,
        "streams": [{"stream": "s", "procedure": "lead", "key": "lead_id"}],
        "journal": f"sqlite:///{folder}/journal.db",
        "max_rejects": 10**9,
        "stop_at_reject_percent": 100,
    }


def singer(sandbox: Sandbox, folder: Path, start: int, count: int) -> Cost:
    """Write rows with the target's own command."""
    lines = folder / "rows.singer"
    with lines.open("wb") as out:
        columns = {column: {} for column in COLUMNS}
        schema = {"type": "SCHEMA", "stream": "s", "schema": {"properties": columns}}
        out.write(orjson.dumps(schema) + b"\n")
        for row in rows_of(start, count):
            out.write(orjson.dumps({"type": "RECORD", "stream": "s", "record": row}) + b"\n")
    config = folder / "config.json"
    config.write_text(json.dumps(settings(sandbox, folder)))
    told = _run(
        [sys.executable, "-c", SINGER, "--config", str(config), "--input", str(lines)], folder
    )
    *_, said, cpu = told.strip().splitlines()
    receipt = json.loads(said)
    return Cost(receipt["seconds"], float(cpu), receipt["jobs"])


SINGER = """
import sys, time
from target_chakra.__main__ import run
import target_chakra.cli.command
began = time.process_time()
code = run(sys.argv[1:])
print(time.process_time() - began, file=sys.stderr)
sys.exit(code)
"""
"""The command `target-chakra`, and the CPU seconds that it takes beside its start."""

PROGRAM = """
import json, os, sys, time
import dlt, orjson
from target_chakra.dlt_destination import chakra_destination, receipts
settings, path, chunk = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])

@dlt.resource(name="s", write_disposition="merge", primary_key="lead_id")
def rows():
    held = []
    for line in open(path, "rb"):
        held.append(orjson.loads(line))
        if len(held) == chunk:
            yield held
            held = []
    yield held

pipeline = dlt.pipeline("bench", destination=chakra_destination(**settings), pipelines_dir=".")
began, cpu = time.perf_counter(), time.process_time()
pipeline.extract(rows()); pipeline.normalize()
loading, loading_cpu = time.perf_counter(), time.process_time()
pipeline.load()
ended, ended_cpu = time.perf_counter(), time.process_time()
(receipt,) = receipts(pipeline)
print(json.dumps({"jobs": receipt["jobs"], "whole": ended - began,
    "load": ended - loading, "load_cpu": ended_cpu - loading_cpu, "cpu": ended_cpu - cpu}))
"""


def dlt(sandbox: Sandbox, folder: Path, start: int, count: int) -> tuple[Cost, Cost]:
    """Write rows with a pipeline: its load alone, and all three steps."""
    lines = folder / "rows.jsonl"
    with lines.open("wb") as out:
        for row in rows_of(start, count):
            out.write(orjson.dumps(row) + b"\n")
    given = [json.dumps(settings(sandbox, folder)), str(lines), str(CHUNK)]
    told = _run([sys.executable, "-c", PROGRAM, *given], folder)
    found = json.loads(told.strip().splitlines()[-1])
    load = Cost(found["load"], found["load_cpu"], found["jobs"])
    whole = Cost(found["whole"], found["cpu"], found["jobs"])
    return load, whole


def _run(command: list[str], folder: Path) -> str:
    """Run a command; what it said."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout + done.stderr if SINGER in command else done.stdout


def measure(count: int, times: int) -> list[str]:
    """Measure both in turn; the lines of the table."""
    found: dict[str, list[Cost]] = {"singer": [], "load": [], "whole": []}
    with start_sandbox(["--rows", str(2 * times * count)]) as sandbox:
        sandbox.knobs(job_duration_ms=300)
        before, began = sandbox.stats()["cpu_seconds"], time.perf_counter()
        for turn in range(times):
            with tempfile.TemporaryDirectory() as folder:
                found["singer"].append(singer(sandbox, Path(folder), 2 * turn * count, count))
            with tempfile.TemporaryDirectory() as folder:
                load, whole = dlt(sandbox, Path(folder), (2 * turn + 1) * count, count)
                found["load"].append(load)
                found["whole"].append(whole)
        share = (sandbox.stats()["cpu_seconds"] - before) / (time.perf_counter() - began)
    return table(found, count, share)


NAMES = {
    "singer": "target-chakra, from Singer messages",
    "load": "dlt, the load (from the load package)",
    "whole": "dlt, extract and normalize (its own work, from dicts) and load",
}


def table(found: dict[str, list[Cost]], count: int, share: float) -> list[str]:
    """The lines of the table."""
    # The least is what it costs; the rest is what else the machine did.
    wall = {name: min(cost.wall for cost in costs) for name, costs in found.items()}
    cpu = {name: min(cost.cpu for cost in costs) for name, costs in found.items()}
    times = len(found["singer"])
    conditions = (
        f"{count:,} rows of 20 columns a run, the best of {times} runs each, in turn, against one"
        f" sandbox on the same cores (its CPU: {share:.0%} of one)."
    )
    lines = [
        conditions,
        "",
        "| path | rows/s | times as long | CPU µs per row | times as much |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {NAMES[name]} | {count / wall[name]:,.0f} | {wall[name] / wall['singer']:.2f} |"
        f" {cpu[name] / count * 1e6:.0f} | {cpu[name] / cpu['singer']:.2f} |"
        for name in found
    ]
    return lines


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    lines = measure(options.rows, options.times)
    print("\n".join(lines))
    RESULT.parent.mkdir(exist_ok=True)
    head = [
        "# Writing back through dlt",
        "",
        "`python benchmarks/by_hand/bench_dlt_write.py` writes this page.",
        "",
    ]
    RESULT.write_text("\n".join([*head, *lines]) + "\n")


if __name__ == "__main__":
    main()
