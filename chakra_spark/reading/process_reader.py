"""Reads the processes of one procedure: the driver plans pieces, each task reads one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql.datasource import DataSourceReader, InputPartition

from chakra_spark.reading.account_source import opened, table_builder
from chakra_spark.reading.piece_rows import piece_tables, say_incomplete
from chakra_spark.reading.planning import plan_pieces
from chakra_spark.reading.pushed_filters import pushed
from chakra_spark.reading.spark_types import batches_of
from tap_chakra.masking.masked_procedure import MaskedProcedure
from tap_chakra.scanning.known import KnownAccount
from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.client import Row
    from chakra_spark.read_options import ReadOptions
    from chakra_spark.reading.pieces import Asked, Piece
    from tap_chakra.run.source import Source


class ProcessReader(DataSourceReader):
    """Reads a procedure.

    Args:
        options: What the user wants read.
        config: The configuration of the account, as the schema was made of it.
    """

    def __init__(self, options: ReadOptions, config: Row) -> None:
        self._options = options
        self._config = config
        self._filters: list[Any] = []

    def partitions(self) -> list[InputPartition]:
        """The pieces, a task each.

        Raises:
            ChakraError: A request failed for good.
        """
        with opened(self._options, KnownAccount(self._config)) as source:
            procedure = source.procedures[0]
            asked = self._asked(source, procedure)
            return planned(source, procedure, asked, self._options.tasks)

    def _asked(self, source: Source, procedure: Procedure) -> Asked:
        settings = source.settings
        states = frozenset(state.short_id for state in procedure.states)
        seen = [each for each in self._filters if _is_asked_for(each.attribute, procedure)]
        return pushed(seen, states, Window(settings.created_after, settings.created_before))

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """The rows of a piece, on its task.

        Raises:
            ChakraError: A request failed for good.
            ScanIncomplete: Rows may be missing, and the options do not allow that.
        """
        yield from read_piece(self._options, partition.value)


def planned(source: Source, procedure: Procedure, asked: Asked, tasks: int) -> list[InputPartition]:
    """The pieces of a listing, as Spark hands them to tasks.

    Args:
        source: The account.
        procedure: What to read.
        asked: Which rows of it.
        tasks: How many tasks read at a time.

    Raises:
        ChakraError: A request failed for good.
        ScanIncomplete: Users can't be listed, and the options do not allow that.
    """
    pieces = plan_pieces(source, procedure, asked, tasks)
    if source.doubts:
        say_incomplete(source, procedure.short_id, source.doubts)
    return [InputPartition(piece) for piece in pieces]


def read_piece(options: ReadOptions, piece: Piece) -> Iterator[pa.RecordBatch]:
    """The rows of a piece, on the machine of its task.

    Args:
        options: What the user wants read.
        piece: Which rows of it.

    Raises:
        ChakraError: A request failed for good.
        ScanIncomplete: Rows may be missing, and the options do not allow that.
    """
    with opened(options, piece.account, piece.sharing) as source:
        procedure = source.procedures[0]
        builder = table_builder(source, procedure, options.nested, source.directory)
        for table in piece_tables(source, procedure, piece, builder):
            yield from batches_of(table)


def _is_asked_for(path: tuple[str, ...], procedure: Procedure) -> bool:
    """Whether ChakraHQ finds by a name what the column of that name shows."""
    column = ".".join(path)
    masked = isinstance(procedure, MaskedProcedure) and procedure.column(column) is not None
    return not masked and all(each.short_id != column for each in procedure.attributes)


class FilteringProcessReader(ProcessReader):
    """The same for a session that pushes filters down: Spark refuses it to any other."""

    def pushFilters(self, filters: list[Any]) -> Iterable[Any]:  # noqa: N802 - Spark's name
        """Keep the filters for the questions; Spark looks at all of them again."""
        self._filters = [each for each in filters if hasattr(each, "attribute")]
        return filters
