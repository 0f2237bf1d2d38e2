"""Promise: every process that exists through a whole scan is emitted, or the scan says otherwise.

A seed is a case: the shape of time, the server's order and habits, how rows change, how the scan is
run or cut off and resumed (`tests/campaigns/simulated/scan_campaign.py`). A reader that pages by
offset runs through the same cases and loses rows: the check can fail.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.campaigns.simulated.scan_campaign import Case, by_offset, case_of, judge

ROWS = 1_000
SEEDS = range(70)
"""Every order on every distribution; `tests/campaigns/scan_proof.py` runs a thousand."""


@pytest.mark.parametrize("seed", SEEDS)
def test_no_row_that_lived_through_a_complete_scan_is_missed_and_none_comes_twice(
    seed: int,
) -> None:
    verdict = judge(case_of(seed, ROWS))
    assert verdict.faults == ()


def churned(seed: int) -> Case:
    """A case that a reader by offset can end: rows vanish and nothing else is odd."""
    plain = {"filters": "works", "has_more": "exact", "max_skip": None, "cut": None, "odd": False}
    return replace(case_of(seed, ROWS), order="created_asc", churn="hidden", **plain)  # type: ignore[arg-type]


def test_a_reader_by_offset_loses_rows_in_the_same_cases() -> None:
    naive = [judge(churned(seed), by_offset) for seed in range(10)]
    assert sum(verdict.lost for verdict in naive) > 0
    assert any("lost by a scan that calls itself complete" in str(v.faults) for v in naive)
    ours = [judge(churned(seed)) for seed in range(10)]
    assert [verdict.lost for verdict in ours] == [0] * 10
