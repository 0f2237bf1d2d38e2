"""A user's file becomes a procedure with inferred types, or a message that says what to do."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from chakra_sandbox.rows.load import Source, load_shelf
from chakra_sandbox.rows.loaded_rows import LoadError
from chakra_sandbox.rows.moments import Span

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.rows.store import Store

SPAN = Span(1_700_000_000_000, 1_731_536_000_000)
CSV = """Mail,Visits,Rate %,Born,Seen,Active,City
a@x.de,3,0.5,1990-01-02,2024-05-01T10:00:00Z,true,Köln
b@x.de,4,1,1991-01-02,2024-04-01T10:00:00Z,false,
"""


def written(path: Path, text: str) -> Path:
    content = text.encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def rows(store: Store) -> list[dict[str, object]]:
    return [store.row(slot) for slot in range(len(store))]


@pytest.mark.parametrize("name", ["c.csv", "c.csv.gz"])
def test_a_csv_gets_types_and_its_key(tmp_path: Path, name: str) -> None:
    shelf = load_shelf(Source(written(tmp_path / name, CSV), "contact", "Mail"), SPAN, 1)
    types = {a.short_id: a.type_name for a in shelf.model.attributes}
    assert types == {
        "Mail": "stringId",
        "Visits": "integer",
        "Rate": "decimal",
        "Born": "date",
        "Seen": "datetime",
        "Active": "boolean",
        "City": "string",
    }
    assert shelf.model.primary_key == "Mail"
    assert shelf.store.row(0)["data"] == {
        "Mail": "a@x.de",
        "Visits": 3,
        "Rate": 0.5,
        "Born": 631_238_400_000,
        "Seen": 1_714_557_600_000,
        "Active": True,
        "City": "Köln",
    }
    assert len(shelf.store.slots_of_key("b@x.de")) == 1


def test_rows_are_spread_over_the_year_unless_a_column_says_otherwise(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", CSV)
    spread = load_shelf(Source(path, "contact"), SPAN, 1).store
    assert list(spread.created) == [SPAN.start_ms, (SPAN.start_ms + SPAN.end_ms) // 2]
    source = Source(path, "contact", "Mail", created="Seen", updated="Seen")
    dated = load_shelf(source, SPAN, 1).store
    assert list(dated.created) == [1_711_965_600_000, 1_714_557_600_000]
    assert dated.updated == dated.created


def test_json_lines_keep_lists_and_objects_and_get_a_key(tmp_path: Path) -> None:
    lines = [{"n": 1, "tags": ["a"], "mixed": 1}, {"n": 2.5, "more": {"x": None}, "mixed": "b"}]
    path = written(tmp_path / "c.jsonl", "\n".join(map(json.dumps, lines)))
    shelf = load_shelf(Source(path, "visit"), SPAN, 1)
    types = {a.short_id: a.type_name for a in shelf.model.attributes}
    assert types == {
        "visit_id": "stringId", "n": "decimal", "tags": "json", "mixed": "json", "more": "json"
    }  # fmt: skip
    assert shelf.store.row(1)["data"] == {"visit_id": "R-000002", **lines[1]}


def test_a_parquet_file_is_served(tmp_path: Path) -> None:
    table = pa.table({"k": [1, 2], "when": pa.array([0, None], pa.timestamp("ms", "UTC"))})
    parquet.write_table(table, tmp_path / "c.parquet")
    shelf = load_shelf(Source(tmp_path / "c.parquet", "contact", "k"), SPAN, 1)
    assert [row["data"] for row in rows(shelf.store)] == [{"k": 1, "when": 0}, {"k": 2}]


def test_few_different_texts_are_an_enum(tmp_path: Path) -> None:
    text = "k,c\n" + "".join(f"{n},{'ab'[n % 2]}\n" for n in range(300))
    shelf = load_shelf(Source(written(tmp_path / "c.csv", text), "contact", "k"), SPAN, 1)
    attribute = shelf.model.attribute("c")
    assert attribute is not None
    assert [option.value for option in attribute.options] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "source", "message"),
    [
        ("c.xls", "a", {}, "must end in one of"),
        ("c.csv", "", {}, "cannot read"),
        ("c.csv", "a,b\n", {}, "holds no rows"),
        ("c.jsonl", "[1]", {}, "line 1 is not a JSON object"),
        ("c.jsonl", "{", {}, "cannot read"),
        ("c.csv", "a,b\n1,2\n", {"key": "c"}, "has no column c; it has a, b"),
        ("c.csv", "a,b\n1,2\n1,3\n", {"key": "a"}, "rows 1 and 2 both have a 1"),
        ("c.csv", "a,b\nx,2\n,3\n", {"key": "a"}, "row 2 has no a"),
        ("c.csv", "a,b\nx,2\ny,3\n", {"created": "a"}, "row 1: a is no moment"),
    ],
)
def test_a_file_that_cannot_be_served_says_why(
    tmp_path: Path, name: str, text: str, source: dict[str, str], message: str
) -> None:
    path = written(tmp_path / name, text)
    with pytest.raises(LoadError, match=message):
        load_shelf(Source(path, "contact", **source), SPAN, 1)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="cannot read"):
        load_shelf(Source(tmp_path / "no.csv", "contact"), SPAN, 1)


def test_codes_and_phone_numbers_of_a_csv_stay_texts(tmp_path: Path) -> None:
    text = "id,branch,phone,temperature\n1,007,+915550100001,-0.5\n2,12,915550100002,-12\n"
    shelf = load_shelf(Source(written(tmp_path / "c.csv", text), "contact", "id"), SPAN, 1)
    assert [row["data"] for row in rows(shelf.store)] == [
        {"id": 1, "branch": "007", "phone": "+915550100001", "temperature": -0.5},
        {"id": 2, "branch": "12", "phone": "915550100002", "temperature": -12},
    ]
    types = {a.short_id: a.type_name for a in shelf.model.attributes}
    assert types == {
        "id": "integerId",
        "branch": "string",
        "phone": "string",
        "temperature": "decimal",
    }


@pytest.mark.parametrize("name", ["c.csv", "c.jsonl", "c.parquet"])
def test_a_loaded_number_keeps_every_digit(tmp_path: Path, name: str) -> None:
    digits = {"amount": "12345678901234567.89", "count": "123456789012345678901"}
    path = tmp_path / name
    if name == "c.csv":
        written(path, "amount,count\n" + ",".join(digits.values()) + "\n")
    elif name == "c.jsonl":
        written(path, "{" + ",".join(f'"{key}":{text}' for key, text in digits.items()) + "}\n")
    else:
        exact = {key: [Decimal(text)] for key, text in digits.items()}
        parquet.write_table(pa.table(exact), path)
    shelf = load_shelf(Source(path, "contact"), SPAN, 1)
    stored = shelf.store.cells[0].decode()
    assert all(f'"{key}":{text}' in stored for key, text in digits.items()), stored
