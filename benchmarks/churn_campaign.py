"""The oracle's verdict on runs of the real tap under churn, one per seed.

    python benchmarks/churn_campaign.py --seeds 20 --rows 20000

Each list request of a run inserts, updates and deletes a row. A row is lost if it existed from
before the first list request until after the last and was not emitted. Ends with 1 if any was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ORDERS = ("created_asc", "created_desc", "random_stable", "shuffled_per_request")


def main() -> None:
    """Run all seeds and print a row for each."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests.support.churn import verdict_of  # noqa: PLC0415 - shared with the tests

    parser = argparse.ArgumentParser(description="The oracle's verdict on runs under churn.")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    print("| seed | order | exit | lived through | emitted | changes | requests | lost | doubled |")
    print("|---|---|---|---|---|---|---|---|---|")
    failed = False
    for seed in range(options.seeds):
        order = ORDERS[seed % len(ORDERS)]
        with tempfile.TemporaryDirectory() as folder:
            it = verdict_of(Path(folder), seed, rows=options.rows, order=order)
        print(
            f"| {seed} | {order} | {it.code} | {it.lived_through:,} | {it.emitted:,} |"
            f" {it.changes:,} | {it.requests:,} | {it.lost} | {it.doubled} |",
            flush=True,
        )
        failed = failed or bool(it.code or it.lost or it.doubled)
    sys.exit(failed)


if __name__ == "__main__":
    main()
