"""The soak: simulated weeks both ways on a virtual clock (`make soak DAYS=1000 SEED=0`).

    python -m tests.campaigns.soak --days 1000
    python -m tests.campaigns.soak --only 17 --days 9

The second lives the first nine days of the weeks that follow from 17. Each day that its judges
condemn is printed with the command that repeats it; what comes behind it is not lived.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter
from functools import partial

from tests.campaigns.soak.kinds import ALL, WITHOUT
from tests.campaigns.soak.weeks import all_days, live


def main() -> int:
    """Live the days that were asked for; 1 if one was condemned."""
    options = _options()
    kinds = frozenset(ALL) - set(options.without)
    if options.only is not None:
        plan = iter([(options.only, options.days)])
    else:
        plan = all_days(itertools.count(options.seed), options.days)
    began, failed, days, rows = time.monotonic(), 0, 0, 0
    runs: Counter[str] = Counter()
    for seed, most in plan:
        lived = list[list[str]]()
        count = live(seed, most, kinds, partial(_tell, seed, options.without, lived))
        days, failed = days + len(lived), failed + any(lived)
        rows, runs = rows + count.rows, runs + count.runs
        _say(
            f"seed {seed}: {len(lived)} days, {count.rows:,} rows, {count.acts:,} acts of people,"
            f" {count.unknown} unknown, quiet evenings {_range(count.requests)} requests"
        )
    said = ", ".join(f"{name} {n:,}" for name, n in sorted(runs.items()))
    _say(
        f"soak: {days:,} days, {rows:,} rows, {runs.total():,} runs ({said}); {failed} condemned;"
        f" {time.monotonic() - began:.0f} s"
    )
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=1000, help="in all (1000)")
    parser.add_argument("--seed", type=int, default=0, help="the first one (0)")
    parser.add_argument("--only", type=int, help="one seed")
    parser.add_argument(
        "--without",
        nargs="*",
        default=list(WITHOUT),
        choices=ALL,
        metavar="KIND",
        help=f"kinds to leave out, of {', '.join(ALL)}; by default {', '.join(WITHOUT) or 'none'}",
    )
    return parser.parse_args()


def _tell(
    seed: int, without: list[str], lived: list[list[str]], number: int, found: list[str]
) -> None:
    lived.append(found)
    if found:
        more = "".join(f' "{each}"' for each in without)
        off = "" if without == list(WITHOUT) else f" --without{more}"
        _say(f"FAIL day {number} of seed {seed}: {len(found)} faults")
        for each in found[:5]:
            _say(f"     {each}")
        _say(f"     python -m tests.campaigns.soak --only {seed} --days {number}{off}")


def _range(requests: list[tuple[int, int]]) -> str:
    totals = [sum(each) for each in requests]
    return f"{min(totals)} to {max(totals)}" if totals else "no"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
