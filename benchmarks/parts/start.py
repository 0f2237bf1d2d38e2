"""How long the command takes to answer, and to the first row."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks import child
from benchmarks.readers import tap, tap_command
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
    figures = (
        _figure("`tap-chakra --version`", version, MOST_FOR_VERSION, "where imports can be lazy"),
        _figure(f"first RECORD, {LATENCY_MS} ms", first, MOST_FOR_FIRST, "1 s and two round trips"),
    )
    rows = tuple((each.name, each.value) for each in figures)
    return Part(
        "To begin",
        figures,
        (Table(("", f"median of {TIMES}"), rows),),
        ("From the start of the process, the interpreter's own start included.",),
    )


def _figure(name: str, seconds: float, most: float, why: str) -> Figure:
    return Figure(name, f"{seconds:.2f} s", f"≤ {most:.1f} s ({why})", seconds <= most)
