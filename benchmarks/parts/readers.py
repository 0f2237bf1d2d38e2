"""As many readers as help: the tap's default beside fixed numbers of readers, and rate limits."""

from __future__ import annotations

import dataclasses
import statistics
import sys
from typing import TYPE_CHECKING

from benchmarks.readers import ROOT, tap
from benchmarks.report import Figure, Part, Table
from benchmarks.served import run

if TYPE_CHECKING:
    from benchmarks.benches import Benches
    from benchmarks.readers import Bench, Reader
    from benchmarks.served import Run

ROWS = 50_000
LATENCIES = (0, 50, 200, 500)
FIXED = (4, 8, 16, 32, 64)
CEILING = 64
"""Readers that there may be by default."""

TURNS = 3
LEAST_SHARE = 0.9

LIMITED_ROWS = 20_000
RPS = 60
BURSTS = (1, RPS)
USUAL = 8
"""Readers whose complaints are the measure."""

COMPLAINTS = (429, 503)
FOUND = "found"

_NOTE = (
    f"Rows per second of {ROWS:,} rows from the start of the process to its end, the median of"
    f" {TURNS} runs taken in turns. *Found* is the tap as it is by default, with at most {CEILING}"
    " readers, and finds their number in that time; the others ask with as many as their column"
    " says, whatever comes of it (`benchmarks/fixed_readers.py`)."
)
_NOTE_ON_LIMITS = (
    f"Requests that were refused while {LIMITED_ROWS:,} rows were read and {RPS} requests per"
    f" second were allowed, {' or '.join(map(str, BURSTS))} of them at once."
)


def measure(benches: Benches) -> Part:
    """All numbers of readers in turns, then what a limit costs."""
    bench = benches.leads(ROWS)
    speeds = {latency: _speeds(bench, latency) for latency in LATENCIES}
    bench = benches.leads(LIMITED_ROWS)
    refused = {
        (latency, burst): (_refused(bench, latency, burst, USUAL), _refused(bench, latency, burst))
        for latency in LATENCIES
        for burst in BURSTS
    }
    benches.close()  # nobody else wants a limit
    return Part(
        "As many readers as help",
        (
            *(_share(latency, each) for latency, each in speeds.items()),
            *(_complaints(burst, refused) for burst in BURSTS),
        ),
        (
            Table(_HEAD, tuple(_row(latency, each) for latency, each in speeds.items())),
            Table(_REFUSED_HEAD, tuple(_refused_row(latency, refused) for latency in LATENCIES)),
        ),
        (_NOTE, _NOTE_ON_LIMITS),
    )


def _reader(bench: Bench, fixed: int | None) -> Reader:
    """The tap with so many readers; None for as many as it finds."""
    made = tap(bench, CEILING if fixed is None else fixed)
    if fixed is None:
        return made
    words = made.command[made.command.index("--config") :]
    script = str(ROOT / "benchmarks" / "fixed_readers.py")
    return dataclasses.replace(made, command=(sys.executable, script, *words))


@dataclasses.dataclass(frozen=True, slots=True)
class _Speed:
    """What came of a number of readers, the median of some turns.

    Attributes:
        rate: Rows per second.
        cpu_us: Microseconds of CPU per row.
    """

    rate: float
    cpu_us: float

    @classmethod
    def of(cls, runs: list[Run]) -> _Speed:
        """The medians of some runs."""
        return cls(
            statistics.median(each.measured.rate for each in runs),
            statistics.median(each.measured.cpu_us for each in runs),
        )


_Speeds = dict[int | None, _Speed]


def _speeds(bench: Bench, latency_ms: int) -> _Speeds:
    """What came of each number of readers; None is the one that is found."""
    runs: dict[int | None, list[Run]] = {each: [] for each in (*FIXED, None)}
    for _ in range(TURNS):
        for fixed, done in runs.items():
            done.append(run(bench.sandbox, _reader(bench, fixed), latency_ms))
    return {fixed: _Speed.of(done) for fixed, done in runs.items()}


def _best(speeds: _Speeds) -> int:
    """The fixed number of readers that was the fastest."""
    return max(FIXED, key=lambda each: speeds[each].rate)


def _refused(bench: Bench, latency_ms: int, burst: int, fixed: int | None = None) -> int:
    """Requests that were refused while all rows were read."""
    bench.sandbox.knobs(rate_limit_rps=RPS, rate_limit_burst=burst)
    bench.sandbox.forget_requests()
    run(bench.sandbox, _reader(bench, fixed), latency_ms)
    return sum(each["status"] in COMPLAINTS for each in bench.sandbox.requests())


def _share(latency_ms: int, speeds: _Speeds) -> Figure:
    best = _best(speeds)
    share = speeds[None].rate / speeds[best].rate
    return Figure(
        f"{FOUND} ÷ the best fixed number of readers, {latency_ms} ms",
        f"{share:.2f} ({best})",
        f"≥ {LEAST_SHARE}",
        share >= LEAST_SHARE,
    )


_Refused = dict[tuple[int, int], tuple[int, int]]


def _complaints(burst: int, refused: _Refused) -> Figure:
    usual, found = (
        sum(counts[who] for (_, each), counts in refused.items() if each == burst) for who in (0, 1)
    )
    return Figure(
        f"refused at {RPS} requests/s, {burst} at once, all latencies",
        str(found),
        f"≤ {usual} (as by {USUAL} readers)",
        found <= usual,
    )


_HEAD = ("rows/s", *map(str, FIXED), FOUND, "÷ the best", "CPU per row: the best", f"{FOUND} ")


def _row(latency_ms: int, speeds: _Speeds) -> tuple[str, ...]:
    best, found = speeds[_best(speeds)], speeds[None]
    return (
        f"{latency_ms} ms",
        *(f"{speeds[each].rate:,.0f}" for each in (*FIXED, None)),
        f"{found.rate / best.rate:.2f}",
        f"{best.cpu_us:.1f} µs",
        f"{found.cpu_us:.1f} µs",
    )


_REFUSED_HEAD = (
    "refused",
    *(f"{who}, {burst} at once" for burst in BURSTS for who in (USUAL, FOUND)),
)


def _refused_row(latency_ms: int, refused: _Refused) -> tuple[str, ...]:
    cells = (str(count) for burst in BURSTS for count in refused[latency_ms, burst])
    return (f"{latency_ms} ms", *cells)
