"""How long the commands take to answer, to their first request, and to the first row."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import child
from benchmarks.readers import ROOT, tap, tap_command
from benchmarks.report import Figure, Part, Table
from benchmarks.served import run

if TYPE_CHECKING:
    from benchmarks.benches import Benches

ROWS = 100_000
FEW = 2_000
TIMES = 5
LATENCY_MS = 50
MOST_FOR_VERSION = 0.3
MOST_FOR_FIRST = 1.0 + 2 * LATENCY_MS / 1000
MOST_FOR_REQUEST = 0.6
PATIENCE = 60.0
"""Seconds in which a command must ask."""


def measure(benches: Benches) -> Part:
    """The median of some runs of each."""
    bench = benches.leads(ROWS)
    recent = tap(bench, 8, created_after=bench.since_the_last(FEW))
    version = statistics.median(
        child.measure((*tap_command(), "--version"), recent.env).seconds for _ in range(TIMES)
    )
    first = statistics.median(
        run(bench.sandbox, recent, LATENCY_MS).measured.first_record or float("inf")
        for _ in range(TIMES)
    )
    asked = [
        (each, statistics.median(first_request(each) for _ in range(TIMES)))
        for each in ("tap_chakra", "target_chakra")
    ]
    figures = (
        _figure("`tap-chakra --version`", version, MOST_FOR_VERSION, "where imports can be lazy"),
        *(
            _figure(f"`{each.replace('_', '-')}`, first request", seconds, MOST_FOR_REQUEST, "goal")
            for each, seconds in asked
        ),
        _figure(f"first RECORD, {LATENCY_MS} ms", first, MOST_FOR_FIRST, "1 s and two round trips"),
    )
    rows = tuple((each.name, each.value) for each in figures)
    return Part(
        "To begin",
        figures,
        (Table(("", f"median of {TIMES}"), rows),),
        ("From the start of the process, the interpreter's own start included.",),
    )


def first_request(package: str) -> float:
    """Seconds until a command, with no journal and no state, asks ChakraHQ for the first time."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
        (Path(folder) / "said").open("wb") as said,
    ):
        server.settimeout(PATIENCE)
        prefix = package.upper()
        settings = {
            f"{prefix}_API_KEY": "none",
            f"{prefix}_API_URL": f"http://127.0.0.1:{server.getsockname()[1]}",
        }
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", package],
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
        ) as started:
            try:
                connection, _ = server.accept()
                seconds = time.perf_counter() - began
                connection.close()
            finally:
                started.kill()
        return seconds


def _figure(name: str, seconds: float, most: float, why: str) -> Figure:
    return Figure(name, f"{seconds:.2f} s", f"≤ {most:.1f} s ({why})", seconds <= most)
