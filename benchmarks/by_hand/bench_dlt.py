"""Rows per second from the sandbox into DuckDB through dlt, end to end, by what the source yields.

    python benchmarks/by_hand/bench_dlt.py --rows 100000 --many 1000000

- *Arrow*: `chakra_source`.
- *dicts*: the same scan, typed row by row, yielding lists of dicts.
- *rest_api*: dlt's own declarative source over the same endpoint, paging by offset.

Each runs in a process of its own into an empty DuckDB, latency 0: extract, normalize and load,
the rows that arrive counted. Dicts are loaded as dlt loads them by default, by INSERT statements,
and once more as parquet files, which is how Arrow tables travel. CPU counts the source's second
process, too; memory is that of the first one (the second takes about 130 MB).

Prints a Markdown table and writes it to
`benchmarks/results/dlt.md`. The sandbox runs on the same cores: its share of the CPU is a column.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chakra_sandbox.launch import Sandbox, start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent.parent / "results" / "dlt.md"
CONCURRENCY = 8
TABLE_ROWS = 10_000
HEAD = (
    "| source | rows | time | rows/s | extract | normalize | load | CPU per row |"
    " peak memory of extract | with DuckDB's load | sandbox's CPU |\n" + "|---" * 11 + "|"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One load, as measured."""

    source: str
    rows: int
    seconds: float
    steps: dict[str, float]
    cpu: float
    extract_mb: float
    peak_mb: float
    sandbox_cpu: float

    @property
    def speed(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds

    @property
    def per_row(self) -> float:
        """Microseconds of CPU per row."""
        return self.cpu / self.rows * 1e6

    def row(self) -> str:
        """The run as a row of the table."""
        steps = " | ".join(f"{self.steps[name]:.1f} s" for name in ("extract", "normalize", "load"))
        return (
            f"| {self.source} | {self.rows:,} | {self.seconds:.1f} s | {self.speed:,.0f} |"
            f" {steps} | {self.per_row:.0f} µs | {self.extract_mb:.0f} MB | {self.peak_mb:.0f} MB |"
            f" {self.sandbox_cpu / self.seconds:.0%} |"
        )


def arrow(sandbox: dict[str, str]) -> Any:
    """What the project ships."""
    from tap_chakra.dlt_source import chakra_source

    made = chakra_source(sandbox["key"], api_url=sandbox["url"], concurrency=CONCURRENCY)
    return made.with_resources("process_lead")


def dicts(sandbox: dict[str, str]) -> Any:
    """The same scan and types, a dict a row."""
    import dlt

    from chakra_api.clock import SystemClock
    from tap_chakra.records.row_typer import compile_row
    from tap_chakra.run.bookmark import Bookmark
    from tap_chakra.run.resume import Beside
    from tap_chakra.run.source import Source
    from tap_chakra.settings import parse_settings

    config = {"api_key": sandbox["key"], "api_url": sandbox["url"], "concurrency": CONCURRENCY}

    def leads() -> Iterator[list[dict[str, object]]]:
        clock = SystemClock()
        settings = parse_settings(config, now=int(clock.now() * 1000), user_agent="bench")
        source = Source(settings, clock)
        lead = source.account.procedure("lead")
        typer = compile_row(lead, source.directory)
        run = source.procedure_run(lead, Bookmark(), full_table=False, beside=Beside())
        run.open()
        held: list[dict[str, object]] = []
        for delivery in run.deliveries():
            held += map(typer, delivery.rows)
            if len(held) >= TABLE_ROWS:
                yield held
                held = []
        yield held
        source.close()

    @dlt.source(name="dicts", max_table_nesting=0)
    def made() -> Any:
        return dlt.resource(leads, name="process_lead", primary_key="id", write_disposition="merge")

    return made()


def rest_api(sandbox: dict[str, str]) -> Any:
    """What dlt itself ships, over the same endpoint."""
    from dlt.sources.helpers.rest_client.paginators import OffsetPaginator
    from dlt.sources.rest_api import rest_api_source

    made = rest_api_source(
        {
            "client": {
                "base_url": sandbox["url"],
                "auth": {"type": "bearer", "token": sandbox["key"]},
            },
            "resources": [
                {
                    "name": "process_lead",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "max_table_nesting": 0,
                    "endpoint": {
                        "path": "/v1/ext/procedure/lead/process/list",
                        "method": "POST",
                        "json": {"where": {}, "skip": 0, "limit": 100},
                        "data_selector": "_data",
                        "paginator": OffsetPaginator(
                            limit=100,
                            offset_body_path="skip",
                            limit_body_path="limit",
                            total_path=None,
                        ),
                    },
                }
            ],
        },
        name="rest",
    )
    return made.with_resources("process_lead")


SOURCES = {"Arrow": arrow, "dicts": dicts, "rest_api": rest_api}
OTHERS = ("dicts", "dicts, as parquet", "rest_api", "rest_api, as parquet")


def child(spec: dict[str, str]) -> None:
    """Load once; print what it took."""
    import dlt

    name, _, file_format = spec["source"].partition(", as ")

    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(str(Path(spec["folder"], "warehouse.duckdb"))),
        dataset_name="bench",
        pipelines_dir=spec["folder"],
    )
    source = SOURCES[name](spec)
    began, cpu = time.monotonic(), cpu_seconds()
    steps: dict[str, float] = {}
    peaks: list[float] = []
    for step_name, step in (
        ("extract", lambda: pipeline.extract(source, loader_file_format=file_format or None)),
        ("normalize", pipeline.normalize),
        ("load", pipeline.load),
    ):
        at = time.monotonic()
        step()
        steps[step_name] = time.monotonic() - at
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    seconds, cpu = time.monotonic() - began, cpu_seconds() - cpu
    with (
        pipeline.sql_client() as client,
        client.execute_query("select count(distinct id) from process_lead") as cursor,
    ):
        (rows,) = cursor.fetchone()
    took = {"rows": rows, "seconds": seconds, "steps": steps, "cpu": cpu}
    print(json.dumps(took | {"extract_mb": peaks[0], "peak_mb": peaks[-1]}))


