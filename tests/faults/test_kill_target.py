"""A fixed slice of the kill campaign; `make kill` runs all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.faults.campaign import POINTS, Case, run_case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "20000"]) as running:
        yield running


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_and_the_next_one_write_every_row_exactly_once(
    shared: Sandbox, tmp_path: Path, point: str
) -> None:
    verdict = run_case(shared, tmp_path, Case(900 + POINTS.index(point), point))
    assert verdict.faults == []
