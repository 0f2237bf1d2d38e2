"""ChakraHQ in Apache Spark: `chakra_spark.register(spark)`, then `spark.read.format("chakra")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PUSHDOWN: Final = "spark.sql.python.filterPushdown.enabled"
"""Whether Spark pushes filters down to data sources in Python; Spark 4.0 does not know it."""


def register(spark: SparkSession) -> None:
    """Make `chakra` a format of a session.

    The session is told to push filters down to data sources in Python. Where it can't be told, it
    filters what was read instead.

    Args:
        spark: The session.
    """
    # A session's processes import this package to unpickle what it is sent: without Spark's classes
    # that would be slow.
    from chakra_spark.data_source import (  # noqa: PLC0415
        ChakraDataSource,
        FilteringChakraDataSource,
    )

    pushes = spark.version.split(".")[:2] >= ["4", "1"]
    if pushes:
        spark.conf.set(PUSHDOWN, "true")
    spark.dataSource.register(FilteringChakraDataSource if pushes else ChakraDataSource)