def cpu_seconds() -> float:
    """CPU time of this process, all threads, and of those that it started and that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(sandbox: Sandbox, source: str) -> Run:
    """Load once in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        spec = {"folder": folder, "source": source, "url": sandbox.url, "key": sandbox.api_key}
        before = sandbox.stats()["cpu_seconds"]
        done = subprocess.run(
            [sys.executable, __file__, "--child", json.dumps(spec)],
            env={**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false"},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        spent = sandbox.stats()["cpu_seconds"] - before
    return Run(source, sandbox_cpu=spent, **json.loads(done.stdout.splitlines()[-1]))


def verdict(runs: list[Run]) -> str:
    """The figures that the table stands for."""
    by_source = {run.source: run for run in reversed(runs)}
    ours = by_source["Arrow"]
    lines = [
        f"- Arrow is {ours.speed / by_source[name].speed:.1f} times as fast as {name};"
        f" {by_source[name].per_row / ours.per_row:.1f} times less CPU."
        for name in OTHERS
        if name in by_source
    ]
    many = max((run for run in runs if run.source == "Arrow"), key=lambda run: run.rows)
    if many.rows > ours.rows:
        lines.append(
            f"- With {many.rows / ours.rows:.0f} times the rows it takes"
            f" {many.extract_mb / ours.extract_mb:.2f} times the memory to extract."
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--many", type=int, default=1_000_000, help="rows to see if memory is flat")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return
    runs: list[Run] = []
    print(HEAD)
    for rows, sources in ((options.rows, ("Arrow", *OTHERS)), (options.many, ("Arrow",))):
        if not rows:
            continue
        with start_sandbox(["--rows", str(rows)]) as sandbox:
            for source in sources:
                runs.append(measure(sandbox, source))
                print(runs[-1].row(), flush=True)
    said = verdict(runs)
    print(f"\n{said}")
    table = "\n".join([HEAD, *(run.row() for run in runs)])
    doc = (__doc__ or "").split("\n\n", 2)[2]
    RESULTS.parent.mkdir(exist_ok=True)
    cores = f"{os.cpu_count()} cores, latency 0, concurrency {CONCURRENCY}."
    RESULTS.write_text(f"# Into DuckDB through dlt\n\n{doc}\n{cores}\n\n{table}\n\n{said}\n")


if __name__ == "__main__":
    main()
