"""What Spark calls to write: tasks stage rows, the driver sends them or drops them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark import TaskContext
from pyspark.sql.datasource import DataSourceArrowWriter, WriterCommitMessage
from pyspark.sql.types import DateType, TimestampNTZType, TimestampType

from chakra_spark.writing.load import PREFIX, write_load
from chakra_spark.writing.staging import Staged, drop, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from pyspark.sql.types import StructType

    from chakra_api.clock import Clock
    from chakra_spark.write_options import WriteOptions


@dataclass(frozen=True)
class StagedMessage(WriterCommitMessage):
    """What a task tells the driver.

    Attributes:
        partition: Its number: rows are read in the order of those.
        staged: Its rows.
    """

    partition: int
    staged: Staged


class ChakraWriter(DataSourceArrowWriter):
    """Writes one DataFrame.

    Args:
        options: What the user wants written.
        schema: The columns of the DataFrame.
        clock: Names the write, where its user does not.

    Raises:
        SettingsError: A value means nothing, or the driver has no key.
    """

    def __init__(self, options: WriteOptions, schema: StructType, clock: Clock) -> None:
        options.settings()  # a fault is told before the first row is read
        self._options = options
        times = (DateType, TimestampType, TimestampNTZType)
        self._columns = {each.name: isinstance(each.dataType, times) for each in schema}
        self._name = f"{int(clock.now() * 1000)}-{int(clock.random() * 1e9):09}"
        self._folder = options.staging and options.staging / f"chakra-{self._name}"

    def write(self, iterator: Iterator[pa.RecordBatch]) -> StagedMessage:
        """Stage the rows of a task, on its machine.

        Raises:
            SettingsError: They are too many for a message, and there is no folder for them.
        """
        task = TaskContext.get()
        partition, attempt = (task.partitionId(), task.taskAttemptId()) if task else (0, 0)
        staged = stage(iterator, self._folder, f"{partition}-{attempt}")
        return StagedMessage(partition, staged)

    def commit(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        """Send all that was staged, on the driver; returns once every row is settled.

        Raises:
            ChakraError: That is not so, or more was rejected than the options allow.
        """
        told = sorted(_told(messages), key=lambda each: each.partition)
        load = PREFIX + (self._options.load or self._name)
        try:
            write_load(self._options, load, self._columns, [each.staged for each in told])
        finally:
            drop(self._folder)

    def abort(self, _messages: Sequence[WriterCommitMessage | None]) -> None:
        """Drop all that was staged: nothing of it was sent."""
        drop(self._folder)


def _told(messages: Sequence[WriterCommitMessage | None]) -> list[StagedMessage]:
    return [each for each in messages if isinstance(each, StagedMessage)]
