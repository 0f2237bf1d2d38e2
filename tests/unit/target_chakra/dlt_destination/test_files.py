"""Rows of dlt's files are those of JSON; what can't be read is named."""

from __future__ import annotations

import gzip
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from dlt.common.json import json

from chakra_api.errors import SettingsError
from target_chakra.dlt_destination.files import Column, rows_of

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"whole": Decimal("42.00"), "part": Decimal("1.50"), "none": None, "text": "plain"},
    {"at": datetime(2026, 1, 5, 9, 15, tzinfo=timezone.utc), "on": date(2026, 1, 5), "by": time(9)},
    {"nested": {"deep": [Decimal(7), "x"]}, "raw": b"ab", "left": "out"},
]
COLUMNS = {name: Column(name) for row in ROWS for name in row if name != "left"}


@pytest.mark.parametrize("packed", [False, True])
def test_typed_values_become_what_a_tap_would_send(tmp_path: Path, *, packed: bool) -> None:
    path = tmp_path / "leads.a.0.typed-jsonl"
    body = b"".join(json.typed_dumpb(rows) + b"\n" for rows in (ROWS[:2], ROWS[2:]))
    path.write_bytes(gzip.compress(body) if packed else body)
    assert list(rows_of(str(path), COLUMNS)) == [
        {"whole": 42, "part": "1.50", "none": None, "text": "plain"},
        {"at": "2026-01-05T09:15:00+00:00", "on": "2026-01-05", "by": "09:00:00"},
        {"nested": {"deep": [7, "x"]}, "raw": "YWI="},
    ]


def test_a_variant_is_the_column_it_is_of(tmp_path: Path) -> None:
    path = tmp_path / "leads.a.0.typed-jsonl"
    path.write_bytes(b'[{"score": 1}, {"score>text": "many"}]\n')
    columns = {name: Column("score") for name in ("score", "score>text")}
    assert list(rows_of(str(path), columns)) == [{"score": 1}, {"score": "many"}]


@pytest.mark.parametrize("body", [b"[{", b"\x1f\x8b\x08\x00cut"])
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "leads.a.0.typed-jsonl"
    path.write_bytes(body)
    with pytest.raises(SettingsError, match=r"leads\.a"):
        list(rows_of(str(path), COLUMNS))


def test_values_of_types_that_are_not_marked_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "leads.a.0.typed-jsonl"
    marked = json.typed_dumps(
        [{"text": "\uf027odd", "at": datetime(2026, 1, 5, tzinfo=timezone.utc)}]
    )
    path.write_text(marked)
    columns = {"text": Column("text", marked=False), "at": Column("at")}
    assert list(rows_of(str(path), columns)) == [
        {"text": "\uf027odd", "at": "2026-01-05T00:00:00+00:00"}
    ]
