"""Measures the tap and writes what came out to `benchmarks/results`.

    python -m benchmarks                      # all parts: tap.md and tap.png
    python -m benchmarks throughput peers     # these alone: printed, nothing is written

Ends with 1 if a figure misses its target.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.benches import Benches
from benchmarks.parts import batch, memory, peers, rate_limit, readers, requests, start, throughput
from benchmarks.readers import PEERS_BIN, ROOT
from benchmarks.report import document, figures_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.report import Part

RESULTS = ROOT / "benchmarks" / "results"
PARTS: Mapping[str, Callable[[Benches], Part]] = {
    "throughput": throughput.measure,
    "peers": peers.measure,
    "start": start.measure,
    "memory": memory.measure,
    "readers": readers.measure,
    "rate_limit": rate_limit.measure,
    "requests": requests.measure,
    "batch": batch.measure,
}


def main() -> int:
    """Measure, print, write."""
    options = _options()
    with closing(Benches()) as benches:
        parts = [_measured(name, benches) for name in options.parts or PARTS]
    print(figures_table(parts))
    if not options.parts:
        _write(parts, options.results)
    missed = [figure.name for part in parts for figure in part.figures if not figure.met]
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the tap.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for tap.md, tap.png")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return options


def _measured(name: str, benches: Benches) -> Part:
    began = time.monotonic()
    print(f"{name} ...", file=sys.stderr, flush=True)
    part = PARTS[name](benches)
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"{part.markdown()}\n", flush=True)
    return part


def _write(parts: Sequence[Part], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tap.md").write_text(document(machine.described(), parts))
    drawn: dict[str, dict[str, Any]] = {}
    for part in parts:
        for panel, values in part.picture.items():
            drawn.setdefault(panel, {}).update(values)
    command = [str(PEERS_BIN / "python"), str(ROOT / "benchmarks" / "picture.py")]
    picture = str(folder / "tap.png")
    subprocess.run([*command, picture], input=json.dumps(drawn), text=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
