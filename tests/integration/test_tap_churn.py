"""The real tap against the real sandbox, while rows come, change and go on every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = range(4)
"""A slice; `make churn` runs twenty."""


@pytest.mark.parametrize("order", ["created_asc", "shuffled_per_request"])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_that_lived_through_the_scan_is_emitted_once(
    tmp_path: Path, seed: int, order: str
) -> None:
    arguments = ["--rows", "3000", "--seed", str(seed)]
    with start_sandbox(arguments) as sandbox:
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        catalog = catalog_of(tmp_path, config, "process_lead")
        sandbox.patch_knobs({"churn": True, "list_order": order})
        output = run(tmp_path, config, catalog=catalog)
        assert output.code == 0, output.stderr
        lists = [r for r in sandbox.requests() if r["path"].endswith("/process/list")]
        oracle = sandbox.oracle("lead")
    first, last = lists[0]["time_ms"], lists[-1]["time_ms"]
    throughout = {
        row["id"]
        for row in oracle
        if row["born_ms"] <= first and (row["died_ms"] is None or row["died_ms"] > last)
    }
    changed = [r for r in oracle if r["born_ms"] > first or r["died_ms"] is not None]
    ids = output.ids("process_lead")
    assert len(changed) >= len(lists), "the harness did not churn"
    assert throughout - set(ids) == set()
    assert len(ids) == len(set(ids))
