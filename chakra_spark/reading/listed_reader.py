"""Reads users, or a collection of the configuration: few rows, one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql.datasource import DataSourceReader, InputPartition

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_spark.reading.account_source import opened
from chakra_spark.reading.piece_rows import say_incomplete
from chakra_spark.reading.spark_types import batches_of
from tap_chakra.records.config_collections import collection_records
from tap_chakra.records.stream_names import USERS
from tap_chakra.records.tally import Tally
from tap_chakra.records.users import user_records, users_schema
from tap_chakra.scanning.known import KnownAccount
from tap_chakra.tables.record_tables import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from chakra_api.endpoints.client import Row
    from chakra_spark.read_options import ReadOptions
    from tap_chakra.run.source import Source


class ListedReader(DataSourceReader):
    """Reads a stream that is no procedure's.

    Args:
        options: What the user wants read.
        config: The configuration of the account, as the schema was made of it.
    """

    def __init__(self, options: ReadOptions, config: Row) -> None:
        self._options = options
        self._config = config

    def read(self, _partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """All rows.

        Raises:
            ChakraError: They can't be listed.
            ScanIncomplete: Rows may be missing, and the options do not allow that.
        """
        with opened(self._options, KnownAccount(self._config)) as source:
            yield from batches_of(listed_table(source, self._options.stream))


def listed_table(source: Source, stream: str, *, empty: bool = False) -> pa.Table:
    """The table of a stream that is no procedure's.

    Args:
        source: The account.
        stream: `users`, or what a collection of the configuration is called.
        empty: Whether only its columns matter.

    Raises:
        SettingsError: There is no such stream.
        ChakraError: It can't be listed.
    """
    if stream == USERS:
        return _users(source, empty=empty)
    naive = source.settings.naive_timezone
    found = collection_records(source.account, source.names.collections, naive, source.masks.listed)
    if stream not in found:
        there = (USERS, *found)
        raise SettingsError(
            f"There is no stream '{stream}'",
            f"{did_you_mean(stream, there)}There are {', '.join(there)}; a procedure is read by"
            " the option procedure",
        )
    return table_of(found[stream].schema, found[stream].rows)


def _users(source: Source, *, empty: bool) -> pa.Table:
    mask, schema, doubts = source.masks.users, users_schema(), list[str]()
    times = source.account.times(source.settings.naive_timezone)
    lists = ([], []) if empty else source.listed_users(doubts)
    records = user_records(*lists, times, Tally(), mask)
    table = table_of(schema if mask is None else mask.schema(schema), records)
    if doubts:
        say_incomplete(source, USERS, doubts)
    return table
