"""A plan that is shown: times as people read them, and as they are for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.described import served
from tests.support.target_process import operate, record, settings, write

if TYPE_CHECKING:
    from pathlib import Path

BEFORE, AFTER = 1_767_600_000_000, 1_767_690_001_250  # 2026-01-05 08:00, 2026-01-06 09:00:01.25
DAY = 1_767_571_200_000  # 2026-01-05
ACCOUNT: list[dict[str, Any]] = [
    {
        "shortId": "visit",
        "primaryKey": "code",
        "attributes": {"code": "string", "due": "datetime", "day": "date", "count": "integer"},
        "rows": [{"data": {"code": "A", "due": BEFORE, "count": BEFORE}}],
    }
]
COLUMNS = {
    "code": {"type": "string"},
    "due": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date"},
    "count": {"type": "integer"},
}


@pytest.mark.parametrize("unit", ["text", "page"])
def test_times_are_shown_as_times_and_stay_numbers_for_scripts(tmp_path: Path, unit: str) -> None:
    with served(tmp_path, ACCOUNT) as sandbox:
        plan = tmp_path / "plan.parquet"
        mapping = {"stream": "visits", "procedure": "visit", "key": "code"}
        config = settings(sandbox, streams=[mapping])
        schema = {
            "type": "SCHEMA",
            "stream": "visits",
            "schema": {"properties": COLUMNS},
            "key_properties": ["code"],
        }
        row = record(
            "visits", code="A", due="2026-01-06T09:00:01.250Z", day="2026-01-05", count=AFTER
        )
        made = write(tmp_path, {**config, "plan_path": str(plan)}, [schema, row])
        assert made.code == 0, made.stderr
        html = ["--html", str(tmp_path / "plan.html")] if unit == "page" else []
        told = operate(tmp_path, config, "plan", str(plan), *html)
        assert told.code == 0, told.stderr
        shown = told.stdout if unit == "text" else (tmp_path / "plan.html").read_text()
        assert "2026-01-06 09:00:01.250 UTC" in shown
        assert "2026-01-05 08:00:00 UTC" in shown
        if unit == "text":
            assert "data.due: 2026-01-05 08:00:00 UTC → 2026-01-06 09:00:01.250 UTC" in shown
            assert "data.day: nothing → 2026-01-05 00:00:00 UTC" in shown
            assert f"data.count: {BEFORE} → {AFTER}" in shown, "a number is no time"
        found = json.loads(operate(tmp_path, config, "plan", str(plan), "--json").stdout)
        (example,) = found["examples"]
        assert example["fields"]["data.due"] == [BEFORE, AFTER]
        assert example["fields"]["data.day"] == [None, DAY]
        assert "times" not in found
