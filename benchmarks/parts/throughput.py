"""Rows per second and CPU per row: the tap beside a bare loop over the same pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benchmarks.readers import BARE_LOOP, TAP, bare_loop, tap
from benchmarks.report import Figure, Part, Table
from benchmarks.served import BOUND, RUN_HEAD, run, run_row
from chakra_sandbox.knobs import Knobs

if TYPE_CHECKING:
    from benchmarks.benches import Benches
    from benchmarks.readers import Bench
    from benchmarks.served import Run

ROWS = 100_000


class Setting(NamedTuple):
    """What a reader is compared under.

    Attributes:
        latency_ms: The sandbox's pause before each answer.
        threads: Requests under way.
        skip_us: Microseconds of the sandbox's CPU for each row that a list skips.
        least_share: Rows per second of the tap ÷ those of the bare loop, at least.
    """

    latency_ms: int
    threads: int
    skip_us: float
    least_share: float

    @property
    def name(self) -> str:
        """The setting in words."""
        cost = f", a skipped row costs {self.skip_us:g} µs" if self.skip_us else ""
        return f"{self.latency_ms} ms, {self.threads} threads{cost}"


SLOW, FAST = Setting(50, 32, 0.0, 0.75), Setting(0, 8, 0.0, 0.9)
DEEP = Setting(50, 32, Knobs().skip_us, 1.0)
SETTINGS = (SLOW, FAST, DEEP)
TURNS = 3
LEAST_RATE = 25_000
MOST_CPU_US = 30

_NOTE = (
    f"Pages of 100, gzip, to standard output; the better of {TURNS} runs taken in turns, each from"
    " the start of its process to its end. The bare loop is threads, requests and orjson over pages"
    " of a known number of rows (`benchmarks/bare_loop.py`): it types nothing, and would lose rows"
    " of a table that changes. It reads by position alone: two pairs show the readers themselves,"
    " on a server that skips rows for nothing, and the last what a database does for skipped rows."
)
_NOTE_ON_SANDBOX = (
    f"The sandbox has one thread and runs on the same cores. From {BOUND:.0%} of a core on it is"
    " the bottleneck, not the reader."
)


def measure(benches: Benches) -> Part:
    """The tap and the bare loop in turns; the faster run of each counts."""
    bench = benches.leads(ROWS)
    pairs = {setting: _best(bench, setting) for setting in SETTINGS}
    rows = tuple(
        (*run_row(each, setting.threads), f"{setting.skip_us:g} µs")
        for setting, pair in pairs.items()
        for each in pair
    )
    return Part(
        "Beside a bare loop",
        _figures(pairs),
        (Table((*RUN_HEAD, "a skipped row"), rows),),
        (f"{ROWS:,} rows of {_row_bytes(bench):,.0f} bytes on average. {_NOTE}", _NOTE_ON_SANDBOX),
        {"cpu": {each.reader: each.measured.cpu_us for each in pairs[SLOW]}},
    )


def _best(bench: Bench, setting: Setting) -> tuple[Run, Run]:
    latency_ms, threads, skip_us, _ = setting
    bench.sandbox.knobs(skip_us=skip_us)
    runs = [
        (run(bench.sandbox, tap(bench, threads), latency_ms),
         run(bench.sandbox, bare_loop(bench, threads), latency_ms))
        for _ in range(TURNS)
    ]  # fmt: skip
    bench.sandbox.knobs(skip_us=DEEP.skip_us)
    taps, loops = zip(*runs, strict=True)
    return max(taps, key=_rate), max(loops, key=_rate)


def _rate(each: Run) -> float:
    return each.measured.rate


def _figures(pairs: dict[Setting, tuple[Run, Run]]) -> tuple[Figure, ...]:
    rate = pairs[SLOW][0].measured.rate
    cpu = pairs[SLOW][0].measured.cpu_us
    return (
        Figure(
            f"{ROWS:,} rows, {SLOW.name}",
            f"{rate:,.0f} rows/s",
            f"≥ {LEAST_RATE:,}",
            rate >= LEAST_RATE,
        ),
        *(_share(setting, *pair) for setting, pair in pairs.items()),
        Figure(
            "CPU per row, user and system",
            f"{cpu:.1f} µs",
            f"≤ {MOST_CPU_US} µs",
            cpu <= MOST_CPU_US,
        ),
    )


def _share(setting: Setting, ours: Run, loop: Run) -> Figure:
    share = ours.measured.rate / loop.measured.rate
    bound = ", the sandbox the bottleneck" if ours.sandbox_bound or loop.sandbox_bound else ""
    return Figure(
        f"{TAP} ÷ {BARE_LOOP}, {setting.name}",
        f"{share:.2f}{bound}",
        f"≥ {setting.least_share:g}",
        share >= setting.least_share,
    )


def _row_bytes(bench: Bench) -> float:
    """Bytes of a row on the wire before compression, over pages from all of the table."""
    sizes = [bench.page_bytes(skip) for skip in range(0, ROWS, ROWS // 20)]
    return sum(sizes) / len(sizes) / 100
