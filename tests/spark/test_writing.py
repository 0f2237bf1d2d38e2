"""A real Spark writes to the sandbox: tasks stage, the driver sends by one run."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyspark import TaskContext
from pyspark.errors import AnalysisException, PySparkException

from chakra_api.clock import SystemClock
from chakra_sandbox.launch import start_sandbox
from chakra_spark.write_options import parse_write
from chakra_spark.writing.writer import ChakraWriter
from target_chakra.history.reports import Reports
from tests.spark.accounts import KEY
from tests.support.target_process import writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from chakra_sandbox.launch import Sandbox

MAPPING = {"procedure": "lead", "key": "lead_id"}
NOTES = {"procedure": "lead", "mode": "insert"}
ROWS = 60


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "200", "--api-key", KEY]) as sandbox:
        yield sandbox


@pytest.fixture
def account(running: Sandbox) -> Sandbox:
    """The account of this module, with quick jobs and nothing asked of it yet."""
    running.knobs(job_duration_ms=50)
    running.forget_requests()
    return running


class Written:
    """What a test writes: a folder of its own, and what became of rows."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.journal = f"sqlite:///{folder / 'journal.db'}"
        self._url = sandbox.url

    def write(self, rows: DataFrame, mapping: dict[str, Any], /, **options: str) -> None:
        """Write a DataFrame."""
        given = self.options(mapping, **options)
        rows.write.format("chakra").options(**given).mode("append").save()

    def options(self, mapping: dict[str, Any], /, **options: str) -> dict[str, str]:
        """Those of a write."""
        given = {"api_url": self._url, "journal": self.journal, "mapping": json.dumps(mapping)}
        return given | options

    @property
    def outcomes(self) -> dict[str, int]:
        """Those of the last run."""
        reports = Reports(self.journal)
        *_, last = reports.runs()
        reports.close()
        rows: Any = last.receipt["outcomes"]
        return {name: count for name, count in rows.items() if count}


@pytest.fixture
def written(tmp_path: Path, account: Sandbox) -> Written:
    return Written(tmp_path, account)


def frame(spark: SparkSession, rows: Iterable[tuple[Any, ...]], parts: int = 4) -> DataFrame:
    """A DataFrame of leads, in so many tasks."""
    table = spark.sparkContext.parallelize(list(rows), parts)
    return spark.createDataFrame(table, "lead_id string, score long")


def held(sandbox: Sandbox) -> dict[Any, Any]:
    """The score of each lead, by its key."""
    alive = [row for row in sandbox.oracle() if row.died_ms is None]
    return {row.data.get("lead_id"): row.data.get("score") for row in alive}


def test_rows_of_many_tasks_are_one_run_and_a_second_one_writes_nothing(
    spark: SparkSession, account: Sandbox, written: Written
) -> None:
    rows = [(f"S-{number}", number) for number in range(ROWS)]
    written.write(frame(spark, rows), MAPPING)
    assert written.outcomes == {"created": ROWS}
    assert held(account).items() >= dict(rows).items()
    before = writes(account)
    written.write(frame(spark, rows[::-1], 3), MAPPING)
    assert written.outcomes == {"unchanged": ROWS}
    assert writes(account) == before


def test_one_key_in_two_tasks_is_one_process(
    spark: SparkSession, account: Sandbox, written: Written
) -> None:
    """A journal for each task would write it in every run."""
    rows = [("T-1", 1), ("T-2", 2), ("T-3", 3), ("T-1", 4)]
    written.write(frame(spark, rows), MAPPING)
    assert Counter(row.data.get("lead_id") for row in account.oracle())["T-1"] == 1
    assert held(account)["T-1"] == 4
    written.write(frame(spark, rows[1:], 3), MAPPING)
    assert written.outcomes == {"unchanged": 3}


def test_a_write_that_fails_has_sent_nothing(
    spark: SparkSession, account: Sandbox, written: Written
) -> None:
    staging = written.folder / "staging"
    before = writes(account)
    rows = frame(spark, [(f"F-{n}", n) for n in range(ROWS)]).rdd.map(_broken)
    table = spark.createDataFrame(rows, "lead_id string, score long")
    with pytest.raises(PySparkException):
        written.write(table, MAPPING, staging=str(staging))
    assert writes(account) == before
    assert not [path for path in staging.rglob("*") if path.is_file()]


def _broken(row: Any) -> Any:
    if row.score == ROWS - 1:
        raise ValueError("a row that cannot be computed")
    return row


def test_a_task_that_is_tried_again_sends_its_rows_once(
    spark: SparkSession, written: Written
) -> None:
    rows = frame(spark, [(f"R-{n}", n) for n in range(ROWS)]).rdd.mapPartitions(_dies_once)
    table = spark.createDataFrame(rows, "lead_id string, score long")
    written.write(table.drop("lead_id"), NOTES | {"fields": {"score": "data.score"}})
    assert written.outcomes == {"created": ROWS}


