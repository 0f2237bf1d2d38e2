"""A program: reads and writes on executors that are processes of their own, and kills some.

    python -m tests.spark.on_executors FOLDER

What is done is in `SCENES`, and what came of each is printed as one object of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyspark
from pyspark import TaskContext
from pyspark.sql import SparkSession

import chakra_spark
from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.spark.accounts import KEY, leads, living
from tests.spark.processes import children, parent_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROWS = 4_400
WRITTEN = 60
PARTS = 4
READING = 30
"""Requests for pages after which pieces are being read."""


def session(folder: Path) -> SparkSession:
    """Two executors of a core each, on this machine."""
    home = folder / "spark"  # executors leave their logs in the home of Spark
    home.mkdir()
    for each in Path(pyspark.__file__).parent.iterdir():
        (home / each.name).symlink_to(each)
    os.environ |= {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_HOME": str(home),
        "TAP_CHAKRA_API_KEY": KEY,
        "TARGET_CHAKRA_API_KEY": KEY,
        "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
    }
    spark = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.executor.memory", "512m")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    chakra_spark.register(spark)
    return spark


def kill_an_executor(spark: SparkSession) -> int:
    """Kill one of the executors; which one it was."""
    driver = spark.sparkContext._gateway.proc.pid  # noqa: SLF001 - who started Spark
    of_java = [driver, *children(driver)]
    executors = [
        each
        for parent in of_java
        for each in children(parent)
        if b"CoarseGrainedExecutorBackend" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]
    os.kill(executors[-1], signal.SIGKILL)
    return executors[-1]


def read_while_an_executor_dies(spark: SparkSession, sandbox: Sandbox, _: Path) -> dict[str, Any]:
    """Pieces are read by the executor that is left, and by the one that comes after."""
    table = leads(spark, sandbox, tasks=str(PARTS), concurrency="4").select("id")
    sandbox.knobs(latency_ms=300)
    sandbox.forget_requests()
    killed: list[int] = []

    def kill() -> None:
        while sum('"limit": 100' in json.dumps(x["body"]) for x in sandbox.requests()) < READING:
            time.sleep(0.1)
        killed.append(kill_an_executor(spark))

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    ids = [row.id for row in table.collect()]
    sandbox.knobs(latency_ms=0)
    return {"killed": len(killed), **compared(ids, sandbox)}


def write_while_an_executor_dies(
    spark: SparkSession, sandbox: Sandbox, folder: Path
) -> dict[str, Any]:
    """A task kills the executor that it runs on, behind its last row.

    Its rows have no key, by which they would be known again.
    """
    numbers = spark.sparkContext.parallelize([(n,) for n in range(WRITTEN)], PARTS)
    return written(spark, sandbox, folder, numbers.mapPartitions(deadly))


def deadly(rows: Iterable[Any]) -> Iterator[Any]:
    """Rows, and the end of the executor behind the first attempt of the first task."""
    task = TaskContext.get()
    assert task is not None
    yield from ((row[0], task.attemptNumber()) for row in rows)
    if not task.partitionId() and not task.attemptNumber():
        os.kill(parent_of(os.getppid()), signal.SIGKILL)  # the parent is a daemon of Python


def written(spark: SparkSession, sandbox: Sandbox, folder: Path, rows: Any) -> dict[str, Any]:
    """What became of rows: how often each is held."""
    before = Counter(score_of(each) for each in sandbox.oracle())
    table = spark.createDataFrame(rows, "score long, attempt long")
    mapping = {"procedure": "lead", "mode": "insert", "fields": {"score": "data.score"}}
    table.write.format("chakra").options(
        api_url=sandbox.url,
        journal=f"sqlite:///{folder / 'journal.db'}",
        staging=str(folder / "staging"),
        mapping=json.dumps(mapping),
    ).mode("append").save()
    came = Counter(score_of(each) for each in sandbox.oracle())
    came.subtract(before)
    return {
        "times": sorted({came[n] for n in range(WRITTEN)}),
        "others": sum(count for score, count in came.items() if score not in range(WRITTEN)),
        "left": [each.name for each in (folder / "staging").rglob("*") if each.is_file()],
    }


def score_of(row: Any) -> Any:
    """The score of a row, as the sandbox holds it."""
    return row.data.get("score")


def compared(ids: list[str], sandbox: Sandbox) -> dict[str, int]:
    """Rows beside those that there are."""
    there = set(living(sandbox))
    return {
        "missing": len(there - set(ids)),
        "strange": len(set(ids) - there),
        "twice": len(ids) - len(set(ids)),
    }


SCENES = (
    read_while_an_executor_dies,
    write_while_an_executor_dies,
)


def main() -> None:
    """Play all scenes."""
    folder = Path(sys.argv[1])
    with start_sandbox(["--rows", str(ROWS), "--api-key", KEY]) as sandbox:
        sandbox.knobs(job_duration_ms=50)
        spark = session(folder)
        told = {}
        for scene in SCENES:
            began = time.monotonic()
            told[scene.__name__] = scene(spark, sandbox, folder)
            seconds = time.monotonic() - began
            sys.stderr.write(f"{scene.__name__} {told[scene.__name__]} {seconds:.0f} s\n")
        spark.stop()
    sys.stdout.write(f"{json.dumps(told)}\n")


if __name__ == "__main__":
    main()
