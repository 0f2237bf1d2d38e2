"""Runs the cells of the notebook in their order, as Jupyter would.

python -m tests.artefacts.notebook: writes what they print into the notebook, as its results.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

NOTEBOOK: Final = Path(__file__).parent.parent.parent / "examples" / "notebook" / "leads.ipynb"


def cells() -> list[dict[str, Any]]:
    """The cells of the notebook that hold code."""
    held = json.loads(NOTEBOOK.read_text())["cells"]
    return [cell for cell in held if cell["cell_type"] == "code"]


def results(cell: dict[str, Any]) -> str:
    """What a cell printed when the notebook was written."""
    return "".join(line for output in cell["outputs"] for line in output["text"])


def printed() -> list[str]:
    """Run the cells in the current folder; what each prints."""
    names: dict[str, Any] = {"__name__": "__main__"}
    found = []
    for number, cell in enumerate(cells(), 1):
        code = compile("".join(cell["source"]), f"cell {number}", "exec")
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(code, names)  # noqa: S102 - our own notebook
        found.append(output.getvalue())
    return found


def main() -> None:
    """Write the results into the notebook, or say them as JSON."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    said = sys.stdout
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        made = printed()
    if "--say" in sys.argv:
        said.write(json.dumps(made))
        return
    notebook = json.loads(NOTEBOOK.read_text())
    codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, (cell, text) in enumerate(zip(codes, made, strict=True), 1):
        lines = text.splitlines(keepends=True)
        stream = {"name": "stdout", "output_type": "stream", "text": lines}
        cell["outputs"] = [stream] if lines else []
        cell["execution_count"] = number
    NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
