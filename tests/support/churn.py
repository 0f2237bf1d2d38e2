"""A run of the real tap under churn, judged by the sandbox's own record of which row lived when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_sandbox.launch import start_sandbox
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Verdict:
    """What the oracle says of a run."""

    code: int
    stderr: str
    lived_through: int
    emitted: int
    lost: int
    doubled: int
    requests: int
    changes: int


def verdict_of(folder: Path, seed: int, *, rows: int, order: str) -> Verdict:
    """Run the tap once while every list request inserts, updates and deletes a row."""
    with start_sandbox(["--rows", str(rows), "--seed", str(seed)]) as sandbox:
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        catalog = catalog_of(folder, config, "process_lead")
        sandbox.forget_requests()
        sandbox.knobs(churn=1, list_order=order)
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
