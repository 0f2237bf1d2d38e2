"""What the tests of Spark know of an account, and how they read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from chakra_sandbox.launch import OracleRow, Sandbox

KEY = "sk_spark_0a1B2c3D4e5F6g7H8i9J"
SALT = "spark-salt-0a1B2c3D4e5F6g7H8i9J"


def leads(spark: SparkSession, sandbox: Sandbox, **options: str) -> DataFrame:
    """The leads of an account."""
    reader = spark.read.format("chakra").option("api_url", sandbox.url)
    return reader.options(**({"procedure": "lead"} | options)).load()


def living(sandbox: Sandbox) -> dict[str, OracleRow]:
    """Who is there now, by id."""
    return {row.id: row for row in sandbox.oracle("lead") if row.died_ms is None}
