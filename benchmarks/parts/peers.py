"""Rows per second of other frameworks on the same server, and how many times faster the tap is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.peer_readers import PEERS_MEASURED
from benchmarks.readers import TAP, tap
from benchmarks.report import Figure, Part, Table
from benchmarks.served import run

if TYPE_CHECKING:
    from benchmarks.benches import Benches
    from benchmarks.peer_readers import Peer
    from benchmarks.readers import Bench
    from benchmarks.served import Run

ROWS = 100_000
LATENCIES = (0, 50, 200)
JUDGED = 50
LEAST_TIMES = 4.0
JUDGED_BY_DEFAULT = (50, 200)
LEAST_TIMES_BY_DEFAULT = 3.0
THREADS = 32
FEWER = {0: 30_000, 50: 15_000, 200: 6_000}
"""Rows of a peer that has one request under way: with all of them it would take minutes."""

FEWER_IN_PARALLEL = 30_000

_NOTE = (
    "Rows per second from the start of a process to its end, and in brackets how many times faster"
    f" the tap is. It reads {ROWS:,} rows. Peers read the newest {FEWER_IN_PARALLEL:,}, those with"
    f" one request under way {', '.join(f'{FEWER[each]:,} at {each} ms' for each in LATENCIES)}:"
    " all of them would take minutes, and it is the rate that is compared. They write the rows to"
    " standard output; dlt to files, in its extract step, without normalize and load. Where a"
    " number of threads or workers is named it was set; a peer without one is as it comes, and the"
    " one that is parallel then is compared with the tap as it comes."
)
_NOTE_ON_PEERS = (
    "Each is written as its own documentation says (`benchmarks/peers`). All page by offset, and"
    " would lose rows of a table that changes while they read."
)


def measure(benches: Benches) -> Part:
    """Ours on all rows, each peer on the newest ones, at each latency."""
    bench = benches.leads(ROWS)
    ours = _ours(bench, THREADS)
    by_default = _ours(bench, None)
    theirs = {
        peer.name: {latency: _run(bench, peer, latency) for latency in LATENCIES}
        for peer in PEERS_MEASURED
    }
    beside = {peer.name: by_default if peer.as_by_default else ours for peer in PEERS_MEASURED}
    own = {f"{TAP}, {THREADS} threads": ours, f"{TAP}, as it comes": by_default}
    rows = [_row(name, runs, runs) for name, runs in own.items()]
    rows += [_row(name, runs, beside[name]) for name, runs in theirs.items()]
    return Part(
        "Beside its peers",
        tuple(
            _figure(peer, latency, theirs[peer.name], beside[peer.name])
            for peer in PEERS_MEASURED
            for latency in (JUDGED_BY_DEFAULT if peer.as_by_default else (JUDGED,))
        ),
        (Table(_HEAD, tuple(rows)), Table(_SHARES, tuple(_shares({**own, **theirs})))),
        (_NOTE, _NOTE_ON_PEERS),
        {
            "rates": {name: _rates(runs) for name, runs in {**own, **theirs}.items()},
            "cpu": {name: runs[JUDGED].measured.cpu_us for name, runs in theirs.items()},
        },
    )


def _ours(bench: Bench, threads: int | None) -> dict[int, Run]:
    return {latency: run(bench.sandbox, tap(bench, threads), latency) for latency in LATENCIES}


def _run(bench: Bench, peer: Peer, latency_ms: int) -> Run:
    rows = FEWER_IN_PARALLEL if peer.parallel else FEWER[latency_ms]
    done = run(bench.sandbox, peer.reader(bench, bench.since_the_last(rows)), latency_ms)
    if done.measured.records < rows:
        raise SystemExit(f"{peer.name} read {done.measured.records:,} of {rows:,} rows")
    return done


_HEAD = ("rows/s", *(f"{latency} ms" for latency in LATENCIES))
_SHARES = (
    "CPU per row; sandbox's CPU",
    *(f"{latency} ms" for latency in LATENCIES),
)


def _row(name: str, runs: dict[int, Run], ours: dict[int, Run]) -> tuple[str, ...]:
    cells = []
    for latency in LATENCIES:
        rate = runs[latency].measured.rate
        times = ours[latency].measured.rate / rate
        cells.append(f"{rate:,.0f}" if runs is ours else f"{rate:,.0f} ({times:.1f}x)")
    return (name, *cells)


def _shares(all_runs: dict[str, dict[int, Run]]) -> list[tuple[str, ...]]:
    return [
        (name, *(_share(runs[latency]) for latency in LATENCIES)) for name, runs in all_runs.items()
    ]


def _share(done: Run) -> str:
    bound = " (bottleneck)" if done.sandbox_bound else ""
    return f"{done.measured.cpu_us:.0f} µs; {done.sandbox_share:.0%}{bound}"


def _rates(runs: dict[int, Run]) -> dict[str, float]:
    return {str(latency): runs[latency].measured.rate for latency in LATENCIES}


def _figure(peer: Peer, latency: int, theirs: dict[int, Run], ours: dict[int, Run]) -> Figure:
    times = ours[latency].measured.rate / theirs[latency].measured.rate
    least = LEAST_TIMES_BY_DEFAULT if peer.as_by_default else LEAST_TIMES
    both = ", both as they come" if peer.as_by_default else ""
    return Figure(
        f"times as fast as {peer.name}{both}, {latency} ms",
        f"{times:.1f}x",
        f"≥ {least:.0f}x",
        times >= least,
    )
