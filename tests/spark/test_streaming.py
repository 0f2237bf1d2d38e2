"""A procedure as a stream: each change in one batch, also where a query dies and goes on."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.errors import AnalysisException, StreamingQueryException

from chakra_sandbox.launch import start_sandbox
from tests.spark.accounts import KEY, leads, living

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from chakra_sandbox.launch import Sandbox

LATE = 2.1
"""Seconds after which a change lies behind the offset: it is a Date, of whole seconds."""


@pytest.fixture
def account() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "4500", "--api-key", KEY]) as sandbox:
        yield sandbox


class Sink:
    """What a stream has brought, one change at a time."""

    def __init__(self, spark: SparkSession, sandbox: Sandbox, folder: Path) -> None:
        self._spark = spark
        self._sandbox = sandbox
        self._folder = folder
        self.changes: list[tuple[str, Any]] = []

    def run(self, keep: Callable[[DataFrame, int], None]) -> None:
        """Read all there is by now, and end."""
        reader = self._spark.readStream.format("chakra").option("procedure", "lead")
        reader = reader.option("api_url", self._sandbox.url).option("lookback_seconds", "0")
        writer = reader.load().select("id", "updatedAt").writeStream
        writer = writer.option("checkpointLocation", str(self._folder / "checkpoint"))
        query = writer.foreachBatch(keep).trigger(availableNow=True).start()
        query.awaitTermination(200)

    def keep(self, batch: DataFrame, _number: int) -> None:
        """Keep a batch."""
        self.changes += [(row.id, row.updatedAt) for row in batch.collect()]


def test_each_change_comes_once_also_after_a_query_died(
    spark: SparkSession, account: Sandbox, tmp_path: Path
) -> None:
    sink = Sink(spark, account, tmp_path)
    time.sleep(LATE)
    sink.run(sink.keep)
    assert sorted(each for each, _ in sink.changes) == sorted(living(account))

    account.mutate(update=40, insert=15)
    time.sleep(LATE)

    def dies(batch: DataFrame, _number: int) -> None:
        batch.count()
        raise RuntimeError("the sink died before it kept anything")

    with pytest.raises(StreamingQueryException, match="the sink died"):
        sink.run(dies)
    account.mutate(update=10, insert=5)  # behind the batch that comes again
    time.sleep(LATE)
    sink.run(sink.keep)  # the batch that was not kept
    sink.run(sink.keep)

    assert max(Counter(sink.changes).values()) == 1
    last: dict[str, Any] = {}
    for row_id, at in sink.changes:
        last[row_id] = max(at, last.get(row_id, at))
    for row_id, row in living(account).items():
        assert round(last[row_id].timestamp() * 1000) == row.updated_ms


def test_nothing_that_changed_brings_no_rows(
    spark: SparkSession, account: Sandbox, tmp_path: Path
) -> None:
    sink = Sink(spark, account, tmp_path)
    time.sleep(LATE)
    sink.run(sink.keep)
    count = len(sink.changes)
    sink.run(sink.keep)
    assert len(sink.changes) == count


def test_what_is_no_stream_is_refused(spark: SparkSession, account: Sandbox) -> None:
    reader = spark.readStream.format("chakra").option("stream", "users")
    users = reader.option("api_url", account.url).load()
    with pytest.raises((AnalysisException, StreamingQueryException), match="as a stream"):
        users.writeStream.format("noop").start().awaitTermination(90)
    with pytest.raises(AnalysisException, match="lookback_seconds"):
        leads(spark, account, lookback_seconds="5").count()
