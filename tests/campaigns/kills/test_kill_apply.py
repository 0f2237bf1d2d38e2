"""A fixed slice of the kills of `apply`; `make kill` runs all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.campaigns.kills.apply_kills import case_of, run_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [0, 3])
def test_a_killed_apply_is_said_again_and_everything_is_done_once(
    tmp_path: Path, number: int
) -> None:
    verdict = run_case(tmp_path, case_of(number))
    assert [str(fault) for fault in verdict.faults] == []
