"""Measures the tap and writes what came out to `benchmarks/results`.

    python -m benchmarks                      # all parts
    python -m benchmarks throughput peers     # these alone: printed, nothing is written

Ends with 1 if a figure misses its target.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.benches import Benches
from benchmarks.parts import memory, peers, rate_limit, requests, start, throughput
from benchmarks.report import document, figures_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.report import Part

RESULTS = Path(__file__).parent / "results"
PARTS: Mapping[str, Callable[[Benches], Part]] = {
    "throughput": throughput.measure,
    "peers": peers.measure,
    "start": start.measure,
    "memory": memory.measure,
    "rate_limit": rate_limit.measure,
    "requests": requests.measure,
}


def main() -> int:
    """Measure, print, write."""
    chosen = _options().parts or list(PARTS)
    parts = []
    with Benches() as benches:
        for name in chosen:
            began = time.monotonic()
            print(f"{name} ...", file=sys.stderr, flush=True)
            part = PARTS[name](benches)
            print(f"{part.markdown()}\n", flush=True)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            parts.append(part)
    print(figures_table(parts))
    if chosen == list(PARTS):
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "tap.md").write_text(document(machine.described(), parts))
    return 0 if all(figure.met for part in parts for figure in part.figures) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the tap.")
    parser.add_argument(
        "parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS)
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
