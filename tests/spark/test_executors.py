"""Executors that are processes of their own die: every row once, both ways.

`on_executors.py` is what happens, in a Spark of its own: there is one in a process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.timeout(900)  # Spark begins here, and executors once more
ROOT = Path(__file__).parent.parent.parent
EACH_ONCE = {"missing": 0, "strange": 0, "twice": 0}
SENT_ONCE = {"times": [1], "others": 0, "left": []}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What came of each scene."""
    program = [sys.executable, "-m", "tests.spark.on_executors"]
    folder = tmp_path_factory.mktemp("executors")
    ran = subprocess.run([*program, folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-5_000:]
    found: Mapping[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_an_executor_that_is_killed_while_it_reads_costs_no_row_and_doubles_none(
    told: Mapping[str, Any],
) -> None:
    assert told["read_while_an_executor_dies"] == {"killed": 1} | EACH_ONCE


def test_rows_of_an_executor_that_is_killed_are_sent_once(told: Mapping[str, Any]) -> None:
    assert told["write_while_an_executor_dies"] == SENT_ONCE
