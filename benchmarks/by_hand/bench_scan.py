"""One run of the real tap against a sandbox of its own, by hand: rows, requests, time, CPU.

    python benchmarks/by_hand/bench_scan.py --rows 100000 --distribution bursts --order created_desc

Prints a Markdown table. `make bench` measures the same beside others; this repeats one case.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from benchmarks.benches import DISTRIBUTION, ORDER, Benches
from benchmarks.readers import tap
from benchmarks.report import Table
from benchmarks.served import RUN_HEAD, list_ratio, run, run_row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="One run of the tap against a sandbox.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--distribution", default=DISTRIBUTION, help="of createdAt")
    parser.add_argument("--order", default=ORDER, help="in which the server lists")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds")
    parser.add_argument("--concurrency", type=int, default=8)
    options = parser.parse_args()
    with closing(Benches()) as benches:
        bench = benches.leads(options.rows, options.distribution)
        bench.sandbox.knobs(list_order=options.order)
        bench.sandbox.forget_requests()
        done = run(bench.sandbox, tap(bench, options.concurrency), options.latency)
        ratio = list_ratio(bench)
    head = (*RUN_HEAD, "list requests ÷ pages")
    print(Table(head, ((*run_row(done, options.concurrency), f"{ratio:.3f}"),)).markdown())


if __name__ == "__main__":
    main()
