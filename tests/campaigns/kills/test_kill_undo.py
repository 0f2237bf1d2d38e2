"""A slice of the kill campaign of undo: `python -m tests.campaigns.kills undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.campaigns.kills.undo_kills import case_of, run_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", range(4))
def test_an_undo_that_is_killed_and_run_again_ends_the_same(number: int, tmp_path: Path) -> None:
    verdict = run_case(tmp_path, case_of(number))
    assert verdict.faults == []
