"""A slice of the fencing campaign, and that its judge condemns what it should."""

from __future__ import annotations

import sys

import pytest

from target_chakra.storage.fence import Fence
from tests.campaigns.fencing import WAYS, Total, judged

MIDDLE = (23, 38)
"""Steps while batches are on their way."""


@pytest.mark.parametrize("way", WAYS["sqlite"])
def test_one_run_goes_on_with_a_file(way: str) -> None:
    total = Total()
    for at in MIDDLE:
        judged(f"sqlite/{way}", at, "", total)
    assert (total.cases.total(), total.condemned) == (2, 0)


@pytest.mark.parametrize("way", WAYS["postgresql"])
def test_one_run_goes_on_with_a_server(way: str, postgres: str) -> None:
    total = Total()
    judged(f"postgresql/{way}", MIDDLE[0], postgres, total)
    assert (total.cases.total(), total.condemned) == (1, 0)


@pytest.mark.parametrize("way", ["lock deleted", "folder removed"])
def test_without_the_fence_the_judge_condemns(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("check", "look"):
        monkeypatch.setattr(Fence, name, lambda *_: None)
    total = Total()
    judged(f"sqlite/{way}", MIDDLE[0], "", total)
    assert total.condemned == 1


def test_a_step_that_no_run_has_is_no_case() -> None:
    total = Total()
    assert judged("sqlite/nothing lost", sys.maxsize, "", total) > MIDDLE[1]
    assert total.cases.total() == 0
