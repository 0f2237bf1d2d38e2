"""Promise: memory is flat, also in what a row weighs.

A hundred rows of a megabyte are read in little more memory than two thousand small ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from chakra_sandbox.launch import start_sandbox
from tests.support.tap_process import COMMAND, environment

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1 << 20
LARGE_ROWS = 100
MOST_MORE_MB = 130
"""More than a run of small rows needs; pages of a hundred large ones needed several hundred."""

MEASURED = """
import json, resource, subprocess, sys
out = sys.argv.pop()
done = subprocess.run(sys.argv[1:], stdout=open(out, "wb"), stderr=subprocess.PIPE)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([done.returncode, peak, done.stderr.decode()[-3000:]]))
"""
"""Runs a command, its output in a file: in a process of its own, whose only child it is."""


def served(folder: Path, size: int, count: int) -> list[str]:
    path = folder / f"{size}.jsonl"
    with path.open("w") as file:
        for number in range(count):
            at = 1_700_000_000_000 + number * 997_000
            text = (f"{number:08d} lorem " * (size // 15 + 1))[:size]
            row = {"key": f"k{number}", "createdAt": at, "updatedAt": at + 5, "text": text}
            file.write(json.dumps(row) + "\n")
    columns = ["--created-column", "createdAt", "--updated-column", "updatedAt"]
    return ["--load", str(path), "--procedure", "doc", "--key", "key", *columns]


def read(folder: Path, size: int, count: int) -> float:
    """Megabytes at the peak of a run that reads so many rows of that size."""
    with start_sandbox(served(folder, size, count)) as sandbox:
        settings = {"procedures": ["doc"], "second_process_from": 0}
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url, **settings}
        path, out = folder / "config.json", folder / "out.jsonl"
        path.write_text(json.dumps(config))
        command = [*COMMAND, "--config", str(path)]
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *command, str(out)],
            capture_output=True,
            text=True,
            check=True,
            env=environment(),
        )
    code, peak, said = json.loads(done.stdout)
    assert code == 0, said
    with out.open("rb") as lines:
        rows = [json.loads(line) for line in lines if b'"stream":"process_doc"' in line[:60]]
    keys = {row["record"]["data"]["key"] for row in rows if row["type"] == "RECORD"}
    assert len(keys) == count, "all rows came"
    return float(peak) / 1024


def test_rows_of_a_megabyte_need_little_more_than_small_ones(tmp_path: Path) -> None:
    small = read(tmp_path, 100, 2_000)
    large = read(tmp_path, MEGABYTE, LARGE_ROWS)
    assert large - small < MOST_MORE_MB
