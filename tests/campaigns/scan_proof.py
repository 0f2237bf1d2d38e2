"""A thousand scans of a churning server, in process, and whether each kept its promises.

    python -m tests.campaigns.scan_proof --seeds 1000 --rows 2000
    python -m tests.campaigns.scan_proof --seed 17 --rows 2000

Prints what it counted by kind of case, how each failure is repeated, and ends with 1 if there
was one. What is judged, and how: `tests/campaigns/simulated/scan_campaign.py`.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.campaigns.simulated.scan_campaign import Case, Verdict, case_of, judge_safely

GROUPS = ("distribution", "order", "filters", "churn", "has_more", "precision", "max_skip", "cut")
HEAD = (
    "| kind | scans | complete | incomplete | lost | undated lost | doubled | read again"
    " | requests ÷ pages |"
)


def main() -> int:
    """Run all seeds, print the counts; 1 if a case broke a promise."""
    options = _options()
    seeds = [options.seed] if options.seed is not None else range(options.seeds)
    cases = [case_of(seed, options.rows) for seed in seeds]
    if len(cases) == 1:
        print(cases[0])
    with ProcessPoolExecutor(min(options.workers, len(cases))) as executor:
        verdicts = list(executor.map(judge_safely, cases, chunksize=4))
    print(table(verdicts))
    failed = [verdict for verdict in verdicts if verdict.faults]
    for verdict in failed:
        again = f"--seed {verdict.case.seed} --rows {verdict.case.count}"
        print(
            f"FAIL {'; '.join(verdict.faults)}\n     python -m tests.campaigns.scan_proof {again}"
        )
    print(f"{len(verdicts)} cases of {options.rows:,} rows, {len(failed)} failed")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Scans of a churning server, in process.")
    parser.add_argument("--seeds", type=int, default=1000, help="how many, from 0 on")
    parser.add_argument("--rows", type=int, default=2000, help="rows of each")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def table(verdicts: list[Verdict]) -> str:
    """The counts, by each kind of case."""
    lines = [HEAD, "|---" * 9 + "|"]
    for name in GROUPS:
        kinds: dict[str, list[Verdict]] = {}
        for verdict in verdicts:
            kinds.setdefault(_kind(verdict.case, name), []).append(verdict)
        lines += [_line(f"{name}: {kind}", kinds[kind]) for kind in sorted(kinds)]
    return "\n".join([*lines, _line("all", verdicts)])


def _kind(case: Case, name: str) -> str:
    value = getattr(case, name)
    if name == "cut":
        return "never" if value is None else "cut off and resumed"
    return str(value)


def _line(kind: str, verdicts: list[Verdict]) -> str:
    complete = [verdict for verdict in verdicts if verdict.complete]
    counts = (
        len(verdicts),
        len(complete),
        len(verdicts) - len(complete),
        sum(verdict.lost for verdict in complete),
        sum(verdict.undated for verdict in complete),
        sum(verdict.doubled for verdict in verdicts),
        sum(verdict.again for verdict in verdicts),
    )
    ratio = sum(v.requests for v in verdicts) / sum(v.pages for v in verdicts)
    return f"| {kind} | {' | '.join(map(str, counts))} | {ratio:.2f} |"


if __name__ == "__main__":
    sys.exit(main())
