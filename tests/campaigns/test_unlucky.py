"""A fixed slice of the unlucky machines; `make unlucky` runs more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.campaigns.unlucky import KINDS, case_of, run_case

if TYPE_CHECKING:
    from pathlib import Path

CASES_OF_A_KIND = 4


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=KINDS)
def test_a_run_that_meets_bad_luck_ends_in_words_and_the_next_one_goes_on(
    tmp_path: Path, kind: int
) -> None:
    met = 0
    for turn in range(CASES_OF_A_KIND):
        (folder := tmp_path / str(turn)).mkdir()
        case = case_of(turn * len(KINDS) + kind)
        faults, came = run_case(folder, case)
        assert [str(fault) for fault in faults] == [], case.number
        met += came
    assert met >= CASES_OF_A_KIND / 2
