"""A fixed slice of the kills of the listener; `make webhook-kills` runs 300 of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.campaigns.webhook_kills import run_cases

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_answered_with_200_outlives_each_kill(tmp_path: Path) -> None:
    sent, faults = run_cases(tmp_path, list(range(6)))
    assert [str(fault) for fault in faults] == []
    assert sent.kills.total() == 6
    assert sent.answers["none"] > 0
    assert len(sent.acknowledged) > 20
