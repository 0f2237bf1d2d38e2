"""Runs dlt pipelines over the sandbox, in this process or as a program that may be killed.

python tests/support/dlt_runs.py '{"folder": …, "url": …, "key": …, "die": ["Load", 3]}'
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.runtime.collector import DictCollector

from tap_chakra.dlt_source import chakra_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_sandbox.launch import Sandbox

DATASET = "chakra"


class Dies(DictCollector):
    """Kills its own process in the middle of a step, after so many updates of its progress."""

    def __init__(self, step: str, after: int) -> None:
        super().__init__()
        self._step, self._left = step, after

    def update(self, name: str, inc: int = 1, *args: Any, **options: Any) -> None:
        super().update(name, inc, *args, **options)
        if self.step and self.step.startswith(self._step):
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)


def warehouse(folder: Path) -> Path:
    return folder / "warehouse.duckdb"


def pipeline(folder: Path, destination: Any = None, **options: Any) -> dlt.Pipeline:
    """A pipeline of its own, into a DuckDB in the folder if nothing else is said."""
    return dlt.pipeline(
        options.pop("name", "chakra_test"),
        destination=destination or dlt.destinations.duckdb(str(warehouse(folder))),
        dataset_name=options.pop("dataset_name", DATASET),
        pipelines_dir=str(folder / "pipelines"),
        **options,
    )


def source(sandbox: Sandbox, *resources: str, **settings: Any) -> Any:
    """The source over a sandbox, with just these resources; leads alone by default."""
    made = chakra_source(api_key=sandbox.api_key, api_url=sandbox.url, **settings)
    return made.with_resources(*(resources or ("process_lead",)))


def ask(target: dlt.Pipeline, question: str) -> list[tuple[Any, ...]]:
    """The rows that a question to the warehouse brings."""
    with target.sql_client() as client, client.execute_query(question) as cursor:
        return list(cursor.fetchall())


def loaded(target: dlt.Pipeline) -> Mapping[str, int]:
    """Rows by table, as the last run brought them."""
    info = target.last_trace.last_normalize_info
    assert info is not None
    return {name: count for name, count in info.row_counts.items() if not name.startswith("_dlt")}


def run_program(folder: Path, sandbox: Sandbox, **more: Any) -> subprocess.Popen[str]:
    """The program below, begun."""
    spec = {"folder": str(folder), "url": sandbox.url, "key": sandbox.api_key, **more}
    return subprocess.Popen(
        [sys.executable, __file__, json.dumps(spec)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main() -> None:
    """Load leads once, and die where that is asked for."""
    spec = json.loads(sys.argv[1])
    progress = Dies(*spec["die"]) if "die" in spec else None
    target = pipeline(Path(spec["folder"]), name=spec.get("name", "chakra_test"), progress=progress)
    made = chakra_source(api_key=spec["key"], api_url=spec["url"], **spec.get("settings", {}))
    target.run(made.with_resources("process_lead"))


if __name__ == "__main__":
    main()
