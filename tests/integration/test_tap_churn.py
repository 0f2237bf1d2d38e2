"""The real tap against the real sandbox, while rows come, change and go on every request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.churn import DISTRIBUTIONS, HAS_MORE, ORDERS, case_of, verdict_of

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = (0, 3, 5)
"""A slice: in order and in none, by milliseconds and by seconds, one crowded millisecond."""


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_that_lived_through_the_scan_is_emitted_once(tmp_path: Path, seed: int) -> None:
    verdict = verdict_of(tmp_path, case_of(seed, 3_000))
    assert verdict.complete, verdict.stderr
    # The last request's own changes may fall behind its time.
    assert verdict.changes >= 2.5 * verdict.requests, "the harness did not churn"
    assert verdict.lost == 0
    assert verdict.doubled == 0


@pytest.mark.parametrize("order", ["created_asc", "created_desc"])
def test_what_was_just_served_may_change_at_a_bounded_cost(tmp_path: Path, order: str) -> None:
    case = replace(case_of(0, 6_000), order=order, deleted="soft_hidden", hits="served")
    verdict = verdict_of(tmp_path, case)
    assert verdict.complete, verdict.stderr
    assert verdict.changes >= 2.5 * verdict.requests, "the harness did not churn"
    assert (verdict.lost, verdict.doubled) == (0, 0)
    assert verdict.requests <= 4 * verdict.emitted / 100


def test_twenty_seeds_have_every_kind_of_case() -> None:
    cases = [case_of(seed, 20_000) for seed in range(20)]
    assert {case.distribution for case in cases} == set(DISTRIBUTIONS)
    assert {case.order for case in cases} == set(ORDERS)
    assert {case.has_more for case in cases} == set(HAS_MORE)
    assert {(case.deleted, case.precision) for case in cases} == {
        (deleted, precision)
        for deleted in ("soft_hidden", "soft_listed")
        for precision in ("ms", "s")
    }
