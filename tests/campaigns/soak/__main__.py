"""The soak: simulated weeks both ways on a virtual clock (`make soak DAYS=1000 SEED=0`).

    python -m tests.campaigns.soak --days 1000
    python -m tests.campaigns.soak --only 17 --days 9

The second lives the first nine days of the weeks that follow from 17. Each day that its judges
condemn is printed with the command that repeats it; what comes behind it is not lived.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from functools import partial
from typing import Any

from tests.campaigns.results import REAL
from tests.campaigns.soak.kinds import ALL
from tests.campaigns.soak.weeks import all_days, live
from tests.campaigns.verdicts import KINDS


def main() -> int:
    """Live the days that were asked for; 1 if one was condemned."""
    options = _options()
    kinds = frozenset(ALL) - set(options.without)
    if options.only is not None:
        plan = iter([(options.only, options.days)])
    else:
        plan = all_days(itertools.count(options.seed), options.days)
    began, runs = time.monotonic(), Counter[str]()
    total: dict[str, Any] = {
        "campaign": "soak (days)",
        "cases": 0,
        "faults": 0,
        "rows": 0,
        "unknown": 0,
    }
    faults: list[str] = []
    for seed, most in plan:
        lived = list[list[str]]()
        count = live(seed, most, kinds, partial(_tell, seed, options.without, lived))
        faults += [each for found in lived for each in found]
        for name, more in (
            ("cases", len(lived)),
            ("faults", count.faults),
            ("rows", count.rows),
            ("unknown", count.unknown),
        ):
            total[name] += more
        runs += count.runs
        _say(
            f"seed {seed}: {len(lived)} days, {count.rows:,} rows, {count.acts:,} acts of people,"
            f" {count.unknown} unknown, quiet evenings {_range(count.requests)} requests"
        )
    seconds = round(time.monotonic() - began)
    said = ", ".join(f"{name} {n:,}" for name, n in sorted(runs.items()))
    _say(
        f"soak: {total['cases']:,} days, {total['faults']:,} faults, {total['rows']:,} rows,"
        f" {runs.total():,} runs ({said}); {len(faults)} condemned; {seconds} s"
    )
    if options.only is None:
        _keep(total, faults, seconds)
    return 1 if faults else 0


def _keep(total: dict[str, Any], faults: list[str], seconds: int) -> None:
    """Store the figures for `docs/faults.md`."""
    counts = {kind: sum(each.startswith(kind) for each in faults) for kind in KINDS}
    REAL.mkdir(exist_ok=True)
    body = {"campaign": "soak (days)", **total, **counts, "seconds": seconds}
    (REAL / "soak.jsonl").write_text(json.dumps(body) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=1000, help="in all (1000)")
    parser.add_argument("--seed", type=int, default=0, help="the first one (0)")
    parser.add_argument("--only", type=int, help="one seed")
    parser.add_argument(
        "--without",
        nargs="*",
        default=[],
        choices=ALL,
        metavar="KIND",
        help=f"kinds to leave out, of {', '.join(ALL)}; by default none",
    )
    return parser.parse_args()


def _tell(
    seed: int, without: list[str], lived: list[list[str]], number: int, found: list[str]
) -> None:
    lived.append(found)
    if found:
        more = "".join(f' "{each}"' for each in without)
        off = f" --without{more}" if without else ""
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
