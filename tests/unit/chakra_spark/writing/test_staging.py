"""Rows on their way from a task to the driver: all of them, in their order, by message or file."""

from __future__ import annotations

import pickle
import random
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from chakra_api.errors import SettingsError
from chakra_spark.writing import staging
from chakra_spark.writing.staging import Staged, drop, name_of, rows_of, stage

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)


def batches(rows: int, size: int) -> list[pa.RecordBatch]:
    """Rows that nothing makes smaller, so many in each batch."""
    made = [{"id": str(n), "text": random.Random(n).randbytes(64).hex()} for n in range(rows)]
    return pa.Table.from_pylist(made).to_batches(size) if rows else []


def travelled(staged: Staged) -> Staged:
    """As the driver gets it."""
    there: Staged = pickle.loads(pickle.dumps(staged))  # noqa: S301 - as Spark sends it
    return there


@pytest.mark.parametrize("size", [7, 10_000])
@pytest.mark.parametrize("rows", [0, 1, 40, 4_000])
def test_all_rows_arrive_in_their_order(tmp_path: Path, rows: int, size: int) -> None:
    staged = travelled(stage(batches(rows, size), tmp_path / "new", "0-1"))
    assert staged.rows == rows
    assert [row["id"] for row in rows_of([staged])] == [str(n) for n in range(rows)]
    in_file = rows == 4_000  # of which a message holds no more than a quarter of a megabyte
    assert (staged.path is not None) is in_file
    assert len(pickle.dumps(staged)) < staging.MOST_IN_A_MESSAGE + 1_000
    drop(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_many_rows_need_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MOST_WITHOUT_A_FOLDER", 1 << 10)
    assert stage(batches(3, 10), None, "0-1").rows == 3
    with pytest.raises(SettingsError, match="staging"):
        stage(batches(4_000, 10_000), None, "0-1")


def test_values_come_as_json_has_them() -> None:
    table = pa.table({"at": [AT], "tags": [["a", None]], "deep": [{"n": 1}], "none": [None]})
    (row,) = rows_of([stage(table.to_batches(), None, "0-1")])
    assert datetime.fromisoformat(str(row["at"]).replace("Z", "+00:00")) == AT
    assert row | {"at": None} == {"at": None, "tags": ["a", None], "deep": {"n": 1}, "none": None}


def test_a_name_is_that_of_the_content_in_its_order() -> None:
    def named(*tasks: list[Any]) -> str:
        return name_of([stage(each, None, "any") for each in tasks])

    some, others = batches(5, 10), batches(6, 10)
    assert named(some, others) == named(some, others)
    assert len({named(some, others), named(others, some), named(some), named()}) == 4
