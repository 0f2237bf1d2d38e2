"""Runs the demo of Apache Spark: `make demo-spark`.

Starts a sandbox with 20,000 leads and a Spark on this machine, reads the leads in four tasks,
computes scores in SQL, and writes them back. Then all of it once more: the second time nothing is
written. Everything it starts is ended with it; the journal stays, to look into.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

import chakra_spark
from chakra_sandbox.launch import SandboxError, start_sandbox
from demo.pipeline import ROOT, DemoError, check, shown
from target_chakra.history.reports import Reports

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from chakra_sandbox.launch import Sandbox

LEADS = 20_000
TASKS = 4
OUTPUT = ROOT / "output" / "demo-spark"
JOURNAL = f"sqlite:///{OUTPUT / 'journal.db'}"
MAPPING = {"procedure": "lead", "mode": "update", "key": "lead_id"}
MODEL = """
select data.lead_id as lead_id,
       least(100, cast(40 + 8 * coalesce(data.rating, 0)
                       + if(data.is_hot, 20, 0) as bigint)) as score,
       'scored by Spark' as remarks
from leads
where status = 'OPEN' and data.lead_id is not null
order by data.lead_id
limit 3000
"""


def main() -> int:
    """Run the demo; the exit code."""
    began = time.monotonic()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    try:
        with start_sandbox(["--rows", str(LEADS)]) as sandbox:
            _demo(sandbox)
    except (DemoError, SandboxError, PySparkException) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything that was started is ended.", file=sys.stderr)
        return 130
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look around: {shown(OUTPUT)}")
    return 0


def _demo(sandbox: Sandbox) -> None:
    print(f"1. A sandbox ChakraHQ with {LEADS:,} leads listens on {sandbox.url}")
    spark = _session(sandbox)
    try:
        print(f"2. Spark {spark.version}: ChakraHQ → leads, in {TASKS} tasks ...", flush=True)
        _read(spark, sandbox)
        print("3. SQL: a score for each open lead; Spark → ChakraHQ ...", flush=True)
        first = _write(spark.sql(MODEL), sandbox)
        check(first.get("updated"), f"nothing was updated: {first}")
        print("4. All of it again: read, model, write ...", flush=True)
        _read(spark, sandbox)
        again = _write(spark.sql(MODEL), sandbox)
        check(set(again) == {"unchanged"}, f"the second run did {again}")
        print("   0 writes: ChakraHQ agrees already.")
    finally:
        spark.stop()


def _session(sandbox: Sandbox) -> SparkSession:
    """A Spark whose processes find the key in their environment, as on a cluster."""
    os.environ |= {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TAP_CHAKRA_API_KEY": sandbox.api_key,
        "TARGET_CHAKRA_API_KEY": sandbox.api_key,
    }
    builder = SparkSession.builder.master(f"local[{TASKS}]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    chakra_spark.register(spark)
    return spark


def _read(spark: SparkSession, sandbox: Sandbox) -> None:
    """ChakraHQ to a view that holds its rows."""
    began = time.monotonic()
    reader = spark.read.format("chakra").option("procedure", "lead").option("tasks", str(TASKS))
    leads = reader.option("api_url", sandbox.url).load().cache()
    count = leads.count()
    check(count == LEADS, f"{count} of {LEADS} leads arrived")
    leads.createOrReplaceTempView("leads")
    print(f"   {count:,} leads in {time.monotonic() - began:.1f} s")


def _write(scores: DataFrame, sandbox: Sandbox) -> dict[str, int]:
    """The scores to ChakraHQ; outcomes that are not zero."""
    writer = scores.write.format("chakra").option("mapping", json.dumps(MAPPING))
    writer.option("api_url", sandbox.url).option("journal", JOURNAL).mode("append").save()
    reports = Reports(JOURNAL)
    *_, last = reports.runs()
    reports.close()
    outcomes = last.receipt["outcomes"]
    assert isinstance(outcomes, dict)  # noqa: S101 - a receipt's
    said = {what: count for what, count in outcomes.items() if count}
    told = ", ".join(f"{count:,} {what}" for what, count in said.items())
    print(f"   receipt of run {last.id}: {last.receipt['rows_in']:,} rows in = {told}")
    return said


if __name__ == "__main__":
    sys.exit(main())
