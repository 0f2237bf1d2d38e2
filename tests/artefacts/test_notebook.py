"""The notebook's results are what its cells print."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.artefacts.dockerfile import ROOT
from tests.artefacts.notebook import cells, results

if TYPE_CHECKING:
    from pathlib import Path


def test_each_cell_prints_what_stands_under_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.artefacts.notebook", "--say"],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [results(cell) for cell in cells()]
    assert sum(bool(results(cell)) for cell in cells()) >= 4


def test_its_cells_have_run_in_their_order_and_hold_no_traceback() -> None:
    assert [cell["execution_count"] for cell in cells()] == list(range(1, len(cells()) + 1))
    kinds = {output["output_type"] for cell in cells() for output in cell["outputs"]}
    assert kinds == {"stream"}
