"""A fixed slice of the kills of messages; `make kill` runs more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.campaigns.kills.message_kills import case_of, run_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [3, 5])
def test_what_is_killed_sends_no_message_twice_and_loses_none(tmp_path: Path, number: int) -> None:
    verdict = run_case(tmp_path, case_of(number))
    assert [str(fault) for fault in verdict.faults] == []
    assert verdict.points