def _dies_once(rows: Iterable[Any]) -> Iterator[Any]:
    yield from rows
    if TaskContext.get().attemptNumber() == 0:  # type: ignore[union-attr]
        raise ValueError("the first try of each task dies behind its last row")


class Attempt:
    """What a task knows of itself.

    Args:
        number: Of all attempts of all tasks.
    """

    def __init__(self, number: int) -> None:
        self._number = number

    def get(self) -> Attempt:
        return self

    def partitionId(self) -> int:  # noqa: N802 - Spark's name
        return 0

    def taskAttemptId(self) -> int:  # noqa: N802 - Spark's name
        return self._number


def test_of_two_tasks_that_stage_the_same_rows_one_is_sent(
    spark: SparkSession, account: Sandbox, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Speculation: a task that is slow begins a second time, and Spark takes one of the two."""
    staging = written.folder / "staging"
    texts = [random.Random(number).randbytes(500).hex() for number in range(1_200)]
    batch = pa.RecordBatch.from_pydict({"remarks": texts})
    options = written.options(NOTES | {"fields": {"remarks": "data.remarks"}}, staging=str(staging))
    schema = spark.createDataFrame([("",)], "remarks string").schema
    writer = ChakraWriter(parse_write(options), schema, SystemClock())
    told = []
    for number in (7, 8):
        monkeypatch.setattr("chakra_spark.writing.writer.TaskContext", Attempt(number))
        told.append(writer.write(iter([batch])))
    assert len(list(staging.rglob("*.arrow"))) == len(told)
    assert not writes(account)
    writer.commit(told[1:])
    held = Counter(row.data.get("remarks") for row in account.oracle())
    assert {held[text] for text in texts} == {1}
    assert not list(staging.iterdir())


def test_many_rows_are_staged_in_files_that_are_gone_afterwards(
    spark: SparkSession, account: Sandbox, written: Written
) -> None:
    staging = written.folder / "staging"
    many = [(f"B-{n}", n, random.Random(n).randbytes(500).hex()) for n in range(1_200)]
    table = spark.createDataFrame(
        spark.sparkContext.parallelize(many, 2), "lead_id string, score long, remarks string"
    )
    written.write(table, MAPPING, staging=str(staging))
    assert written.outcomes == {"created": len(many)}
    assert staging.exists()  # a file was in it
    assert not list(staging.iterdir())
    remarks = {row.data.get("lead_id"): row.data.get("remarks") for row in account.oracle()}
    assert remarks.items() >= {key: text for key, _, text in many}.items()


def test_a_load_with_a_name_is_written_once(
    spark: SparkSession, account: Sandbox, written: Written
) -> None:
    """A batch of a stream comes again where Spark died behind the write: by the same name."""
    table = frame(spark, [(f"N-{n}", n) for n in range(ROWS)]).select("score")
    written.write(table, NOTES, load="query/7")
    before = len(account.oracle())
    written.write(table, NOTES, load="query/7")
    assert len(account.oracle()) == before
    written.write(table, NOTES, load="query/8")
    assert len(account.oracle()) == before + ROWS


def test_rejects_are_on_record_on_the_driver_and_fail_the_write(
    spark: SparkSession, written: Written
) -> None:
    rejects = written.folder / "rejects.jsonl"
    rows = spark.createDataFrame([("J-1", "many"), ("J-2", "2")], "lead_id string, score string")
    with pytest.raises(PySparkException, match="max_rejects"):
        written.write(rows, MAPPING, rejects_path=str(rejects))
    assert written.outcomes == {"created": 1, "rejected": 1}
    assert "J-1" in rejects.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mapping": '{"key": "lead_id"}'}, "which procedure"),
        ({"journal": "postgresql://chakra:hunter2@db/journal"}, "TARGET_CHAKRA_JOURNAL"),
        ({"api_key": KEY}, "is a secret"),
        ({"dryrun": "true"}, "dry_run"),
    ],
)
def test_what_means_nothing_or_is_secret_is_refused(
    spark: SparkSession, written: Written, options: dict[str, str], said: str
) -> None:
    with pytest.raises(AnalysisException, match=said) as refused:
        written.write(frame(spark, [("X-1", 1)]), MAPPING, **options)
    assert KEY not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_nothing_is_written_over_as_a_whole(spark: SparkSession, written: Written) -> None:
    rows = frame(spark, [("X-1", 1)]).write.format("chakra").option("mapping", json.dumps(MAPPING))
    with pytest.raises(AnalysisException, match="delete every process"):
        rows.mode("overwrite").save()
    assert not (written.folder / "journal.db").exists()
