"""As many readers as help: the tap's default beside fixed numbers of readers, and a rate limit.

    python benchmarks/by_hand/bench_readers.py --rows 50000 --turns 3

All are run in turns against one sandbox, and the median of each counts: only ratios within a run
mean something. Prints Markdown tables; ends with 1 if a figure misses its target.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from benchmarks.benches import Benches
from benchmarks.readers import tap
from benchmarks.report import Table
from benchmarks.served import run

if TYPE_CHECKING:
    from benchmarks.readers import Bench, Reader

LATENCIES = (0, 50, 200, 500)
FIXED = (4, 8, 16, 32, 64)
CEILING = 64
LEAST_SHARE = 0.9
RPS = 60
LIMITED_ROWS = 20_000
COMPLAINTS = (429, 503)
FOUND = "found"

FIX = """\
import sys
from chakra_api import crew_size
crew_size.FIRST_SIZE = 1_000
crew_size.CrewSize.after = lambda size, done: size
crew_size.CrewSize.complained = lambda size, now: size
from tap_chakra.__main__ import main
main()
"""
"""The tap with as many readers as its setting says, whatever comes of it."""


def reader(bench: Bench, fixed: int | None) -> Reader:
    """The tap with so many readers; None for as many as it finds."""
    made = tap(bench, CEILING if fixed is None else fixed)
    if fixed is None:
        return made
    python, _, _, *words = made.command
    return dataclasses.replace(made, command=(python, "-c", FIX, *words))


def rates(bench: Bench, latency_ms: int, turns: int) -> dict[int | None, float]:
    """Rows per second by number of readers, the median of some turns."""
    found: dict[int | None, list[float]] = {each: [] for each in (None, *FIXED)}
    for _ in range(turns):
        for each, seen in found.items():
            seen.append(run(bench.sandbox, reader(bench, each), latency_ms).measured.rate)
    return {each: statistics.median(seen) for each, seen in found.items()}


def complaints(bench: Bench, latency_ms: int, fixed: int | None) -> int:
    """Requests that were refused while all rows were read."""
    bench.sandbox.forget_requests()
    run(bench.sandbox, reader(bench, fixed), latency_ms)
    return sum(each["status"] in COMPLAINTS for each in bench.sandbox.requests())


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The tap's default beside fixed numbers.")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--latencies", type=int, nargs="*", default=LATENCIES)
    options = parser.parse_args()
    speed: list[tuple[str, ...]] = []
    limited: list[tuple[str, ...]] = []
    missed = False
    with closing(Benches()) as benches:
        bench = benches.leads(options.rows)
        for latency in options.latencies:
            by_readers = rates(bench, latency, options.turns)
            share = by_readers[None] / max(by_readers[each] for each in FIXED)
            missed |= share < LEAST_SHARE
            values = (f"{by_readers[each]:,.0f}" for each in (*FIXED, None))
            speed.append((f"{latency} ms", *values, f"{share:.2f}"))
        bench = benches.leads(LIMITED_ROWS)
        bench.sandbox.knobs(rate_limit_rps=RPS)
        for latency in options.latencies:
            usual, ours = (complaints(bench, latency, each) for each in (8, None))
            limited.append((f"{latency} ms", str(usual), str(ours)))
    print(f"{options.rows:,} rows, rows/s, the median of {options.turns} turns\n")
    print(Table(("latency", *map(str, FIXED), FOUND, "÷ the best fixed"), tuple(speed)).markdown())
    print(f"\n{LIMITED_ROWS:,} rows, {RPS} requests/s allowed: requests refused\n")
    print(Table(("latency", "8", FOUND), tuple(limited)).markdown())
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
