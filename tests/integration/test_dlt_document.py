"""The programs of docs/dlt.md run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from chakra_sandbox.launch import Sandbox, start_sandbox

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "dlt.md"


def programs() -> dict[str, str]:
    """The programs, by the heading that they stand under."""
    text = DOCUMENT.read_text()
    found = re.findall(r"^##+ (.+?)$|^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    heading, named = "", {}
    for title, program in found:
        heading = title or heading
        if program:
            named[heading] = program
    return named


def run(folder: Path, sandbox: Sandbox, program: str, *, fails: bool = False) -> str:
    environment = {
        **os.environ,
        "SOURCES__CHAKRA__API_KEY": sandbox.api_key,
        "SOURCES__CHAKRA__API_URL": sandbox.url,
        "DESTINATION__CHAKRA__API_KEY": sandbox.api_key,
        "DESTINATION__CHAKRA__API_URL": sandbox.url,
        "DLT_DATA_DIR": str(folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stderr if fails else done.stdout


def test_both_ways_and_back_again(tmp_path: Path) -> None:
    named = programs()
    kinds = "Tasks, messages, photos and names"
    assert named.keys() == {"Read", "Long scans", "When a resource fails", "Write back", kinds}
    assert all(len(each.splitlines()) <= 11 for each in named.values())
    with start_sandbox(["--rows", "1000"]) as sandbox:
        (tmp_path / "long").mkdir()
        run(tmp_path / "long", sandbox, named["Long scans"])
        assert "contains no failed jobs" in run(tmp_path, sandbox, named["Read"])
        written = run(tmp_path, sandbox, named["Write back"])
        assert re.search(r"'updated': \d+", written), written
        assert "'rejected': 0" in written
        again = run(tmp_path, sandbox, named["Write back"])
        assert "'created': 10" in run(tmp_path, sandbox, named[kinds])
        assert "'unchanged': 10" in run(tmp_path, sandbox, named[kinds])
        assert len({task["process"] for task in sandbox.arrived("tasks")}) == 10
        assert len(sandbox.arrived("tasks")) == 10
        (tmp_path / "failing").mkdir()
        broken = {"kind": "500", "probability": 1.0, "match": "procedure/ticket"}
        sandbox.knobs(faults=[broken])
        told = run(tmp_path / "failing", sandbox, named["When a resource fails"], fails=True)
        assert "Resources failed, the others are loaded (process_ticket)" in told
    assert "'updated': 0" in again
    assert "'unchanged': 100" in again
