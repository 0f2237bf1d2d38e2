"""Rows per second that tasks of Spark read, beside one process with the same scan.

    make bench-spark

The sandbox answers in 200 ms. One process reads with 8 readers; then Spark on this machine reads in
1, 2 and 4 tasks, each with 8 readers. Start-up is apart: what is measured is the time from the
first request of a task to the last one, by the sandbox's log; what the driver asks
before is counted beside it. Each way is run several times in turn, and the best of each counts:
what else the machine does only makes it slower. Of that the CPU of sandbox, Spark and Python tells
how much: no way is faster than its CPU by the cores of this machine.

Beside it stands what a model says (`spark_on_paper.py`), and what that says of more tasks than
this machine can run, up to the limit of ChakraHQ.

Prints Markdown tables and writes them to `benchmarks/results/spark.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from pyspark.sql import SparkSession

import chakra_spark
from benchmarks.by_hand.spark_on_paper import on_paper, paper_table
from benchmarks.machine import cpu_seconds
from chakra_sandbox.launch import Sandbox, start_sandbox
from chakra_spark.read_options import parse_read
from chakra_spark.reading.account_source import opened, table_builder
from chakra_spark.reading.piece_rows import piece_tables
from chakra_spark.reading.pieces import Asked, Piece
from chakra_spark.reading.process_reader import ProcessReader

RESULTS = Path(__file__).parent.parent / "results" / "spark.md"
LATENCY_MS = 200
TASKS = (1, 2, 4)
READERS = 8
"""Of a process, at most: few enough that the server is waited for, and not this machine."""
ALONE = "one process, no Spark"
HEAD = (
    "| read by | time | rows/s | ÷ one process | on paper | CPU ÷ cores | requests"
    " | of them ahead | start-up |"
)


class Took(NamedTuple):
    """What a read took; the shortest is the least."""

    seconds: float
    ahead: float
    requests: int
    planned: int
    cpu: float


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--latency", type=int, default=LATENCY_MS)
    given = parser.parse_args()
    knobs = ["--rows", str(given.rows), "--set", f"latency_ms={given.latency}"]
    with start_sandbox(knobs) as sandbox:
        os.environ |= {
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "TAP_CHAKRA_API_KEY": sandbox.api_key,
        }
        spark = _session()
        took: dict[str, list[Took]] = defaultdict(list)
        for _ in range(given.times):
            took[ALONE].append(_alone(sandbox, given.rows))
            for tasks in TASKS:
                name = f"Spark, {tasks} task{'s' if tasks > 1 else ''}"
                took[name].append(_spark(spark, sandbox, tasks))
        spark.stop()
    _tell(given, {name: min(each) for name, each in took.items()})


def _session() -> SparkSession:
    builder = SparkSession.builder.master(f"local[{max(TASKS) + 1}]")
    builder = builder.config("spark.ui.enabled", "false")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    chakra_spark.register(spark)
    return spark


def _alone(sandbox: Sandbox, rows: int) -> Took:
    """What it takes this process to read all rows into Arrow tables."""
    sandbox.forget_requests()
    before = cpu_seconds()
    given = {"procedure": "lead", "api_url": sandbox.url, "concurrency": str(READERS)}
    options = parse_read(given)
    with opened(options) as source:
        procedure = source.procedures[0]
        builder = table_builder(source, procedure, options.nested, source.directory)
        piece = Piece("whole", Asked(), source.known)
        count = sum(each.num_rows for each in piece_tables(source, procedure, piece, builder))
    if count != rows:
        raise SystemExit(f"{count} of {rows} rows arrived")
    return _took(sandbox, 2, before)  # the configuration, and users


def _spark(spark: SparkSession, sandbox: Sandbox, tasks: int) -> Took:
    """What it takes so many tasks to read all rows."""
    reader = spark.read.format("chakra").option("procedure", "lead").option("tasks", str(tasks))
    reader = reader.option("concurrency", str(READERS * tasks))
    planned = _planned(sandbox, tasks)
    sandbox.forget_requests()
    before = cpu_seconds()
    reader.option("api_url", sandbox.url).load().write.format("noop").mode("overwrite").save()
    return _took(sandbox, planned, before)


def _planned(sandbox: Sandbox, tasks: int) -> int:
    """How many requests the driver sends before it hands pieces to tasks."""
    sandbox.forget_requests()
    given = {"procedure": "lead", "tasks": str(tasks), "api_url": sandbox.url}
    options = parse_read({**given, "concurrency": str(READERS * tasks)})
    with opened(options) as source:
        reader = ProcessReader(options, source.config)
    reader.partitions()
    return len(sandbox.requests())


def _took(sandbox: Sandbox, planned: int, cpu_before: float) -> Took:
    """What a read took, by the log: from the first request behind a plan to the last one."""
    cpu = cpu_seconds() - cpu_before
    times = [each["at_ms"] for each in sandbox.requests()]
    ahead, rest = times[:planned], times[planned:]
    seconds = (max(rest) - min(rest)) / 1000
    return Took(seconds, (min(rest) - min((*ahead, *rest))) / 1000, len(times), planned, cpu)


def _tell(given: argparse.Namespace, best: dict[str, Took]) -> None:
    cores, rows, alone = os.cpu_count() or 1, given.rows, best[ALONE]
    answer = alone.seconds * READERS / alone.requests
    lines = [HEAD, "|---" * (HEAD.count("|") - 1) + "|"]
    for tasks, (name, took) in zip((0, *TASKS), best.items(), strict=True):
        paper = f"{on_paper(rows, tasks, READERS).seconds(answer):.1f} s" if tasks > 1 else ""
        lines.append(
            f"| {name} | {took.seconds:.1f} s | {rows / took.seconds:,.0f} |"
            f" {alone.seconds / took.seconds:.2f} | {paper} | {took.cpu / cores:.1f} s |"
            f" {took.requests:,} | {took.planned:,} | {took.ahead:.1f} s |"
        )
    about = (
        f"{rows:,} rows; {cores} cores for sandbox, Spark and all else; answers in"
        f" {given.latency} ms, which took {answer * 1000:.0f} ms there."
    )
    table, paper = "\n".join(lines), paper_table(given.latency / 1000)
    text = f"# Reading with Spark\n\n{about}\n\n{table}\n\n{paper}"
    print(text)
    RESULTS.write_text(f"{text}\n")


if __name__ == "__main__":
    main()
