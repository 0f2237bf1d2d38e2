"""Peak memory with rows of one kilobyte, of one megabyte, and mixed, whatever the output.

    python benchmarks/by_hand/bench_large_rows.py --large 400 --small 20000

Reads through `tap-chakra` as RECORD lines (in one process, and in two), as BATCH files of JSON
lines and of parquet, and by the dlt source; writes rows of a megabyte through `target-chakra`. The
peak is that of all processes of a command, sampled, shared pages counted in each of them.

Prints a Markdown table and writes it to `benchmarks/results/large_rows.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import Sandbox, start_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

RESULTS = Path(__file__).parent.parent / "results" / "large_rows.md"
KILOBYTE, MEGABYTE = 1 << 10, 1 << 20
HEAD = "| rows | output | concurrency | peak MB | time |\n|---|---|---|---|---|"
SAMPLED_SECONDS = 0.01
EXTRACT = """
import sys, tempfile, dlt
from tap_chakra.dlt_source import chakra_source
source = chakra_source(api_key=sys.argv[2], api_url=sys.argv[1], concurrency=int(sys.argv[3]))
pipeline = dlt.pipeline("large", destination="duckdb", pipelines_dir=tempfile.mkdtemp())
pipeline.extract(source.with_resources("process_doc"))
"""
"""Extraction alone. dlt keeps 5,000 rows of tables in memory unless it is told otherwise."""


def sizes(kind: str, count: int) -> Iterator[int]:
    """The size of each row; `mixed` ones are small first, and suddenly large."""
    for number in range(count):
        large = kind == "large" or (kind == "mixed" and number >= count * 4 // 5)
        yield MEGABYTE if large else KILOBYTE


def text_of(number: int, size: int) -> str:
    """A text of that size, another one for each row."""
    return (f"{number:08d} lorem " * (size // 15 + 1))[:size]


def loaded(folder: Path, kind: str, count: int) -> Path:
    """A file that a sandbox serves."""
    path = folder / f"{kind}.jsonl"
    with path.open("w") as file:
        for number, size in enumerate(sizes(kind, count)):
            at = 1_700_000_000_000 + number * 997_000
            row = {"key": f"k{number}", "createdAt": at, "text": text_of(number, size)}
            file.write(json.dumps({**row, "updatedAt": at + number * 7_919 % 10**9}) + "\n")
    return path


def singer_rows(folder: Path, count: int) -> Path:
    """Singer messages with rows of a megabyte."""
    path = folder / "rows.singer"
    names = {"properties": {"email": {"type": "string"}, "remarks": {"type": "string"}}}
    schema = {"type": "SCHEMA", "stream": "lead", "schema": names, "key_properties": ["email"]}
    with path.open("w") as file:
        file.write(json.dumps(schema) + "\n")
        for number in range(count):
            record = {"email": f"n{number}@example.com", "remarks": text_of(number, MEGABYTE)}
            file.write(json.dumps({"type": "RECORD", "stream": "lead", "record": record}) + "\n")
    return path


def family(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def resident_kb(pid: int) -> int:
    """Kilobytes of a process that are in memory now."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def peak_of(command: list[str], stdin: Path | None = None) -> tuple[float, float]:
    """Megabytes at the peak of a command, all of its processes together, and its seconds."""
    began, peak = time.monotonic(), 0
    source = subprocess.DEVNULL if stdin is None else stdin.open("rb")
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL, stderr=said)
        while child.poll() is None:
            peak = max(peak, sum(map(resident_kb, family(child.pid))))
            time.sleep(SAMPLED_SECONDS)
        if child.returncode:
            said.seek(0)
            raise SystemExit(said.read().decode()[-2000:])
    return peak / 1024, time.monotonic() - began


def measured(kind: str, sandbox: Sandbox, folder: Path) -> Iterator[str]:
    """A line of the table for each output of the tap."""
    base = {"api_key": sandbox.api_key, "api_url": sandbox.url, "procedures": ["doc"]}
    storage = {"root": (folder / "files").as_uri()}
    outputs: dict[str, Mapping[str, Any]] = {
        "RECORD, one process": {"second_process_from": 0},
        "RECORD, two processes": {"second_process_from": 1},
        "BATCH jsonl": {"batch_config": encoded("jsonl", storage)},
        "BATCH parquet": {"batch_config": encoded("parquet", storage)},
    }
    for concurrency in (8, 16):
        for output, settings in outputs.items():
            config = folder / "config.json"
            config.write_text(json.dumps({**base, **settings, "concurrency": concurrency}))
            command = [sys.executable, "-m", "tap_chakra", "--config", str(config)]
            yield line_of(kind, output, concurrency, lambda c=command: peak_of(c))
        command = [sys.executable, "-c", EXTRACT, sandbox.url, sandbox.api_key, str(concurrency)]
        yield line_of(kind, "dlt extract", concurrency, lambda c=command: peak_of(c))


def encoded(kind: str, storage: Mapping[str, str]) -> dict[str, Any]:
    """The `batch_config` of a format."""
    return {"encoding": {"format": kind, "compression": "gzip"}, "storage": storage}


def line_of(
    kind: str, output: str, concurrency: int, measure: Callable[[], tuple[float, float]]
) -> str:
    """A line of the table."""
    peak, seconds = measure()
    line = f"| {kind} | {output} | {concurrency} | {peak:.0f} | {seconds:.0f} s |"
    print(line, flush=True)
    return line


def written(sandbox: Sandbox, folder: Path, count: int) -> str:
    """The line of the target."""
    mapping = {"stream": "lead", "procedure": "lead", "key": "email"}
    config = folder / "target.json"
    settings = {"api_key": sandbox.api_key, "api_url": sandbox.url, "streams": [mapping]}
    config.write_text(json.dumps({**settings, "journal": f"sqlite:///{folder / 'journal.db'}"}))
    command = [sys.executable, "-m", "target_chakra", "--config", str(config)]
    rows = singer_rows(folder, count)
    return line_of("large", "target-chakra", 1, lambda: peak_of(command, rows))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=400, help="rows of a megabyte")
    parser.add_argument("--small", type=int, default=20_000, help="rows of a kilobyte")
    wanted = parser.parse_args()
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DATA_WRITER__BUFFER_MAX_ITEMS": "16"}
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "files").mkdir()
        counts = {"small": wanted.small, "large": wanted.large, "mixed": wanted.large * 5}
        for kind, count in counts.items():
            columns = ["--created-column", "createdAt", "--updated-column", "updatedAt"]
            path = loaded(folder, kind, count)
            args = ["--load", str(path), "--procedure", "doc", "--key", "key", *columns]
            with start_sandbox(args) as sandbox:
                lines += measured(kind, sandbox, folder)
        with start_sandbox(["--rows", "200"]) as sandbox:
            lines.append(written(sandbox, folder, wanted.large))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join([HEAD, *lines]) + "\n")


if __name__ == "__main__":
    main()
