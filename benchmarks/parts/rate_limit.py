"""How the tap keeps to a rate limit, uses it, and comes back after it was lower for a while."""

from __future__ import annotations

import math
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.benches import leads
from benchmarks.readers import LIST_PATH, tap
from benchmarks.report import Figure, Part, Table
from benchmarks.request_log import (
    STRETCH,
    UNDER_WAY,
    asked,
    back_after,
    by_second,
    inside_pauses,
    used,
)

if TYPE_CHECKING:
    from benchmarks.benches import Benches
    from benchmarks.readers import Bench
    from benchmarks.request_log import Asked

ROWS = 450_000
RPS, LOW_RPS = 50, 10
THREADS = 8
LEARNED, LOWERED, RAISED, ENDED = 15.0, 45.0, 53.0, 88.0
"""Seconds after the first request."""

LEAST_USED = 0.9
MOST_SECONDS = 30.0
PAUSE = 1.0
"""Seconds of the sandbox's Retry-After at this rate."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A kind of rate limit.

    Attributes:
        name: As the table has it.
        retry_after: The sandbox's knob of this name.
        burst: Requests that may come at once.
        judged: Whether it has targets.
    """

    name: str
    retry_after: str
    burst: int
    judged: bool = True


LIMITS = (
    Limit("with Retry-After", "seconds", RPS),
    Limit("without Retry-After", "absent", RPS),
    Limit("with Retry-After, no burst allowed", "seconds", 1, judged=False),
)

_NOTE = (
    f"{RPS} requests per second are allowed, with a second's worth at once unless the table says"
    f" otherwise; {THREADS} threads. What is used is counted from {LEARNED:.0f} s to"
    f" {LOWERED:.0f} s after the first request. Then {LOW_RPS} are allowed for"
    f" {RAISED - LOWERED:.0f} s, then {RPS} again: the rate is *back* when a stretch of"
    f" {STRETCH:.0f} s begins that uses nine tenths. The Retry-After is {PAUSE:.0f} s; what left"
    f" before the 429 arrived, up to {UNDER_WAY} s after it, does not count as inside."
)
_NOTE_ON_BURSTS = (
    "Where no burst is allowed, a request that comes a millisecond early is one too many, and costs"
    " a second."
)


def measure(benches: Benches) -> Part:
    """All limits at a time, each with a sandbox of its own: a paced tap leaves the cores idle."""
    benches.close()
    with ExitStack() as stack:
        opened = [stack.enter_context(leads(ROWS)) for _ in LIMITS]
        for limit, bench in zip(LIMITS, opened, strict=True):
            bench.sandbox.knobs(
                rate_limit_rps=RPS, rate_limit_burst=limit.burst, retry_after=limit.retry_after
            )
        _run(opened)
        logs = {
            limit: asked(bench.sandbox.requests(), LIST_PATH)
            for limit, bench in zip(LIMITS, opened, strict=True)
        }
    figures = [
        figure for limit in LIMITS if limit.judged for figure in _figures(limit, logs[limit])
    ]
    return Part(
        "A rate limit",
        tuple(figures),
        (Table(_HEAD, tuple(_row(limit, log) for limit, log in logs.items())),),
        (_NOTE, _NOTE_ON_BURSTS),
        {
            "pace": {
                "allowed": ((0, LOWERED, RAISED, ENDED), (RPS, LOW_RPS, RPS, RPS)),
                "runs": {limit.name: by_second(log)[: int(ENDED)] for limit, log in logs.items()},
            }
        },
    )


def _run(opened: list[Bench]) -> None:
    """Let a tap read from each, turn the limits, end the taps."""
    taps = [_start(bench) for bench in opened]
    try:
        _wait_for_requests(opened, taps)
        began = time.monotonic()
        for moment, rps in ((LOWERED, LOW_RPS), (RAISED, RPS), (ENDED, RPS)):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            for bench in opened:
                bench.sandbox.knobs(rate_limit_rps=rps)
    finally:
        for each in taps:
            each.terminate()
            each.wait()


def _start(bench: Bench) -> subprocess.Popen[bytes]:
    reader = tap(bench, THREADS)
    bench.sandbox.forget_requests()
    return subprocess.Popen(
        reader.command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=bench.folder,
        env=reader.whole_env(),
    )


def _wait_for_requests(opened: list[Bench], taps: list[subprocess.Popen[bytes]]) -> None:
    while not all(
        any(each["path"] == LIST_PATH for each in bench.sandbox.requests()) for bench in opened
    ):
        if any(each.poll() is not None for each in taps):
            raise SystemExit("A tap ended before its first list request")
        time.sleep(0.1)


def _figures(limit: Limit, log: list[Asked]) -> tuple[Figure, ...]:
    share, back = used(log, LEARNED, LOWERED, RPS), back_after(log, RAISED, RPS)
    figures = (
        Figure(
            f"{limit.name}: allowance used",
            f"{share:.0%}",
            f"≥ {LEAST_USED:.0%}",
            share >= LEAST_USED,
        ),
        Figure(
            f"{limit.name}: back to speed after a cut",
            _seconds(back),
            f"≤ {MOST_SECONDS:.0f} s",
            back <= MOST_SECONDS,
        ),
    )
    if limit.retry_after == "absent":
        return figures
    inside = inside_pauses(log, PAUSE)
    return (Figure("requests inside a Retry-After", str(inside), "0", inside == 0), *figures)


_HEAD = ("limit", "answered", "refused", "inside a Retry-After", "allowance used", "back")


def _row(limit: Limit, log: list[Asked]) -> tuple[str, ...]:
    refused = sum(each.refused for each in log)
    inside = "" if limit.retry_after == "absent" else str(inside_pauses(log, PAUSE))
    return (
        limit.name,
        f"{len(log) - refused:,}",
        f"{refused:,}",
        inside,
        f"{used(log, LEARNED, LOWERED, RPS):.0%}",
        _seconds(back_after(log, RAISED, RPS)),
    )


def _seconds(back: float) -> str:
    return "not" if math.isinf(back) else f"{back:.0f} s"
