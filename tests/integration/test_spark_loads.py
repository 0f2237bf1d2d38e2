"""The driver of a Spark writes: a load with a name is written once, whatever becomes of it.

Without Spark, which needs an environment of its own: tests/spark has the same from its side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from chakra_api.errors import LimitCrossed
from chakra_sandbox.launch import Sandbox, start_sandbox
from chakra_spark.write_options import WriteOptions, parse_write
from chakra_spark.writing.load import write_load
from chakra_spark.writing.staging import Staged, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOAD = "spark/query/1"
COLUMNS = {"score": False}


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "20"]) as running:
        running.knobs(job_duration_ms=50)
        yield running


def options(folder: Path, sandbox: Sandbox, **more: str) -> WriteOptions:
    return parse_write(
        {
            "api_url": sandbox.url,
            "journal": f"sqlite:///{folder / 'journal.db'}",
            "mapping": '{"procedure": "lead", "mode": "insert", "fields": {"score": "data.score"}}',
            "load": "query/1",
            **more,
        }
    )


def tasks(*scores: str) -> list[Staged]:
    """Rows without a key, a task each."""
    return [stage(pa.table({"score": [score]}).to_batches(), None, "any") for score in scores]


def test_a_load_that_comes_again_in_another_order_is_not_written_again(
    tmp_path: Path, account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_CHAKRA_API_KEY", account.api_key)
    before = len(account.oracle())
    for scores in (["1", "2", "3"], ["3", "1", "2"]):
        write_load(options(tmp_path, account), LOAD, COLUMNS, tasks(*scores))
        assert len(account.oracle()) == before + 3


def test_rejects_fail_a_load_once_and_its_rows_are_not_written_again(
    tmp_path: Path, account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_CHAKRA_API_KEY", account.api_key)
    before = len(account.oracle())
    with pytest.raises(LimitCrossed, match="1 row was rejected"):
        write_load(options(tmp_path, account), LOAD, COLUMNS, tasks("1", "many", "3"))
    assert len(account.oracle()) == before + 2
    write_load(options(tmp_path, account), LOAD, COLUMNS, tasks("3", "1", "many"))
    assert len(account.oracle()) == before + 2


def test_a_load_that_was_broken_off_is_written_to_its_end(
    tmp_path: Path, account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_CHAKRA_API_KEY", account.api_key)
    before = len(account.oracle())
    rows = tasks(*["many"] * 200, *map(str, range(1_000)))
    with pytest.raises(LimitCrossed):  # over a tenth of a thousand rows is rejected: it stops
        write_load(options(tmp_path, account, max_rejects="999"), LOAD, COLUMNS, rows)
    again = options(tmp_path, account, max_rejects="999", stop_at_reject_percent="99")
    write_load(again, LOAD, COLUMNS, rows)
    assert len(account.oracle()) == before + 1_000
