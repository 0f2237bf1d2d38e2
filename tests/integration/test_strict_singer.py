"""The strict reader refuses what a strict loader would, and judges values as jsonschema does."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from tests.support.json_values import values
from tests.support.strict_singer import Breach, check_of, messages_of

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS: dict[str, Any] = {
    "id": {"type": ["string"]},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "day": {"type": ["string", "null"], "format": "date"},
    "size": {"type": ["integer", "null"]},
    "data": {
        "type": ["object", "null"],
        "properties": {"tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}}},
        "additionalProperties": False,
    },
}


def schema(stream: str = "s", **more: Any) -> dict[str, Any]:
    columns = {"type": "object", "properties": COLUMNS}
    return {"type": "SCHEMA", "stream": stream, "schema": columns, "key_properties": ["id"]} | more


def record(**columns: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": "s", "record": {"id": "1"} | columns}


STATE = {"type": "STATE", "value": {"bookmarks": {}}}
ACTIVATE = {"type": "ACTIVATE_VERSION", "stream": "s", "version": 7}
V7 = {**record(), "version": 7}
FULL = {"at": "2026-01-05T09:15:00.000Z", "day": "2026-01-05", "size": 3, "data": {"tags": ["a"]}}


def printed(*messages: Any) -> str:
    return "".join((m if isinstance(m, str) else json.dumps(m)) + "\n" for m in messages)


def test_what_is_right_is_read() -> None:
    lines = [STATE, schema(), record(**FULL), record(at=None, data=None), STATE, schema("t"), STATE]
    assert messages_of(printed(*lines), ended=True) == lines
    assert messages_of(printed(schema(), V7, V7, ACTIVATE, STATE), ended=True)
    assert messages_of("", ended=True) == []
    cut = printed(schema(), record()) + '{"type":"REC'
    assert len(messages_of(cut, ended=False, whole=False)) == 2


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([record(), STATE], "has not come"),
        ([ACTIVATE, STATE], "has not come"),
        ([schema(key_properties=["nothing"])], "nothing"),
        ([schema(bookmark_properties=["nothing"])], "nothing"),
        ([schema(schema={"type": "object", "properties": {"id": {"type": "txt"}}})], "txt"),
        ([schema(schema={"type": "string"})], "none of an object"),
        ([schema(), record(id=None)], "id"),
        ([schema(), {"type": "RECORD", "stream": "s", "record": {}}], "null or absent"),
        ([schema(), record(more=None)], "more is not in SCHEMA"),
        ([schema(), record(data={"more": 1})], "data.more is not in SCHEMA"),
        ([schema(), record(size="3")], "size"),
        ([schema(), record(size=True)], "size"),
        ([schema(), record(size=3.5)], "size"),
        ([schema(), record(at="2026-01-05")], "no date-time"),
        ([schema(), record(at="2026-02-30T00:00:00Z")], "no date-time"),
        ([schema(), record(at="2026-01-05T09:15:00")], "no date-time"),
        ([schema(), record(day="2026-1-5")], "no date"),
        ([schema(), record(data={"tags": [1]})], "data.tags.[]"),
        ([schema(), {**record(), "time_extracted": "now"}], "time_extracted"),
        ([schema(), V7, record()], "several versions"),
        ([schema(), V7, ACTIVATE, V7], "after the ACTIVATE_VERSION"),
        ([schema(), record(), ACTIVATE], "have the version"),
        ([schema(), record()], "no STATE"),
        ([{"type": "STATE", "value": {}}], "bookmarks"),
        ([{"type": "NEWS"}], "no message"),
        (["hello"], "line 1"),
        (["[]"], "no message"),
        ([schema(), '{"type":"RECORD","stream":"s","record":{"id":"1","id":"2"}}'], "twice"),
        ([schema(), '{"type":"RECORD","stream":"s","record":{"id":"1","size":NaN}}'], "NaN"),
        ([{**STATE, "more": 1}], "more"),
        ([printed(schema()) + '{"type":"REC'], "cut"),
    ],
)
def test_what_a_strict_loader_refuses_is_refused(lines: list[Any], said: str) -> None:
    text = printed(*lines)
    with pytest.raises(Breach) as breach:
        messages_of(text[:-1] if said == "cut" else text, ended=True)
    assert said in str(breach.value)


def batch(folder: Path, kind: str, *rows: dict[str, Any], table: Any = None) -> dict[str, Any]:
    path = folder / f"rows.{kind}"
    if table is not None:
        pq.write_table(table, path)
    else:
        path.write_bytes(gzip.compress(printed(*rows).encode()))
    encoding = {"format": kind, "compression": "gzip"}
    return {"type": "BATCH", "stream": "s", "encoding": encoding, "manifest": [path.as_uri()]}


def test_files_are_read_as_strictly(tmp_path: Path) -> None:
    good = batch(tmp_path, "jsonl", {"id": "1", **FULL}, {"id": "2"})
    assert messages_of(printed(schema(), good, STATE), ended=True)
    for wrong in (
        {**good, "manifest": [*good["manifest"], *good["manifest"]]},
        {**good, "manifest": []},
        {**good, "manifest": [(tmp_path / "nowhere").as_uri()]},
        {**good, "encoding": {"format": "jsonl", "compression": "none"}},
    ):
        with pytest.raises(Breach):
            messages_of(printed(schema(), wrong, STATE), ended=True)
    with pytest.raises(Breach, match="has not come"):
        messages_of(printed(good, STATE), ended=True)
    for row in ({"id": None}, {"id": "1", "more": 1}, {"id": "1", "size": "3"}):
        odd = batch(tmp_path, "jsonl", row)
        with pytest.raises(Breach):
            messages_of(printed(schema(), odd, STATE), ended=True)


def columns_of(**changed: Any) -> Any:
    arrays: dict[str, Any] = {
        "id": pa.array(["1"]),
        "at": pa.array([0], pa.timestamp("us", tz="UTC")),
        "day": pa.array([3], pa.date32()),
        "size": pa.array([3], pa.int64()),
        "data": pa.array([{"tags": ["a"]}], pa.struct({"tags": pa.list_(pa.string())})),
    }
    kept = {name: array for name, array in (arrays | changed).items() if array is not None}
    return pa.table(kept)


def test_columns_of_parquet_files_have_the_types_of_the_schema(tmp_path: Path) -> None:
    good = batch(tmp_path, "parquet", table=columns_of())
    assert messages_of(printed(schema(), good, STATE), ended=True)
    for changed in (
        {"at": pa.array(["2026-01-05T09:15:00.000Z"])},
        {"size": pa.array(["3"])},
        {"size": None},
        {"more": pa.array([1])},
        {"id": pa.array([None], pa.string())},
        {"data": pa.array([{"tags": [1]}], pa.struct({"tags": pa.list_(pa.int64())}))},
    ):
        odd = batch(tmp_path, "parquet", table=columns_of(**changed))
        with pytest.raises(Breach):
            messages_of(printed(schema(), odd, STATE), ended=True)


@given(st.dictionaries(st.sampled_from([*COLUMNS, "more"]), values, max_size=4))
def test_values_are_judged_as_jsonschema_judges_them(held: dict[str, Any]) -> None:
    strict = {"type": "object", "properties": COLUMNS, "additionalProperties": False}
    judge = Draft202012Validator(strict, format_checker=FormatChecker(["date"]))
    ours = check_of({"type": "object", "properties": COLUMNS})(held)
    if isinstance(held.get("at"), str):
        return  # jsonschema knows no date-time without a package of its own
    if any(isinstance(held.get(name), float) for name in ("size",)):
        return  # 3.0 is an integer for jsonschema, and none for a column
    assert (not ours) == judge.is_valid(held)
