"""Lines made a page at a time say what singer-sdk's own would."""

from __future__ import annotations

import copy
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.contrib.msgspec import serialize_jsonl
from singer_sdk.helpers._catalog import pop_deselected_record_properties
from singer_sdk.singerlib import Metadata, MetadataMapping, RecordMessage

from chakra_api.wire.wire_json import encode
from tap_chakra.lines.record_lines import RecordLines
from tap_chakra.records.selection import left_out

EXTRACTED = "2026-11-05T10:00:00.123Z"
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
records = st.lists(st.dictionaries(st.text(), values, max_size=5), max_size=5)


def parsed(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def of_the_sdk(stream: str, record: dict[str, Any], version: int | None) -> dict[str, Any]:
    message = RecordMessage(stream=stream, record=record, version=version)
    line: dict[str, Any] = json.loads(serialize_jsonl(message.to_dict()))
    return line


@given(records, st.none() | st.integers(0, 2**53), st.text(min_size=1))
def test_a_line_says_what_the_sdks_own_would(
    page: list[dict[str, Any]], version: int | None, stream: str
) -> None:
    lines = RecordLines(stream).lines(map(encode, page), version, EXTRACTED)
    assert lines.count(b"\n") == len(page)
    expected = [of_the_sdk(stream, record, version) for record in page]
    assert parsed(lines) == [each | {"time_extracted": EXTRACTED} for each in expected]


def test_without_a_version_there_is_none() -> None:
    (line,) = parsed(RecordLines("users").lines([encode({"id": "a"})], None, EXTRACTED))
    assert list(line) == ["type", "stream", "record", "time_extracted"]
    (line,) = parsed(RecordLines("users").lines([encode({"id": "a"})], 0, EXTRACTED))
    assert line["version"] == 0


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, 10**40])
def test_an_integer_beyond_64_bits_keeps_every_digit(value: int) -> None:
    page = [{"id": "a", "data": {"n": value, "text": "é\n"}}, {"id": "b"}]
    lines = RecordLines("process_lead").lines(map(encode, page), None, EXTRACTED)
    assert [line["record"] for line in parsed(lines)] == page


SCHEMA = {
    "properties": {
        "id": {"type": ["string"]},
        "team": {"type": ["string", "null"]},
        "data": {"type": ["object"], "properties": {"a": {}, "b": {}}},
    }
}


@given(
    st.sets(st.sampled_from([("team",), ("data",), ("data", "a"), ("data", "b")])),
    st.lists(
        st.fixed_dictionaries(
            {"id": st.text()},
            optional={
                "team": scalars,
                "data": st.none()
                | st.fixed_dictionaries({}, optional={"a": values, "b": values, "c": values}),
            },
        ),
        max_size=4,
    ),
)
def test_what_is_not_selected_is_left_out_as_the_sdk_does(
    deselected: set[tuple[str, ...]], page: list[dict[str, Any]]
) -> None:
    metadata = MetadataMapping({(): Metadata(selected=True)})
    for path in deselected:
        crumb = tuple(part for name in path for part in ("properties", name))
        metadata[crumb] = Metadata(selected=False)
    mask = metadata.resolve_selection()
    expected = copy.deepcopy(page)
    for record in expected:
        pop_deselected_record_properties(record, SCHEMA, mask)
    kept = (encode(left_out(record, deselected)) for record in page)
    lines = RecordLines("s").lines(kept, None, EXTRACTED)
    assert [line["record"] for line in parsed(lines)] == expected


def test_no_records_are_no_lines() -> None:
    assert RecordLines("s").lines([], 1, EXTRACTED) == b""


def test_names_that_need_quoting_are_quoted() -> None:
    (line,) = parsed(RecordLines('a "b"\\').lines([encode({"id": 1})], None, EXTRACTED))
    assert line["stream"] == 'a "b"\\'
    assert orjson.loads(RecordLines("é").lines([encode({})], None, EXTRACTED))["stream"] == "é"
