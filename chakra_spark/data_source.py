"""The data source that Spark knows as `chakra`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql.datasource import DataSource

from chakra_api.clock import SystemClock
from chakra_api.errors import SettingsError
from chakra_spark.read_options import parse_read
from chakra_spark.reading.account_source import opened, table_builder
from chakra_spark.reading.listed_reader import ListedReader, listed_table
from chakra_spark.reading.process_reader import FilteringProcessReader, ProcessReader
from chakra_spark.reading.process_stream import ProcessStreamReader
from chakra_spark.reading.spark_types import spark_schema
from chakra_spark.write_options import parse_write
from chakra_spark.writing.writer import ChakraWriter

if TYPE_CHECKING:
    from pyspark.sql.datasource import DataSourceReader, DataSourceStreamReader, DataSourceWriter
    from pyspark.sql.types import StructType

    from chakra_api.endpoints.client import Row
    from chakra_spark.read_options import ReadOptions


class ChakraDataSource(DataSource):
    """ChakraHQ: the processes of a procedure, users, and the collections of the configuration.

    Spark makes one for each `load`, asks it for the schema, and hands it to whoever plans a query
    of it: what was found out of the account goes with it.
    """

    _config: Row | None = None
    _process_reader: type[ProcessReader] = ProcessReader

    @classmethod
    def name(cls) -> str:
        """What is written behind `format`."""
        return "chakra"

    def schema(self) -> StructType:
        """The columns, typed from the account.

        Raises:
            SettingsError: An option means nothing, or there is no key.
            ChakraError: The configuration could not be fetched.
        """
        return self._schema_of(parse_read(self.options))

    def _schema_of(self, options: ReadOptions) -> StructType:
        with opened(options) as source:
            self._config = source.config
            if options.stream:
                return spark_schema(listed_table(source, options.stream, empty=True).schema)
            return spark_schema(table_builder(source, source.procedures[0], options.nested).schema)

    def reader(self, schema: StructType) -> DataSourceReader:
        """What plans and reads.

        Args:
            schema: The columns that Spark expects.

        Raises:
            SettingsError: They are not those of the account.
        """
        options = parse_read(self.options)
        options.refuse_overlap()
        config = self._config_behind(options, schema)
        if options.stream:
            return ListedReader(options, config)
        return self._process_reader(options, config)

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:  # noqa: N802 - Spark's name
        """What plans and reads each batch of a stream.

        Args:
            schema: The columns that Spark expects.

        Raises:
            SettingsError: They are not those of the account, or no procedure is read.
        """
        options = parse_read(self.options)
        options.refuse_gaps()
        if options.stream:
            raise SettingsError(
                f"'{options.stream}' can't be read as a stream: nothing of it says when it changed",
                "Read it as a table, spark.read; streams are of a procedure",
            )
        return ProcessStreamReader(options, self._config_behind(options, schema))

    def _config_behind(self, options: ReadOptions, schema: StructType) -> Row:
        """The configuration that a schema was made of.

        Raises:
            SettingsError: It is not the account's.
        """
        if self._config is None and self._schema_of(options) != schema:
            raise SettingsError(
                "A schema was given, and it is not the one that the account has",
                "Leave .schema() out: columns are typed from the account. Select afterwards",
            )
        if self._config is None:
            raise AssertionError  # its schema was just made of it
        return self._config

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceWriter:  # noqa: FBT001 - Spark's signature
        """What stages and sends.

        Args:
            schema: The columns of what is to be written.
            overwrite: Whether Spark was asked to put it in the place of all that there is.

        Raises:
            SettingsError: An option means nothing, there is no key, or all was to be replaced.
        """
        if overwrite:
            raise SettingsError(
                'mode("overwrite") would delete every process that no row names',
                'Write .mode("append"): the option mapping says what becomes of a row',
            )
        return ChakraWriter(parse_write(self.options), schema, SystemClock())


class FilteringChakraDataSource(ChakraDataSource):
    """The same for a session that pushes filters down."""

    _process_reader = FilteringProcessReader
