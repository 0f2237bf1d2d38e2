"""A fixed slice of the kills of the target; `make kill` runs all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.campaigns.kills.target_kills import POINTS, SIGNALS, case_of, run_case

if TYPE_CHECKING:
    from pathlib import Path

ROUND = len(POINTS) * len(SIGNALS)
"""The signals go round every so many cases."""
EACH_POINT = [900 // ROUND * ROUND + at for at in range(len(POINTS))]
"""A case for each point."""


@pytest.mark.parametrize("number", EACH_POINT)
def test_killed_runs_and_the_last_one_write_every_row_exactly_once(
    tmp_path: Path, number: int
) -> None:
    case = case_of(number + number % len(SIGNALS) * len(POINTS))
    assert [str(fault) for fault in run_case(tmp_path, case).faults] == []
