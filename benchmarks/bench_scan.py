"""Rows, requests and rows per second of the real `tap-chakra` against the sandbox.

    python benchmarks/bench_scan.py --rows 100000 --latency 0 --latency 50 --concurrency 8

Prints a Markdown table. The sandbox runs on the same cores: its share of the CPU is a column.
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

from chakra_sandbox.launch import Sandbox, start_sandbox


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the tap, as measured from outside."""

    latency_ms: int
    concurrency: int
    records: int
    requests: int
    seconds: float
    tap_cpu: float
    sandbox_cpu: float

    def row(self) -> str:
        """The run as a row of the table."""
        return (
            f"| {self.latency_ms} ms | {self.concurrency} | {self.records:,} | {self.requests:,} |"
            f" {self.requests / max(1, self.records / 100):.2f} | {self.seconds:.1f} s |"
            f" {self.records / self.seconds:,.0f} | {self.tap_cpu / self.records * 1e6:.0f} µs |"
            f" {self.sandbox_cpu / self.seconds:.0%} |"
        )


HEAD = (
    "| latency | concurrency | records | requests | requests ÷ (rows ÷ 100) | time | rows/s |"
    " CPU per record | sandbox's CPU |\n|---|---|---|---|---|---|---|---|---|"
)


def measure(sandbox: Sandbox, latency_ms: int, concurrency: int) -> Run:
    """Run the tap once, its records counted and thrown away."""
    sandbox.knobs(latency_ms=latency_ms)
    config = {
        "api_key": sandbox.api_key,
        "api_url": sandbox.url,
        "procedures": ["lead"],
        "concurrency": concurrency,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.json")
        path.write_text(json.dumps(config))
        catalog = Path(folder, "catalog.json")
        catalog.write_text(json.dumps(_only_leads(path)))
        before, began = sandbox.stats(), time.monotonic()
        cpu = sum(os.times()[2:4])
        records = _run(path, catalog)
        seconds = time.monotonic() - began
        after = sandbox.stats()
    return Run(
        latency_ms,
        concurrency,
        records,
        after["requests"] - before["requests"],
        seconds,
        sum(os.times()[2:4]) - cpu,
        after["cpu_seconds"] - before["cpu_seconds"],
    )


def _command(config: Path) -> list[str]:
    return [sys.executable, "-m", "tap_chakra", "--config", str(config)]


def _only_leads(config: Path) -> dict[str, object]:
    found = subprocess.run([*_command(config), "--discover"], check=True, capture_output=True)
    catalog: dict[str, object] = json.loads(found.stdout)
    streams = catalog["streams"]
    assert isinstance(streams, list)  # noqa: S101 - the shape of a Singer catalog
    for stream in streams:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] == "process_lead"
    return catalog


def _run(config: Path, catalog: Path) -> int:
    command = [*_command(config), "--catalog", str(catalog)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:
        assert tap.stdout is not None  # noqa: S101 - it was asked for
        records = sum(line.startswith(b'{"type":"RECORD"') for line in tap.stdout)
    if tap.returncode:
        raise SystemExit(f"tap-chakra ended with {tap.returncode}")
    return records


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--latency", type=int, action="append", help="milliseconds; repeatable")
    parser.add_argument("--concurrency", type=int, action="append", help="repeatable")
    options = parser.parse_args()
    print(HEAD)
    with start_sandbox(["--rows", str(options.rows)]) as sandbox:
        for latency in options.latency or [0, 50]:
            for concurrency in options.concurrency or [8, 32]:
                print(measure(sandbox, latency, concurrency).row(), flush=True)


if __name__ == "__main__":
    main()
