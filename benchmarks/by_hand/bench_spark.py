"""Rows per second that tasks of Spark read, beside one process with the same scan.

    make bench-spark

The sandbox answers in 200 ms. One process reads with 8 readers; then Spark on this machine reads in
1, 2 and 4 tasks, each with 8 readers. Start-up is apart: what is measured is the time
from the first request of a task to the last answer, by the sandbox's log; what the driver asks
before is counted beside it. Each way is run several times in turn, and the best of each counts:
what else the machine does only makes it slower.

Prints a Markdown table and writes it to `benchmarks/results/spark.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import SparkSession

import chakra_spark
from chakra_sandbox.launch import Sandbox, start_sandbox
from chakra_spark.read_options import parse_read
from chakra_spark.reading.account_source import opened, table_builder
from chakra_spark.reading.piece_rows import piece_tables
from chakra_spark.reading.pieces import Asked, Piece

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RESULTS = Path(__file__).parent.parent / "results" / "spark.md"
LATENCY_MS = 200
TASKS = (1, 2, 4)
READERS = 8
"""Of a process, at most: few enough that the server is waited for, and not this machine."""
ALONE = "one process, no Spark"
HEAD = "| read by | rows | time | rows/s | ÷ one process | requests | of them the driver's |"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    with start_sandbox(["--rows", str(given.rows), "--set", f"latency_ms={LATENCY_MS}"]) as sandbox:
        os.environ |= {
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "TAP_CHAKRA_API_KEY": sandbox.api_key,
        }
        spark = _session()
        seconds: dict[str, list[float]] = defaultdict(list)
        asked: dict[str, tuple[int, int]] = {}
        for _ in range(given.times):
            seconds[ALONE].append(_alone(sandbox, given.rows))
            asked[ALONE] = (len(sandbox.requests()), 0)
            for tasks in TASKS:
                name = f"Spark, {tasks} task{'s' if tasks > 1 else ''}"
                took, planned = _spark(spark, sandbox, tasks)
                seconds[name].append(took)
                asked[name] = (len(sandbox.requests()), planned)
        spark.stop()
    _tell(given.rows, {name: min(each) for name, each in seconds.items()}, asked)


def _session() -> SparkSession:
    builder = SparkSession.builder.master(f"local[{max(TASKS) + 1}]")
    builder = builder.config("spark.ui.enabled", "false")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    chakra_spark.register(spark)
    return spark


def _alone(sandbox: Sandbox, rows: int) -> float:
    """Seconds in which this process reads all rows into Arrow tables."""
    sandbox.forget_requests()
    given = {"procedure": "lead", "api_url": sandbox.url, "concurrency": str(READERS)}
    options = parse_read(given)
    with opened(options) as source:
        procedure = source.procedures[0]
        builder = table_builder(source, procedure, options.nested, source.directory)
        piece = Piece("whole", Asked(), source.known)
        count = sum(each.num_rows for each in piece_tables(source, procedure, piece, builder))
    if count != rows:
        raise SystemExit(f"{count} of {rows} rows arrived")
    return _span(sandbox, 0)


def _spark(spark: SparkSession, sandbox: Sandbox, tasks: int) -> tuple[float, int]:
    """Seconds in which so many tasks read all rows, and the requests of the driver before."""
    reader = spark.read.format("chakra").option("procedure", "lead").option("tasks", str(tasks))
    reader = reader.option("api_url", sandbox.url).option("concurrency", str(READERS * tasks))
    sandbox.forget_requests()
    _plan(reader.load())
    planned = len(sandbox.requests())
    sandbox.forget_requests()
    reader.load().write.format("noop").mode("overwrite").save()
    return _span(sandbox, planned), planned


def _plan(table: DataFrame) -> None:
    """Have a query planned, and not carried out."""
    table._jdf.queryExecution().executedPlan().toString()  # noqa: SLF001 - `explain` prints


def _span(sandbox: Sandbox, planned: int) -> float:
    """Seconds from the first request for rows, behind those of a plan, to the last answer."""
    times = [
        each["at_ms"] for each in sandbox.requests()[planned:] if each["path"].endswith("/list")
    ]
    return (max(times) - min(times) + LATENCY_MS) / 1000


def _tell(rows: int, seconds: dict[str, float], asked: dict[str, tuple[int, int]]) -> None:
    lines = [HEAD, "|---" * HEAD.count("|", 1) + "|"]
    for name, took in seconds.items():
        ratio = seconds[ALONE] / took
        requests, planned = asked[name]
        lines.append(
            f"| {name} | {rows:,} | {took:.1f} s | {rows / took:,.0f} | {ratio:.2f} |"
            f" {requests:,} | {planned:,} |"
        )
    text = "\n".join(lines)
    print(text)
    about = f"{os.cpu_count()} cores for sandbox, Spark and all else; answers in {LATENCY_MS} ms."
    RESULTS.write_text(f"# Reading with Spark\n\n{about}\n\n{text}\n")


if __name__ == "__main__":
    main()
