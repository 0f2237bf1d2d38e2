"""Memory and the size of STATE at a million rows, beside a tenth of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.readers import tap
from benchmarks.report import Figure, Part, Table
from benchmarks.served import run

if TYPE_CHECKING:
    from benchmarks.benches import Benches
    from benchmarks.served import Run

FEW, MANY = 100_000, 1_000_000
THREADS = 8
MOST_MB = 100
MOST_TIMES = 1.15
MOST_STATE = 8_192


def measure(benches: Benches) -> Part:
    """One run of each."""
    few, many = (_run(benches, rows) for rows in (FEW, MANY))
    times = many.measured.peak_mb / few.measured.peak_mb
    peak, state = many.measured.peak_mb, many.measured.largest_state
    return Part(
        "A million rows",
        (
            Figure(
                f"peak memory, {MANY:,} rows", f"{peak:.0f} MB", f"≤ {MOST_MB} MB", peak <= MOST_MB
            ),
            Figure(
                f"peak memory ÷ that of {FEW:,} rows",
                f"{times:.2f}",
                f"≤ {MOST_TIMES}",
                times <= MOST_TIMES,
            ),
            Figure(
                f"largest STATE of {MANY:,} rows, mid-scan",
                f"{state:,} bytes",
                f"≤ {MOST_STATE:,} bytes",
                0 < state <= MOST_STATE,
            ),
        ),
        (Table(_HEAD, (_row(few), _row(many))),),
        (
            (
                f"{THREADS} threads, no latency. Memory is the largest resident set of the tap's"
                " process, STATE the longest line of its kind."
            ),
        ),
        {"memory": {f"{each.measured.records:,}": each.measured.peak_mb for each in (few, many)}},
    )


def _run(benches: Benches, rows: int) -> Run:
    bench = benches.leads(rows)
    return run(bench.sandbox, tap(bench, THREADS))


_HEAD = (
    "rows", "time", "rows/s", "CPU per row", "peak memory", "largest STATE", "requests ÷ pages",
    "sandbox's CPU",
)  # fmt: skip


def _row(done: Run) -> tuple[str, ...]:
    measured = done.measured
    return (
        f"{measured.records:,}",
        f"{measured.seconds:.1f} s",
        f"{measured.rate:,.0f}",
        f"{measured.cpu_us:.1f} µs",
        f"{measured.peak_mb:.0f} MB",
        f"{measured.largest_state:,} bytes",
        f"{done.requests / (measured.records / 100):.2f}",
        f"{done.sandbox_share:.0%}",
    )
