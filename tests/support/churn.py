"""A run of the real tap under churn, judged by the sandbox's own record of which row lived when.

A seed is a case: the shape of time, the order of the listing, what becomes of deleted rows, how
finely the filter tells instants apart, what is said of further rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path

DISTRIBUTIONS = ("bursts", "uniform", "daily", "recent", "imports", "one_millisecond", "sparse")
ORDERS = (
    "created_asc",
    "shuffled_per_request",
    "created_desc",
    "random_stable",
    "updated_desc",
    "id",
)
HAS_MORE = ("exact", "absent", "always_true_until_empty", "false_positive")


@dataclass(frozen=True)
class Case:
    """What a seed stands for.

    Attributes:
        seed: Of the rows and of what changes.
        rows: At the beginning.
        distribution: Of `createdAt`.
        order: Of the listing.
        deleted: `soft_hidden` or `soft_listed`.
        precision: What the filter on `createdAt` tells apart, `ms` or `s`.
        has_more: What is said of further rows.
        hits: Which rows are updated and deleted: `any`, or those just `served`.
    """

    seed: int
    rows: int
    distribution: str
    order: str
    deleted: str
    precision: str
    has_more: str
    hits: str = "any"


def case_of(seed: int, rows: int) -> Case:
    """The seeds go round: 20 in a row have each value, and different ones together."""
    return Case(
        seed=seed,
        rows=rows,
        distribution=DISTRIBUTIONS[seed % len(DISTRIBUTIONS)],
        order=ORDERS[seed % len(ORDERS)],
        deleted="soft_listed" if seed % 5 in {1, 3} else "soft_hidden",
        precision="s" if seed % 4 == 3 else "ms",
        has_more=HAS_MORE[seed // 2 % len(HAS_MORE)],
    )


@dataclass(frozen=True)
class Verdict:
    """What the oracle says of a run.

    Attributes:
        code: The exit code.
        stderr: What the tap said.
        lived_through: Rows that were there from before the first list request until after the last.
        emitted: Records.
        lost: Those that lived through it and were not emitted.
        doubled: Records whose id came before.
        requests: List requests.
        changes: Inserts, updates and deletes meanwhile.
    """

    code: int
    stderr: str
    lived_through: int
    emitted: int
    lost: int
    doubled: int
    requests: int
    changes: int

    @property
    def complete(self) -> bool:
        """Whether the scan called itself complete."""
        return self.code == ExitCode.DONE

    @property
    def incomplete(self) -> bool:
        """Whether it called itself incomplete."""
        return self.code == ExitCode.INCOMPLETE

    @property
    def is_good(self) -> bool:
        """Whether it kept the promise: complete and nothing lost, or it said so."""
        return not self.doubled and (self.incomplete or (self.complete and not self.lost))


def verdict_of(folder: Path, case: Case) -> Verdict:
    """Run the tap once while every list request inserts, updates and deletes a row."""
    arguments = ["--rows", str(case.rows), "--seed", str(case.seed)]
    with start_sandbox([*arguments, "--distribution", case.distribution]) as sandbox:
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        catalog = catalog_of(folder, config, "process_lead")
        sandbox.forget_requests()
        sandbox.knobs(
            churn=1,
            churn_hits=case.hits,
            list_order=case.order,
            delete_mode=case.deleted,
            created_at_precision=case.precision,
            has_more=case.has_more,
        )
        output = run(folder, config, catalog=catalog)
        lists = [r for r in sandbox.requests() if r["path"].endswith("/process/list")]
        oracle = sandbox.oracle("lead")
    began, ended = lists[0]["at_ms"], lists[-1]["at_ms"]
    throughout = {row.id for row in oracle if row.lived_through(began, ended)}
    ids = output.ids("process_lead")
    inserted = sum(row.born_ms >= began for row in oracle)
    deleted = sum(row.died_ms is not None for row in oracle)
    updated = sum(len([at for at in row.changes if at >= began]) for row in oracle)
    return Verdict(
        code=output.code,
        stderr=output.stderr,
        lived_through=len(throughout),
        emitted=len(ids),
        lost=len(throughout - set(ids)),
        doubled=len(ids) - len(set(ids)),
        requests=len(lists),
        changes=inserted + deleted + updated,
    )
