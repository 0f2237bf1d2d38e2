"""Requests for 100 rows: on each distribution of createdAt, in each order a server may list in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.readers import tap
from benchmarks.report import Figure, Part, Table
from benchmarks.served import list_ratio, run

if TYPE_CHECKING:
    from benchmarks.benches import Benches
    from benchmarks.readers import Bench

ROWS = 20_000
ROWS_IN_ORDER = 100_000
"""Where an order is proven, the few requests that prove it are shared by more rows."""

THREADS = 8
DISTRIBUTIONS = (
    "bursts", "uniform", "daily", "recent", "imports", "one_millisecond", "sparse",
)  # fmt: skip
PROVEN = {"created_asc": 1.06, "created_desc": 1.06}
OTHERS = {"id": 2.5, "random_stable": 2.5, "shuffled_per_request": 2.5}
MOST = {**PROVEN, **OTHERS}

_NOTE = (
    f"List requests of the tap, {THREADS} threads, no latency: {ROWS_IN_ORDER:,} rows in the orders"
    f" that it can prove, {ROWS:,} in the others."
)


def measure(benches: Benches) -> Part:
    """One run of each."""
    found: dict[tuple[str, str], float] = {}
    for distribution in DISTRIBUTIONS:
        for rows, orders in ((ROWS_IN_ORDER, PROVEN), (ROWS, OTHERS)):
            bench = benches.leads(rows, distribution)
            found |= {(distribution, order): _ratio(bench, order) for order in orders}
    rows_of_table = tuple(
        (distribution, *(f"{found[distribution, order]:.2f}" for order in MOST))
        for distribution in DISTRIBUTIONS
    )
    return Part(
        "Requests ÷ (rows ÷ 100)",
        (_figure(found, PROVEN, "an order is proven"), _figure(found, OTHERS, "none is")),
        (Table(("createdAt", *MOST), rows_of_table),),
        (_NOTE,),
    )


def _ratio(bench: Bench, order: str) -> float:
    bench.sandbox.knobs(list_order=order)
    bench.sandbox.forget_requests()
    done = run(bench.sandbox, tap(bench, THREADS))
    if done.measured.records != bench.rows:
        raise SystemExit(f"{order}: {done.measured.records:,} of {bench.rows:,} rows were read")
    return list_ratio(bench)


def _figure(found: dict[tuple[str, str], float], orders: dict[str, float], when: str) -> Figure:
    most = max(orders.values())
    worst = max((key for key in found if key[1] in orders), key=found.__getitem__)
    return Figure(
        f"requests ÷ pages where {when}, the worst of {len(DISTRIBUTIONS)} distributions",
        f"{found[worst]:.2f} ({', '.join(worst)})",
        f"≤ {most}",
        found[worst] <= most,
    )
