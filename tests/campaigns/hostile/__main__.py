"""The campaign of the hostile server: `python -m tests.campaigns.hostile` (`--only CASE`).

Each endpoint, each malformation, once and always, small and large, against the real commands. Each
case that fails is printed with the command that repeats it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter

from tests.campaigns.hostile.cases import Verdict, cases, judged
from tests.campaigns.hostile.grammar import all_of_them

CASES_A_PROCESS = 200
"""What a large case leaves of a process's memory is not the next one's."""
EVERY = 30.0
"""Seconds between two lines of progress."""


def main() -> int:
    """Carry out the cases; 1 if one failed."""
    options = _options()
    if options.only:
        return _once(options.only)
    part, parts = map(int, options.share.split("/"))
    names = [name for name in cases() if name.startswith(options.of)]
    random.Random(1).shuffle(names)
    names = names[part - 1 :: parts]
    _tell(f"{len(names):,} cases: {len(all_of_them())} malformations, each with"
          " each endpoint, once and always")  # fmt: skip
    found: list[Verdict] = []
    told = began = time.monotonic()
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(options.processes, maxtasksperchild=CASES_A_PROCESS) as pool:
        for verdict in pool.imap_unordered(judged, names, chunksize=2):
            found.append(verdict)
            _complain(verdict)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                _say(found, told - began)
    _say(found, time.monotonic() - began)
    return 1 if any(each.condemned for each in found) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.hostile", description=__doc__)
    parser.add_argument("--only", help="one case, as it was printed")
    parser.add_argument("--of", default="", help="cases whose names begin so: photos/file/")
    parser.add_argument("--processes", type=int, default=2, help="at a time (2)")
    parser.add_argument("--share", default="1/1", help="of the cases: 3/10 is the third tenth")
    return parser.parse_args()


def _once(name: str) -> int:
    verdict = judged(name)
    _tell(f"{name}: exit code {verdict.code}, {verdict.seconds:.1f} s, {verdict.peak >> 20} MB,"
          f" {verdict.requests} requests, {verdict.spoilt} replies spoilt")  # fmt: skip
    for why in verdict.condemned:
        _tell(f"  {why}")
    _tell("condemned" if verdict.condemned else "all promises were kept")
    return 1 if verdict.condemned else 0


def _complain(verdict: Verdict) -> None:
    if verdict.condemned:
        _tell(f"FAIL {verdict.condemned[0]}")
        _tell(f'     python -m tests.campaigns.hostile --only "{verdict.case}"')


def _say(found: list[Verdict], seconds: float) -> None:
    slowest = max(found, key=lambda each: each.seconds)
    largest = max(found, key=lambda each: each.peak)
    codes = Counter(each.code for each in found)
    _tell(
        f"hostile: {len(found):,} cases, {sum(each.spoilt for each in found):,} spoilt of"
        f" {sum(each.requests for each in found):,} replies;"
        f" {sum(bool(each.condemned) for each in found):,} failed; slowest {slowest.seconds:.1f} s"
        f" ({slowest.case}), largest {largest.peak >> 20} MB ({largest.case}); exit codes"
        f" {dict(sorted(codes.items()))}; {seconds:.0f} s"
    )


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
