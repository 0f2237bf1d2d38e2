"""ChakraHQ in Apache Spark: `chakra_spark.register(spark)`, then `spark.read.format("chakra")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PUSHDOWN: Final = "spark.sql.python.filterPushdown.enabled"
"""Whether Spark, from 4.1 on, pushes filters down to data sources in Python."""


def register(spark: SparkSession) -> None:
    """Make `chakra` a format of a session.

    The session is told to push filters down to data sources in Python. One that may not be told
    so filters what was read instead.

    Args:
        spark: The session.
    """
    # Not above: what plans, reads and stages is used and tested where there is no Spark, too.
    from pyspark.errors import PySparkException  # noqa: PLC0415

    from chakra_spark.data_source import (  # noqa: PLC0415
        ChakraDataSource,
        FilteringChakraDataSource,
    )

    source: type[ChakraDataSource] = FilteringChakraDataSource
    try:
        spark.conf.set(PUSHDOWN, "true")
    except PySparkException:
        source = ChakraDataSource  # Spark refuses a session that reader of filters
    spark.dataSource.register(source)
