"""Measures a large plan: memory, time and size of the file, and what reading and applying it take.

A sandbox of so many leads; each row of the input changes two fields of one of them. The plan is
made, shown, and applied with dry_run: each by the real command, whose peak memory the system tells.
`python benchmarks/by_hand/bench_plan.py 1000000`
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from chakra_sandbox.launch import start_sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = [sys.executable, "-m", "target_chakra"]


def measured(what: str, folder: Path, words: Sequence[str]) -> None:
    """Run a command, and say what it took."""
    began = time.monotonic()
    with (folder / "said").open("wb") as said:
        running = subprocess.Popen(
            [*COMMAND, "--config", "config.json", *words],
            cwd=folder,
            stdout=said,
            stderr=said,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    print(
        f"{what}: {seconds:.0f} s, CPU {used.ru_utime + used.ru_stime:.0f} s, at most"
        f" {used.ru_maxrss / 1024:.0f} MB, exit code {running.returncode}",
        flush=True,
    )
    if running.returncode:
        print((folder / "said").read_text()[-1500:])


def main() -> None:
    """Measure."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with (
        start_sandbox(["--rows", str(rows), "--tickets", "0", "--orders", "0"]) as sandbox,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        config = {
            "api_key": sandbox.api_key,
            "api_url": sandbox.url,
            "streams": [{"stream": "s", "procedure": "lead", "key": "lead_id"}],
        }
        (folder / "config.json").write_text(json.dumps(config))
        with (folder / "rows.singer").open("w") as out:
            properties = {"lead_id": {}, "score": {}, "name": {}}
            schema = {"type": "SCHEMA", "stream": "s", "schema": {"properties": properties}}
            out.write(json.dumps(schema) + "\n")
            for n in range(1, rows + 1):
                row = {"lead_id": f"L-{n:06d}", "score": 100_000 + n, "name": f"Name {n % 977}"}
                out.write(json.dumps({"type": "RECORD", "stream": "s", "record": row}) + "\n")
        measured("the plan", folder, ["--input", "rows.singer", "--plan", "plan.parquet"])
        size = (folder / "plan.parquet").stat().st_size
        print(f"its file: {size / 1e6:.1f} MB, {size / rows:.0f} bytes per row")
        measured("shown", folder, ["plan", "plan.parquet"])
        (folder / "config.json").write_text(json.dumps({**config, "dry_run": True}))
        measured("applied, dry", folder, ["apply", "plan.parquet"])


if __name__ == "__main__":
    main()
