"""A fixed slice of the kills of the tap; `make kill` runs all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.campaigns.kills.tap_kills import POINTS, case_of, run_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(len(POINTS)))
def test_killed_runs_and_the_last_one_print_everything(tmp_path: Path, seed: int) -> None:
    verdict = run_case(tmp_path, case_of(seed))
    assert verdict.points
    assert [str(fault) for fault in verdict.faults] == []
