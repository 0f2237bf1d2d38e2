"""The mirrors' campaign: `python -m tests.campaigns.mirrors`, or `--only NUMBER` for one history.

Each history that fails is printed with the command that repeats it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from tests.campaigns.mirrors.histories import DAYS, live

if TYPE_CHECKING:
    from tests.campaigns.mirrors.histories import Result


def main() -> int:
    """Run what was asked for; 1 if a history failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.mirrors", description=__doc__)
    parser.add_argument("--histories", type=int, default=90, help="how many, from 0 on (90)")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (0)")
    parser.add_argument("--days", type=int, default=DAYS, help="of each history (14)")
    parser.add_argument("--only", type=int, help="only the history of this number")
    parser.add_argument("--processes", type=int, default=2, help="at a time (2)")
    options = parser.parse_args()
    if options.only is not None:
        result = live(options.only, options.days)
        _complain(result, options.days)
        return _told([result])
    began = time.monotonic()
    numbers = range(options.first, options.first + options.histories)
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        results = []
        for result in pool.imap_unordered(partial(live, days=options.days), numbers):
            results.append(result)
            _complain(result, options.days)
    code = _told(results)
    print(f"{time.monotonic() - began:.0f} s")
    return code


def _complain(result: Result, days: int) -> None:
    if result.condemned:
        print(f"FAIL {result.condemned[0]} (and {len(result.condemned) - 1} more)")
        again = f"--days {days} --only {result.number}"
        print(f"     python -m tests.campaigns.mirrors {again}", flush=True)


def _told(results: list[Result]) -> int:
    total: Counter[str] = Counter()
    by_ending: Counter[str] = Counter()
    failed = [each for each in results if each.condemned]
    for each in results:
        total.update(each.counts)
        by_ending[each.ending] += each.counts["statements"]
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(total.items()))
    print(f"mirrors: {len(results)} histories: {counts}; whole statements carried out: ", end="")
    print(", ".join(f"{count:,} by {name}" for name, count in sorted(by_ending.items())), end="")
    print(f"; {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
