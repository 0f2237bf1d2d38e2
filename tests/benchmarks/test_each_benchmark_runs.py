"""Each benchmark that is run by hand, over a few rows: what nobody runs for months still works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parent.parent.parent
SMALL: Final[Mapping[str, Sequence[str]]] = {
    "bench_dlt": ("--rows", "2000", "--many", "3000"),
    "bench_dlt_write": ("--rows", "400", "--times", "1"),
    "bench_large_rows": ("--large", "1", "--small", "100"),
    "bench_plan": ("500",),
    "bench_readers": ("--rows", "2000", "--turns", "1", "--latencies", "0"),
    "bench_scan": ("--rows", "2000"),
    "bench_sync": ("--rows", "2000"),
    "bench_target": ("--rows", "2000", "--sandbox-rows", "500"),
    "bench_undo": ("--rows", "200"),
    "bench_webhooks": ("--seconds", "0.5"),
    # Kills take their three minutes whatever the rows: they are left to `make bench-target`.
    "bench_write": ("--rows", "100", "--turns", "1", "--sections", "cost", "bad"),
}
"""What each is given, to be done in seconds."""
ELSEWHERE: Final = frozenset({"bench_spark"})
"""Wants a JVM: `make bench-spark`."""


@pytest.fixture
def benchmarks(tmp_path: Path) -> Path:
    """A copy of the benchmarks: what they write down lies beside them."""
    without = shutil.ignore_patterns("results", "__pycache__")
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks", ignore=without)
    (tmp_path / "benchmarks" / "results").mkdir()
    return tmp_path / "benchmarks"


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_measures(benchmarks: Path, name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(benchmarks / "by_hand" / f"{name}.py"), *SMALL[name]],
        cwd=benchmarks.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    # 1 says that a figure misses its target, and so does Python where a script fails.
    assert done.returncode in {0, 1}, done.stderr[-3000:]
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    written = [path.read_text() for path in (benchmarks / "results").glob("*.md")]
    assert any(character.isdigit() for character in "".join([done.stdout, *written]))


def test_no_benchmark_is_left_out() -> None:
    scripts = {path.stem for path in (ROOT / "benchmarks" / "by_hand").glob("bench_*.py")}
    assert scripts == SMALL.keys() | ELSEWHERE
