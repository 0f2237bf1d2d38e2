"""Rows a second and CPU a row: the tap beside a bare loop over the same pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.readers import BARE_LOOP, TAP, bare_loop, tap
from benchmarks.report import Figure, Part, Table
from benchmarks.served import BOUND, RUN_HEAD, run, run_row

if TYPE_CHECKING:
    from benchmarks.benches import Benches
    from benchmarks.readers import Bench
    from benchmarks.served import Run

ROWS = 100_000
SETTINGS = ((50, 32), (0, 8))
"""Latency in milliseconds, and threads."""

TURNS = 3
LEAST_RATE = 25_000
LEAST_SHARE = 0.6
MOST_CPU_US = 40

_NOTE = (
    f"Pages of 100, gzip, to standard output; the better of {TURNS} runs taken in turns, each from"
    " the start of its process to its end. The bare loop is threads, requests and orjson over pages"
    " of a known number of rows (`benchmarks/bare_loop.py`): it types nothing, and would lose rows"
    " of a table that changes."
)
_NOTE_ON_SANDBOX = (
    f"The sandbox has one thread and runs on the same cores. From {BOUND:.0%} of a core on it is"
    " the bottleneck, not the reader."
)


def measure(benches: Benches) -> Part:
    """The tap and the bare loop in turns; the faster run of each counts."""
    bench = benches.leads(ROWS)
    pairs = {setting: _best(bench, *setting) for setting in SETTINGS}
    rows = tuple(run_row(each, threads) for (_, threads), pair in pairs.items() for each in pair)
    return Part(
        "Beside a bare loop",
        _figures(pairs),
        (Table(RUN_HEAD, rows),),
        (f"{ROWS:,} rows of {_row_bytes(bench):,.0f} bytes on average. {_NOTE}", _NOTE_ON_SANDBOX),
        {"cpu": {each.reader: each.measured.cpu_us for each in pairs[SETTINGS[0]]}},
    )


def _best(bench: Bench, latency_ms: int, threads: int) -> tuple[Run, Run]:
    runs = [
        (run(bench.sandbox, tap(bench, threads), latency_ms),
         run(bench.sandbox, bare_loop(bench, threads), latency_ms))
        for _ in range(TURNS)
    ]  # fmt: skip
    taps, loops = zip(*runs, strict=True)
    return max(taps, key=_rate), max(loops, key=_rate)


def _rate(each: Run) -> float:
    return each.measured.rate


def _figures(pairs: dict[tuple[int, int], tuple[Run, Run]]) -> tuple[Figure, ...]:
    (slow, fast) = SETTINGS
    rate = pairs[slow][0].measured.rate
    cpu = pairs[slow][0].measured.cpu_us
    return (
        Figure(
            f"{ROWS:,} rows, {slow[0]} ms, {slow[1]} threads",
            f"{rate:,.0f} rows/s",
            f"≥ {LEAST_RATE:,}",
            rate >= LEAST_RATE,
        ),
        *(_share(setting, *pairs[setting]) for setting in (slow, fast)),
        Figure(
            "CPU a row, user and system",
            f"{cpu:.1f} µs",
            f"≤ {MOST_CPU_US} µs",
            cpu <= MOST_CPU_US,
        ),
    )


def _share(setting: tuple[int, int], ours: Run, loop: Run) -> Figure:
    share = ours.measured.rate / loop.measured.rate
    bound = ", the sandbox the bottleneck" if ours.sandbox_bound or loop.sandbox_bound else ""
    return Figure(
        f"{TAP} ÷ {BARE_LOOP}, {setting[0]} ms, {setting[1]} threads",
        f"{share:.2f}{bound}",
        f"≥ {LEAST_SHARE}",
        share >= LEAST_SHARE,
    )


def _row_bytes(bench: Bench) -> float:
    """Bytes of a row on the wire before compression, over pages from all of the table."""
    sizes = [bench.page_bytes(skip) for skip in range(0, ROWS, ROWS // 20)]
    return sum(sizes) / len(sizes) / 100
