"""The fault campaigns: `python -m tests.campaigns single` (or pairs, random, entries …).

Each case that fails is printed with the command that repeats it. The totals are kept in
`output/faults`, from which `report` writes `docs/faults.md`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from typing import TYPE_CHECKING

from tests.campaigns.results import CAMPAIGNS, keep, report
from tests.campaigns.simulated import campaigns
from tests.campaigns.simulated.campaigns import Result, Total, run_case
from tests.campaigns.simulated.kinds import ALL_KINDS, sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERY = 30.0
"""Seconds between two lines of progress."""
CHUNK = 4
SCENARIOS = {
    "single": ("reference", "keyless"),
    "call-single": ("call-kinds",),
    "photo-single": ("photo-kinds",),
    "tap": ("tap-incremental", "tap-full"),
    "tap-beside": ("tap-photos", "tap-ids"),
}
PAIRS = {"pairs": "short", "call-pairs": "call-short", "photo-pairs": "photo-short"}


def main() -> int:
    """Run what was asked for; 1 if a case failed."""
    options = _options()
    if options.only:
        return _once(options.only)
    if options.what == "report":
        report()
        return 0
    failed = 0
    for name in CAMPAIGNS if options.what == "all" else (options.what,):
        failed += _campaign(name, options)
    if options.what == "all":
        report()
    return 1 if failed else 0


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=[*CAMPAIGNS, "all", "report"])
    parser.add_argument("--only", help="one case, as it was printed")
    parser.add_argument("--processes", type=int, default=2, help="at a time (2)")
    parser.add_argument(
        "--cases", type=int, default=1000, help="cases that follow from a number (1000)"
    )
    parser.add_argument("--share", default="1/1", help="of the cases: 3/10 is the third tenth")
    return parser.parse_args()


def _once(case: str) -> int:
    result = run_case(case)
    _tell(f"{result.case}: {result.rows} rows, {result.runs} runs, faults {dict(result.faults)}")
    for why in result.condemned:
        _tell(f"  {why}")
    _tell("condemned" if result.condemned else "all promises were kept")
    return 1 if result.condemned else 0


def _campaign(name: str, options: argparse.Namespace) -> int:
    total, began = Total(name), time.monotonic()
    plan: list[str] = []
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        told = began
        for result in pool.imap_unordered(run_case, _cases(name, options, plan), chunksize=CHUNK):
            total.add(result)
            _complain(result)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                _say(total, told - began)
    seconds = time.monotonic() - began
    _say(total, seconds)
    keep(total, plan, seconds)
    return len(total.failed)


def _cases(name: str, options: argparse.Namespace, plan: list[str]) -> Iterator[str]:
    part, parts = map(int, options.share.split("/"))
    for at, case in enumerate(_all_cases(name, options.cases, plan)):
        if at % parts == part - 1:
            yield case
    if parts > 1:
        plan.append(f"of these, part {part} of {parts}")
    for said in plan:
        _tell(f"{name}: {said}")


def _all_cases(name: str, count: int, plan: list[str]) -> Iterable[str]:
    if name in campaigns.NUMBERED:
        # A schedule is fifty runs.
        count = count if name != "schedule" else count // 20
        plan.append(f"{count:,} cases, each from its number")
        return (f"{name}/{number}" for number in range(count))
    if name in PAIRS:
        return _pairs(PAIRS[name], plan)
    return [case for scenario in SCENARIOS[name] for case in _singles(scenario, plan)]


def _pairs(scenario: str, plan: list[str]) -> Iterator[str]:
    """Each first fault, with every fault that may come behind it."""
    firsts, count = campaigns.first_cases(scenario), 0
    for first in firsts:
        for pair in campaigns.pair_cases(first):
            count += 1
            yield pair
    plan.append(f"{len(firsts):,} first faults, each with every one behind it: {count:,} pairs")


def _singles(scenario: str, plan: list[str]) -> list[str]:
    cases = campaigns.single_cases(scenario)
    table = sizes(campaigns.trace_of(scenario), ALL_KINDS)
    terms = " + ".join(f"{steps} {family} x {kinds}" for family, steps, kinds in table if steps)
    plan.append(f"{scenario}: {len(cases):,} cases = {terms}")
    if len(cases) != sum(steps * kinds for _, steps, kinds in table):
        raise RuntimeError("the cases are not the sum over the steps")
    return cases


def _complain(result: Result) -> None:
    if result.condemned:
        _tell(f"FAIL {result.condemned[0]}")
        _tell(f'     python -m tests.campaigns --only "{result.case}"')


def _say(total: Total, seconds: float) -> None:
    _tell(
        f"{total.name}: {total.cases:,} cases, {sum(total.faults.values()):,} faults,"
        f" {total.rows:,} rows, {total.runs:,} runs, {total.unknown:,} unknown;"
        f" {len(total.failed):,} failed: {total.lost} lost, {total.doubled} doubled,"
        f" {total.wrong} wrong; {seconds:.0f} s",
    )


if __name__ == "__main__":
    sys.exit(main())
