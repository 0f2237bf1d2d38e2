"""Scans of a server whose every answer is changed behind its back: what was just served.

    python -m tests.campaigns.served --rows 5000

A row of each answer is deleted, inserted beside or updated just after it was served, at most one of
each kind, where it hurts a reader most. Prints the requests for each page of rows, by order and
distribution, and ends with 1 if a scan lost a row, brought one twice, called itself incomplete, or
asked more than three times a page and a quarter.
"""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass

from tests.support.churning import Rates, ServedChurn
from tests.support.distributions import DISTRIBUTIONS
from tests.support.listing import Listing, make_rows
from tests.support.scanning import read

PAGE = 100
MOST_REQUESTS = 3.25
"""For each page of rows."""

ENDLESS = 60
"""Requests a page from which on a scan has no end."""

MONTH_MS = 30 * 86_400_000
ORDERS = ("created_asc", "created_desc", "loose_asc", "loose_desc", "random")
RATES = {
    "none": Rates(0, 0, 0),
    "deletes 0.5": Rates(deletes=0.5),
    "deletes 0.9": Rates(deletes=0.9),
    "deletes 1": Rates(deletes=1),
    "inserts 1": Rates(inserts=1),
    "both 1": Rates(inserts=1, deletes=1),
}


@dataclass(frozen=True)
class Case:
    """One scan.

    Attributes:
        distribution: Of `createdAt`.
        order: In which the server lists.
        rates: How what was served changes.
        rows: At the beginning.
        concurrency: Questions asked at a time.
        seed: From it follows all else.
    """

    distribution: str
    order: str
    rates: Rates
    rows: int = 5000
    concurrency: int = 8
    seed: int = 1


@dataclass(frozen=True)
class Verdict:
    """What became of a scan.

    Attributes:
        ratio: Requests for each page of the rows that it read.
        lost: Rows that lived through it and were not read.
        doubled: Ids that came twice.
        unsure: Why it is not complete.
        skipped: Rows that the server skipped, for each that was read.
        deepest: The most that it skipped at once.
    """

    ratio: float
    lost: int
    doubled: int
    unsure: tuple[str, ...]
    skipped: float
    deepest: int

    @property
    def is_good(self) -> bool:
        """Whether it kept the promises, at a bounded cost."""
        return not (self.lost or self.doubled or self.unsure) and self.ratio <= MOST_REQUESTS


def listing_of(case: Case) -> Listing:
    """The server of a case; some rows were changed long after they came: its order can be told."""
    rng = random.Random(f"served {case.seed}")
    rows = make_rows(sorted(DISTRIBUTIONS[case.distribution](case.rows, rng)), case.seed)
    for row in rng.sample(rows, len(rows) // 3):
        row["updatedAt"] += rng.randrange(MONTH_MS)
    return Listing(rows, order=case.order, seed=case.seed)


def judge(case: Case) -> Verdict:
    """Scan, and judge."""
    listing = listing_of(case)
    churn = ServedChurn(listing, case.seed, case.rates)

    def change(it: Listing) -> None:
        if it.requests > case.rows * ENDLESS // PAGE:
            raise RuntimeError(f"{it.requests} requests, and no end: {case}")
        churn(it)

    listing.churn = change
    scan, ids = read(listing, concurrency=case.concurrency)
    skips = [skip for _, skip, _ in listing.log]
    return Verdict(
        ratio=listing.requests * PAGE / len(ids),
        lost=len(churn.throughout - set(ids)),
        doubled=len(ids) - len(set(ids)),
        unsure=scan.progress.unsure,
        skipped=sum(skips) / len(ids),
        deepest=max(skips),
    )


def main() -> int:
    """Run all cases, print the ratios; 1 if one broke a promise."""
    parser = argparse.ArgumentParser(description="Scans under churn of what was just served.")
    parser.add_argument("--rows", type=int, default=5000, help="rows of each scan")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=8)
    options = parser.parse_args()
    print(f"| distribution | order | {' | '.join(RATES)} | rows skipped for each | deepest |")
    print("|---" * (len(RATES) + 4) + "|")
    bad = 0
    for distribution in DISTRIBUTIONS:
        for order in ORDERS:
            verdicts = [
                judge(
                    Case(
                        distribution, order, rates, options.rows, options.concurrency, options.seed
                    )
                )
                for rates in RATES.values()
            ]
            bad += sum(not verdict.is_good for verdict in verdicts)
            ratios = " | ".join(_cell(verdict) for verdict in verdicts)
            still = verdicts[0]
            deep = f"{still.skipped:.1f} | {still.deepest:,}"
            print(f"| {distribution} | {order} | {ratios} | {deep} |", flush=True)
    print(f"{bad} of {len(RATES) * len(DISTRIBUTIONS) * len(ORDERS)} broke a promise")
    return 1 if bad else 0


def _cell(it: Verdict) -> str:
    broken = {"lost": it.lost, "twice": it.doubled, "incomplete": len(it.unsure)}
    return " ".join([f"{it.ratio:.2f}", *(f"{n} {name}" for name, n in broken.items() if n)])


if __name__ == "__main__":
    sys.exit(main())
