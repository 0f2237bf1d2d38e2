"""One Spark for all tests of a process, with an event log; and accounts for it to read."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import SparkSession

import chakra_spark
from chakra_sandbox.launch import start_sandbox
from tests.spark.accounts import KEY, SALT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

SLOTS = 4


@pytest.fixture(scope="session")
def event_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that Spark tells of everything it does."""
    return tmp_path_factory.mktemp("events")


@pytest.fixture(scope="session")
def spark(event_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session as a user makes it: the key is in the environment before Spark starts.

    A failed task is tried again, as on a cluster.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("TAP_CHAKRA_API_KEY", KEY)
        patch.setenv("TARGET_CHAKRA_API_KEY", KEY)
        patch.setenv("TAP_CHAKRA_MASK_SALT", SALT)
        patch.setenv("PYTHONPATH", os.pathsep.join(each for each in sys.path if each))
        session = (
            SparkSession.builder.master(f"local[{SLOTS},2]")
            .config("spark.eventLog.enabled", "true")
            .config("spark.eventLog.compress", "false")
            .config("spark.eventLog.dir", event_log.as_uri())
            .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.ui.port", "0")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        chakra_spark.register(session)
        yield session
        session.stop()


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    """An account that nobody changes."""
    with start_sandbox(["--rows", "9000", "--api-key", KEY]) as running:
        yield running
