"""The oracle's verdict on runs of the real tap under churn, one per seed.

    python -m tests.campaigns.churn --seeds 20 --rows 20000
    python -m tests.campaigns.churn --seed 5 --rows 20000

Each list request of a run inserts, updates and deletes a row. A row is lost if it existed from
before the first list request until after the last and was not emitted by a scan that calls itself
complete. Ends with 1 if any was, or if an id came twice. What a seed stands for is in
`tests/support/churn.py`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.churn import Case, Verdict, case_of, verdict_of

PAGE = 100
HEAD = (
    "| seed | createdAt | order | deleted rows | filter | hasMore | scan | lived through | emitted"
    " | changes | requests | ÷ pages | lost | doubled |"
)


def main() -> int:
    """Run the seeds, print a row for each and what it comes to; 1 if a promise was broken."""
    options = _options()
    seeds = range(options.seeds) if options.seed is None else [options.seed]
    print(HEAD)
    print("|---" * (HEAD.count("|") - 1) + "|")
    verdicts = []
    for seed in seeds:
        case = case_of(seed, options.rows)
        with tempfile.TemporaryDirectory() as folder:
            verdict = verdict_of(Path(folder), case)
        verdicts.append(verdict)
        print(_row(case, verdict), flush=True)
        if not verdict.is_good:
            again = f"--seed {seed} --rows {options.rows}"
            print(f"FAIL python -m tests.campaigns.churn {again}\n{verdict.stderr}", flush=True)
    print(_sum(verdicts))
    return 0 if all(verdict.is_good for verdict in verdicts) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The oracle's verdict on runs under churn.")
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 0 on")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of each")
    parser.add_argument("--seed", type=int, help="only this one")
    return parser.parse_args()


def _row(case: Case, it: Verdict) -> str:
    said = "complete" if it.complete else "incomplete" if it.incomplete else f"exit {it.code}"
    cells = (
        case.seed,
        case.distribution,
        case.order,
        case.deleted.removeprefix("soft_"),
        case.precision,
        case.has_more,
        said,
        f"{it.lived_through:,}",
        f"{it.emitted:,}",
        f"{it.changes:,}",
        f"{it.requests:,}",
        f"{it.requests * PAGE / max(1, it.emitted):.2f}",
        it.lost,
        it.doubled,
    )
    return f"| {' | '.join(map(str, cells))} |"


def _sum(verdicts: list[Verdict]) -> str:
    complete = [verdict for verdict in verdicts if verdict.complete]
    requests = sum(verdict.requests for verdict in verdicts)
    emitted = sum(verdict.emitted for verdict in verdicts)
    return (
        f"\n{len(verdicts)} scans: {len(complete)} called themselves complete,"
        f" {sum(verdict.incomplete for verdict in verdicts)} incomplete;"
        f" {sum(v.lived_through for v in verdicts):,} rows lived through them,"
        f" {sum(v.lost for v in complete)} were lost by complete ones,"
        f" {sum(v.doubled for v in verdicts)} came twice;"
        f" {sum(v.changes for v in verdicts):,} changes,"
        f" {requests:,} requests ({requests * PAGE / max(1, emitted):.2f} a page)"
    )


if __name__ == "__main__":
    sys.exit(main())
