"""A real Spark reads the sandbox: every row and value once, or the query fails."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql.datasource import DataSourceReader

import chakra_spark
from chakra_sandbox.launch import start_sandbox
from chakra_spark import PUSHDOWN
from chakra_spark.data_source import ChakraDataSource
from tests.spark.accounts import KEY, SALT, leads, living
from tests.spark.processes import children

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from chakra_sandbox.launch import Sandbox

PLANNED = 40
"""Requests after which a plan is made, and pieces are being read."""


def test_every_row_and_value_arrives(spark: SparkSession, account: Sandbox) -> None:
    table = leads(spark, account)
    alive = living(account)
    held = table.select("id", "createdAt", "data.lead_id", "data.city", "data.score", "_extra_data")
    assert held.rdd.getNumPartitions() == 4
    rows = held.collect()
    assert sorted(row.id for row in rows) == sorted(alive)
    for row in rows:
        data = alive[row.id].data
        assert (row.lead_id, row.city) == (data.get("lead_id"), data.get("city"))
        extra = json.loads(row["_extra_data"] or "{}").get("data", {})
        assert str(extra.get("score", row.score)) == str(data.get("score"))
        assert round(row.createdAt.timestamp() * 1000) == alive[row.id].row["createdAt"]


def test_pieces_are_read_by_tasks_that_ask_for_nothing_twice(
    spark: SparkSession, account: Sandbox
) -> None:
    table = leads(spark, account)
    account.forget_requests()
    assert table.count() == len(living(account))
    asked = [each["body"] for each in account.requests() if each["body"]]
    whole = [body for body in asked if not body.get("where") and body.get("limit") == 100]
    assert len(whole) <= 4  # the look of the driver, and those for rows without a date


@pytest.mark.parametrize("nested", ["structs", "json", "columns"])
def test_each_layout_is_one_that_spark_takes(
    spark: SparkSession, account: Sandbox, nested: str
) -> None:
    table = leads(spark, account, nested=nested, created_after="2026-01-01")
    column = "data__city" if nested == "columns" else "data"
    assert table.where(f"{column} is not null").limit(3).count() == 3


def test_filters_reach_the_questions_and_spare_requests(
    spark: SparkSession, account: Sandbox
) -> None:
    table = leads(spark, account)
    account.forget_requests()
    found = table.where("status = 'OPEN' and createdAt >= timestamp'2026-08-01 00:00:00.0005'")
    ids = {row.id for row in found.select("id").collect()}
    bound = 1785542400001  # half a millisecond into it is not that millisecond
    wanted = {
        row.id
        for row in living(account).values()
        if row.row["status"] == "OPEN" and row.row["createdAt"] >= bound
    }
    assert ids == wanted
    bodies = [each["body"] for each in account.requests() if each["body"]]
    is_pushed = hasattr(DataSourceReader, "pushFilters")  # Spark 4.1 and later
    assert {"OPEN" in json.dumps(body) for body in bodies} == {is_pushed}


def test_users_and_collections_are_streams(spark: SparkSession, account: Sandbox) -> None:
    def stream(name: str) -> list[str]:
        reader = spark.read.format("chakra").option("api_url", account.url)
        return [row.id for row in reader.option("stream", name).load().collect()]

    assert len(stream("users")) == 12
    assert stream("states")
    with pytest.raises(AnalysisException, match="There are users"):
        stream("user")


def test_one_task_reads_everything_where_created_at_does_not_filter(spark: SparkSession) -> None:
    knobs = ["--rows", "4500", "--api-key", KEY, "--set", "created_at_filter=ignored"]
    with start_sandbox(knobs) as sandbox:
        table = leads(spark, sandbox)
        assert table.rdd.getNumPartitions() == 1
        ids = [row.id for row in table.select("id").collect()]
        assert sorted(ids) == sorted(living(sandbox))


@pytest.mark.parametrize("order", ["created_desc", "random_stable"])
def test_who_is_there_all_along_is_read_while_rows_come_and_go(
    spark: SparkSession, order: str
) -> None:
    knobs = ["--rows", "6000", "--api-key", KEY, "--set", f"list_order={order}"]
    with start_sandbox(knobs) as sandbox:
        sandbox.knobs(churn=1)
        began = sandbox.stats()["now_ms"]
        ids = [row.id for row in leads(spark, sandbox).select("id").collect()]
        ended = sandbox.stats()["now_ms"]
        sandbox.knobs(churn=0)
        there = {row.id for row in sandbox.oracle() if row.lived_through(began, ended)}
    assert there <= set(ids)
    assert max(Counter(ids).values()) == 1


def test_a_piece_that_is_not_complete_fails_its_task(spark: SparkSession) -> None:
    """Two readings of a listing that nothing cuts, and that is another each time, never agree."""
    with start_sandbox(["--rows", "600", "--api-key", KEY]) as sandbox:
        sandbox.knobs(
            created_at_filter="ignored",
            id_filter="ignored",
            list_order="shuffled_per_request",
        )
        with pytest.raises(PySparkException, match="not every row can be vouched for"):
            leads(spark, sandbox).count()
        assert leads(spark, sandbox, allow_incomplete="true").count()


def test_a_killed_task_is_tried_again_and_nothing_is_twice(spark: SparkSession) -> None:
    with start_sandbox(["--rows", "6000", "--api-key", KEY]) as sandbox:
        table = leads(spark, sandbox, concurrency="4").select("id")
        sandbox.knobs(latency_ms=200)
        sandbox.forget_requests()
        killed: list[int] = []
        killer = threading.Thread(target=lambda: killed.append(kill_a_task(spark, sandbox)))
        killer.start()
        ids = [row.id for row in table.collect()]
        killer.join()
        assert killed[0]
        assert sorted(ids) == sorted(living(sandbox))


def kill_a_task(spark: SparkSession, sandbox: Sandbox) -> int:
    """Kill a process of Python that reads a piece, once pieces are read; which one it was."""
    while sum("skip" in str(each["body"]) for each in sandbox.requests()) < PLANNED:
        time.sleep(0.1)
    daemons = children(spark.sparkContext._gateway.proc.pid)  # noqa: SLF001 - who started Spark
    workers = [worker for daemon in daemons for worker in children(daemon)]
    os.kill(workers[-1], signal.SIGKILL)
    return workers[-1]


def test_the_key_is_nowhere(
    spark: SparkSession, account: Sandbox, event_log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = leads(spark, account, mask='{"*.email": "hash"}')
    table.explain("formatted")
    table.explain(extended=True)
    table.select("data.email").limit(5).collect()
    with pytest.raises(AnalysisException) as refused:
        leads(spark, account, api_key=KEY)
    stranger = start_sandbox(["--rows", "100", "--api-key", "another"])
    with stranger as sandbox, pytest.raises(PySparkException) as wrong:
        leads(spark, sandbox)
    seen = [str(refused.value), str(wrong.value), *capfd.readouterr()]
    # What Spark's own pages show of the environment is in its event log, too.
    seen += [path.read_text() for path in event_log.rglob("*") if path.is_file()]
    assert any("formatted" in text or "chakra" in text for text in seen)
    for secret in (KEY, SALT):
        assert not [text for text in seen if secret in text]


class Unfiltered(ChakraDataSource):
    """What `register` takes where a session may not push filters down, under a name beside it."""

    @classmethod
    def name(cls) -> str:
        return "chakra_unfiltered"


def test_a_session_that_pushes_no_filters_down_filters_itself(
    spark: SparkSession, account: Sandbox
) -> None:
    """Spark refuses such a session any reader that takes filters."""
    plain = spark.newSession()
    plain.dataSource.register(Unfiltered)
    plain.conf.set(PUSHDOWN, "false")
    account.forget_requests()
    reader = plain.read.format("chakra_unfiltered").option("api_url", account.url)
    table = reader.option("procedure", "lead").load()
    count = table.where("status = 'OPEN'").count()
    assert count == sum(row.row["status"] == "OPEN" for row in living(account).values())
    assert not any("OPEN" in json.dumps(each["body"]) for each in account.requests())


def test_a_session_can_be_told_twice(spark: SparkSession, account: Sandbox) -> None:
    chakra_spark.register(spark)
    assert leads(spark, account).columns[0] == "id"
