"""The fault campaigns: `python -m tests.faults single` (or pairs, random, all, report).

Each case that fails is printed with the command that repeats it. The totals are kept in
`output/faults`, from which `report` writes `docs/faults.md`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from typing import TYPE_CHECKING

from tests.faults import campaigns
from tests.faults.campaigns import Result, Total, run_case
from tests.faults.kinds import KINDS, sizes
from tests.faults.results import keep, report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERY = 30.0
"""Seconds between two lines of progress."""
SINGLE = ("reference", "keyless")


def main() -> int:
    """Run what was asked for; 1 if a case failed."""
    options = _options()
    if options.only:
        return _once(options.only)
    if options.what == "report":
        report()
        return 0
    failed = 0
    for name in ("single", "pairs", "random") if options.what == "all" else (options.what,):
        failed += _campaign(name, options)
    if options.what == "all":
        report()
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("what", choices=["single", "pairs", "random", "all", "report"])
    parser.add_argument("--only", help="one case, as it was printed")
    parser.add_argument("--processes", type=int, default=2, help="at a time (2)")
    parser.add_argument("--cases", type=int, default=1000, help="random cases (1000)")
    parser.add_argument("--share", default="1/1", help="of the cases: 3/10 is the third tenth")
    return parser.parse_args()


def _once(case: str) -> int:
    result = run_case(case)
    print(f"{result.case}: {result.rows} rows, {result.runs} runs, faults {dict(result.faults)}")
    for why in result.condemned:
        print(f"  {why}")
    print("condemned" if result.condemned else "all promises were kept")
    return 1 if result.condemned else 0


def _campaign(name: str, options: argparse.Namespace) -> int:
    total, began = Total(name), time.monotonic()
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        told = began
        for result in pool.imap_unordered(run_case, _cases(name, options), chunksize=4):
            total.add(result)
            _complain(name, result)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                _say(total, told - began)
    seconds = time.monotonic() - began
    _say(total, seconds)
    keep(total, seconds)
    return len(total.failed)


def _cases(name: str, options: argparse.Namespace) -> Iterator[str]:
    part, parts = map(int, options.share.split("/"))
    for at, case in enumerate(_all_cases(name, options.cases)):
        if at % parts == part - 1:
            yield case


def _all_cases(name: str, count: int) -> Iterable[str]:
    if name == "random":
        return (f"random/{number}" for number in range(count))
    if name == "pairs":
        firsts = campaigns.first_cases("short")
        print(f"pairs: {len(firsts)} first faults, each with every fault behind it")
        return (pair for first in firsts for pair in campaigns.pair_cases(first))
    return [case for scenario in SINGLE for case in _singles(scenario)]


def _singles(scenario: str) -> list[str]:
    cases = campaigns.single_cases(scenario)
    table = sizes(campaigns.trace_of(scenario), KINDS)
    said = " + ".join(f"{steps} {family} x {kinds}" for family, steps, kinds in table)
    print(f"{scenario}: {len(cases)} cases = {said}")
    if len(cases) != sum(steps * kinds for _, steps, kinds in table):
        raise RuntimeError("the cases are not the sum over the steps")
    return cases


def _complain(name: str, result: Result) -> None:
    if result.condemned:
        print(f"FAIL {result.condemned[0]}")
        print(f'     python -m tests.faults {name} --only "{result.case}"', flush=True)


def _say(total: Total, seconds: float) -> None:
    print(
        f"{total.name}: {total.cases:,} cases, {sum(total.faults.values()):,} faults,"
        f" {total.rows:,} rows, {total.runs:,} runs, {total.unknown:,} unknown;"
        f" {len(total.failed):,} failed: {total.lost} lost, {total.doubled} doubled,"
        f" {total.wrong} wrong; {seconds:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
