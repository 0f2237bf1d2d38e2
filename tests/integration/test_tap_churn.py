"""The real tap against the real sandbox, while rows come, change and go on every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.churn import verdict_of

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = range(4)
"""A slice; `make churn` runs twenty of 20,000 rows each."""


@pytest.mark.parametrize("order", ["created_asc", "shuffled_per_request"])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_that_lived_through_the_scan_is_emitted_once(
    tmp_path: Path, seed: int, order: str
) -> None:
    verdict = verdict_of(tmp_path, seed, rows=3000, order=order)
    assert verdict.code == 0, verdict.stderr
    assert verdict.changes >= 3 * verdict.requests, "the harness did not churn"
    assert verdict.lost == 0
    assert verdict.doubled == 0
