"""The programs that the documents show for Spark run as they stand there, but for the address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.spark.accounts import KEY

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).parent.parent.parent
PAGES = ("docs/spark.md",)
LEADS = 150


def programs() -> list[str]:
    """The programs of the pages."""
    texts = [(ROOT / page).read_text() for page in PAGES]
    found = [
        block for text in texts for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    ]
    return [block for block in found if "spark" in block or "batch.write" in block]


@pytest.mark.parametrize("program", programs())
def test_a_documented_program_runs(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with start_sandbox(["--rows", str(LEADS), "--api-key", KEY]) as sandbox:
        there = f'.option("api_url", "{sandbox.url}")'
        program = program.replace('.format("chakra")', f'.format("chakra"){there}')
        program = program.replace("/Volumes/main/crm/chakra", str(tmp_path))
        program = program.replace('processingTime="15 minutes"', "availableNow=True")
        program = program.replace(".start()", ".trigger(availableNow=True).start()")
        journal = there + f'.option("journal", "sqlite:///{tmp_path}/journal.db")'
        plain = 'scores.write.format("chakra")'
        program = program.replace(plain + there, plain + journal)
        scores = spark.createDataFrame([("D-1", 1), ("D-2", 2)], "lead_id string, score long")
        if "writeStream" in program:
            scores.write.parquet(str(tmp_path / "scores.parquet"))
            scores = spark.readStream.schema(scores.schema).parquet(str(tmp_path / "*.parquet"))
        names = {"spark": spark, "scores": scores}
        exec(compile(program, "document", "exec"), names)  # noqa: S102 - our own documents
        for query in spark.streams.active:
            query.awaitTermination(100)
        if "readStream" in program:
            assert spark.table("leads_changed").count() == LEADS
            return
        held = {row.data.get("lead_id"): row.data.get("score") for row in sandbox.oracle()}
        assert (held["D-1"], held["D-2"]) == (1, 2)
