"""Spark's types for Arrow's, and tables as batches of the very types that Spark expects of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
from pyspark.sql import types as spark

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROWS: Final = 10_000
"""Rows of a batch."""
_PLAIN: Final[dict[pa.DataType, spark.DataType]] = {
    pa.string(): spark.StringType(),
    pa.int64(): spark.LongType(),
    pa.float64(): spark.DoubleType(),
    pa.bool_(): spark.BooleanType(),
    pa.date32(): spark.DateType(),
    pa.timestamp("us", tz="UTC"): spark.TimestampType(),
}
"""The types that the tap's tables have, nested ones apart."""


def spark_schema(schema: pa.Schema) -> spark.StructType:
    """Spark's schema of tables of an Arrow one."""
    return spark.StructType(
        [spark.StructField(each.name, spark_type(each.type), each.nullable) for each in schema]
    )


def spark_type(kind: pa.DataType) -> spark.DataType:
    """Spark's type for one of Arrow's."""
    if pa.types.is_list(kind):
        return spark.ArrayType(spark_type(kind.value_type))
    if pa.types.is_struct(kind):
        return spark.StructType(
            [spark.StructField(each.name, spark_type(each.type)) for each in kind]
        )
    return _PLAIN[kind]


def batches_of(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """A table as batches for Spark, which compares schemas to the letter."""
    fields = [pa.field(each.name, _named(each.type), each.nullable) for each in table.schema]
    yield from table.cast(pa.schema(fields)).to_batches(max_chunksize=MOST_ROWS)


def _named(kind: pa.DataType) -> pa.DataType:
    """A type with Spark's own names for the items of lists."""
    if pa.types.is_list(kind):
        return pa.list_(pa.field("element", _named(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(each.name, _named(each.type)) for each in kind])
    return kind
