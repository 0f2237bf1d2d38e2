"""The kill campaign: `python benchmarks/kill_campaign.py --cases 210 --workers 3`.

Prints each case that fails with its number (`--only 17:sending` replays it), the histogram of
the states in which batches were when their run died, and the verdict.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

sys.path.insert(0, str(Path(__file__).parent.parent))

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.faults.campaign import POINTS, Case, Verdict, run_case


def main() -> int:
    """Run all cases; 1 if one failed."""
    options = _options()
    cases = [Case(number, POINTS[number % len(POINTS)]) for number in range(options.cases)]
    if options.only:
        number, point = options.only.split(":")
        cases = [Case(int(number), point)]
    queue: Queue[Case] = Queue()
    for case in cases:
        queue.put(case)
    began = time.monotonic()
    with ThreadPoolExecutor(options.workers) as executor:
        parts = list(executor.map(lambda _: _work(queue), range(options.workers)))
    verdicts = [verdict for part in parts for verdict in part]
    return _report(verdicts, time.monotonic() - began)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=210, help="how many")
    parser.add_argument("--workers", type=int, default=3, help="at a time")
    parser.add_argument("--only", help="one case, as 17:sending")
    return parser.parse_args()


def _work(queue: Queue[Case]) -> list[Verdict]:
    found = []
    with start_sandbox(["--rows", "20000"]) as sandbox:
        while not queue.empty():
            found.append(_one(sandbox, queue.get()))
    return found


def _one(sandbox: Sandbox, case: Case) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        verdict = run_case(sandbox, Path(folder), case)
    mark = "ok  " if not verdict.faults else "FAIL"
    print(
        f"{mark} {case.number}:{case.point} {dict(verdict.died_in)} {verdict.faults[:3]}",
        flush=True,
    )
    return verdict


def _report(verdicts: list[Verdict], seconds: float) -> int:
    died: Counter[str] = Counter()
    for verdict in verdicts:
        if not verdict.killed:
            died["(ended before its point)"] += 1
            continue
        states = set(verdict.died_in) - {"a run"}
        died.update(states or {"waiting"})
        died["in all"] += 1
    print("\nRuns that died with a batch in that state (a run may hold several):")
    for state, count in sorted(died.items()):
        print(f"  {state:28} {count}")
    failed = [verdict for verdict in verdicts if verdict.faults]
    reruns = sum(verdict.reruns for verdict in verdicts)
    print(f"\n{len(verdicts)} cases in {seconds:.0f} s, {reruns} reruns, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
