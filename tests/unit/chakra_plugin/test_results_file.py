"""A results file says the same in each form, is its owner's alone, and is whole or not there."""

from __future__ import annotations

import csv
import json
import stat
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from chakra_api.errors import SettingsError
from chakra_plugin.results_file import Holds, ResultColumn, ResultsFile

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    ResultColumn("id"),
    ResultColumn("at", Holds.TIME),
    ResultColumn("columns", Holds.TEXTS),
    ResultColumn("rows", Holds.NUMBER),
)
ROWS: list[dict[str, object]] = [
    {"id": 'a, "b"\n', "at": 1_767_000_000_123, "columns": ("x", "y"), "rows": 2**40},
    {"id": "half \ud83d", "at": None},
]
AT = "2025-12-29T09:20:00.123Z"


def made(path: Path, rows: list[dict[str, object]]) -> Path:
    with ResultsFile(path, COLUMNS) as file:
        for row in rows:
            file.add(row)
    return path


def test_each_form_holds_what_was_given(tmp_path: Path) -> None:
    table = pq.read_table(made(tmp_path / "r.parquet", ROWS)).to_pylist()
    instant = datetime.fromisoformat(AT.replace("Z", "+00:00")).astimezone(timezone.utc)
    assert table[0] == {"id": ROWS[0]["id"], "at": instant, "columns": ["x", "y"], "rows": 2**40}
    assert table[1] == {"id": "half ?", "at": None, "columns": None, "rows": None}
    with made(tmp_path / "r.csv", ROWS).open(newline="") as file:
        read = list(csv.DictReader(file))
    assert read[0] == {"id": ROWS[0]["id"], "at": AT, "columns": "x, y", "rows": str(2**40)}
    assert read[1] == {"id": "half ?", "at": "", "columns": "", "rows": ""}
    lines = made(tmp_path / "r.jsonl", ROWS).read_text().splitlines()
    found: list[Any] = [json.loads(line) for line in lines]
    assert found[0] == {"id": ROWS[0]["id"], "at": AT, "columns": ["x", "y"], "rows": 2**40}
    assert {key: found[1][key] for key in ("at", "columns", "rows")} == dict.fromkeys(
        ("at", "columns", "rows")
    )


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_no_rows_are_a_file_too_and_an_older_one_is_replaced(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"r.{form}"
    path.write_text("older")
    made(path, [])
    assert path.read_bytes() != b"older"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if form == "parquet":
        assert pq.read_table(path).column_names == [each.name for each in COLUMNS]


def test_many_rows_go_out_as_they_come(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": str(number)} for number in range(12_345)]
    table = pq.read_table(made(tmp_path / "r.parquet", rows))
    assert table["id"].to_pylist() == [str(number) for number in range(12_345)]


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_what_is_broken_off_leaves_the_file_as_it_was(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"r.{form}"
    path.write_text("older")

    def broken_off() -> None:
        with ResultsFile(path, COLUMNS) as file:
            file.add(ROWS[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "said"), [("r.txt", "End its name in"), ("no/r.csv", "No such file")]
)
def test_what_can_not_be_written_is_said(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        ResultsFile(tmp_path / name, COLUMNS)
