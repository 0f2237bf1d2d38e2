"""What the sandbox did while a reader ran: its requests and its share of a core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.child import measure
from benchmarks.readers import LIST_PATH

if TYPE_CHECKING:
    from benchmarks.child import Measured
    from benchmarks.readers import Bench, Reader
    from chakra_sandbox.launch import Sandbox

BOUND = 0.85
"""Share of a core from which on the sandbox, which has one thread, is the bottleneck."""


@dataclass(frozen=True, slots=True)
class Run:
    """A reader's run, from both sides.

    Attributes:
        reader: Its name.
        latency_ms: The sandbox's pause before each answer.
        measured: The reader, from outside.
        requests: Those that the sandbox answered meanwhile.
        sandbox_share: The sandbox's CPU, as a share of one core over the run.
    """

    reader: str
    latency_ms: int
    measured: Measured
    requests: int
    sandbox_share: float

    @property
    def sandbox_bound(self) -> bool:
        """Whether it was the sandbox that could not go faster."""
        return self.sandbox_share >= BOUND


def run(sandbox: Sandbox, reader: Reader, latency_ms: int = 0) -> Run:
    """Run a reader to its end against the sandbox."""
    sandbox.knobs(latency_ms=latency_ms)
    before = sandbox.stats()
    measured = measure(reader.command, reader.env)
    after = sandbox.stats()
    busy = after["cpu_seconds"] - before["cpu_seconds"]
    return Run(
        reader.name,
        latency_ms,
        measured,
        after["requests"] - before["requests"],
        busy / measured.seconds,
    )


RUN_HEAD = (
    "reader", "latency", "threads", "rows", "requests", "time", "rows/s", "CPU per row",
    "peak memory", "sandbox's CPU",
)  # fmt: skip


def run_row(done: Run, threads: int) -> tuple[str, ...]:
    """A run as a row under `RUN_HEAD`."""
    measured = done.measured
    return (
        done.reader,
        f"{done.latency_ms} ms",
        str(threads),
        f"{measured.records:,}",
        f"{done.requests:,}",
        f"{measured.seconds:.2f} s",
        f"{measured.rate:,.0f}",
        f"{measured.cpu_us:.1f} µs",
        f"{measured.peak_mb:.0f} MB",
        f"{done.sandbox_share:.0%}{' (bottleneck)' if done.sandbox_bound else ''}",
    )


def list_ratio(bench: Bench) -> float:
    """List requests in the sandbox's log ÷ the pages that the rows would fill."""
    lists = [each for each in bench.sandbox.requests() if each["path"] == LIST_PATH]
    return len(lists) / (bench.rows / 100)
