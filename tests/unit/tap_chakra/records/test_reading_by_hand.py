"""What each value of the wire becomes, written by hand, in every output alike (`values.md`)."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.account.account import Attribute, Procedure, State
from chakra_api.account.people import Directory
from chakra_api.values.attribute_types import attribute_type
from chakra_api.values.times import UTC, Times
from chakra_api.wire.wire_json import decode, encode
from tap_chakra.records.row_parser import RowParser
from tap_chakra.records.row_typer import compile_row
from tap_chakra.records.selection import left_out
from tap_chakra.second.beginning import Beginning
from tap_chakra.tables.table_builder import TableBuilder, plain_layout

INDIA = timezone(timedelta(hours=5, minutes=30))
TEAM = Times(INDIA, INDIA)
SECONDS = Times(unit_ms=1000)
NOBODY = Directory([])
TYPES = [
    "string",
    "integer",
    "float",
    "decimal",
    "boolean",
    "date",
    "dateTime",
    "datetimeISO8601",
    "json",
    "multiString",
    "stringEnum",
    "multiStringEnum",
    "integerEnum",
    "user",
]
PROCEDURE = Procedure(
    "lead",
    "p1",
    "Lead",
    attributes=tuple(Attribute(f"a_{t}", f"id-{t}", t, attribute_type(t)) for t in TYPES),
    states=(State("NEW", "s1", "New"),),
)
NEIGHBOURS = (
    b'{"id":"n"}',
    b'{"id":"n","data":{"a_json":NaN}}',
    b'{"id":"n","data":{"a_string":"x\\u0000y","a_float":0.1000000000000000055}}',
    b'{"id":"n","data":{"a_string":12345678901234567890}}',
)
Both = tuple[Any, Any]


def _whole(value: object) -> object:
    """A value of an Arrow table as a record has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _double(text: str) -> str:
    return repr(float(text))


def outputs(row: bytes, times: Times = UTC, deselected: Any = ()) -> list[dict[str, Any]]:
    """The record of a row by every way that there is, the last one being Arrow's."""
    made = []
    for neighbour in NEIGHBOURS:
        parser = RowParser(PROCEDURE, NOBODY, times, deselected)
        made += parser.records(b'{"_data":[%s,%s]}' % (row, neighbour), [0])
    parsed: Any = decode(row)
    typer = compile_row(PROCEDURE, NOBODY, times, deselected)
    made.append(encode(left_out(typer(parsed), deselected)))
    records = [json.loads(each, parse_float=_double) for each in made]
    for layout in ("structs", "json", "columns"):
        plain = plain_layout(PROCEDURE, layout)
        table = TableBuilder(PROCEDURE, NOBODY, plain, times, deselected)([parsed, {"id": "n"}])
        (told, _) = table.to_pylist()
        held = {name: _whole(value) for name, value in told.items()}
        if layout == "json":
            held["data"] = json.loads(held["data"] or "{}", parse_float=_double)
        elif layout == "columns":
            data = {key[6:]: value for key, value in held.items() if key.startswith("data__")}
            held["data"] = {key: value for key, value in data.items() if value is not None}
        else:
            held["data"] = {
                key: _whole(value)
                for key, value in (told["data"] or {}).items()
                if value is not None
            }
        shown = json.dumps(
            {**held, "data": {key: _whole(each) for key, each in held["data"].items()}}
        )
        records.append(json.loads(shown, parse_float=_double))
    return records


def column(kind: str, wire: str, times: Times = UTC) -> Both:
    """What an attribute's column and `_extra_data` hold of a value, whatever way it went."""
    row = b'{"id":"r","data":{"a_%s":%s}}' % (kind.encode(), wire.encode())
    found = set()
    for record in outputs(row, times):
        value, extra = (record["data"] or {}).get(f"a_{kind}"), record["_extra_data"]
        found.add((json.dumps(value), extra))
    assert len(found) == 1, found
    ((value, extra),) = found
    return json.loads(value), extra


def misfit(kind: str, wire: str) -> Both:
    return None, '{"data":{"a_%s":%s}}' % (kind, wire)  # noqa: UP031 - braces of JSON


DATES = [
    ("45792000000", "1971-06-15"),
    ("45792000000.0", "1971-06-15"),
    ('"45792000000"', "1971-06-15"),
    ("-86400000", "1969-12-31"),
    ("0", "1970-01-01"),
    ('"0"', "1970-01-01"),
    ("1767571200000", "2026-01-05"),
    ("1767551400000", "2026-01-05"),  # midnight of the team, five and a half hours before
    ('"2026-01-05"', "2026-01-05"),
    ('"2026-01-05T00:00:00"', "2026-01-05"),
    ('"2026-01-05T00:00:00+05:30"', "2026-01-05"),
    ('"2026-01-05T00:00:00Z"', "2026-01-05"),
]


@pytest.mark.parametrize(("wire", "day"), DATES)
def test_a_day_begins_at_midnight_in_utc_or_of_the_team(wire: str, day: str) -> None:
    assert column("date", wire, TEAM) == (day, None)


@pytest.mark.parametrize(
    "wire", ["1767571200001", "1767555000000", "45792000000.5", '"2026-01-05T09:15:00"', "true"]
)
def test_what_is_no_midnight_is_no_day(wire: str) -> None:
    assert column("date", wire, TEAM) == misfit("date", wire)


def test_the_teams_midnight_is_none_in_another_zone() -> None:
    assert column("date", "1767551400000") == misfit("date", "1767551400000")


@pytest.mark.parametrize("kind", ["dateTime", "datetimeISO8601"])
@pytest.mark.parametrize(
    ("wire", "instant"),
    [
        ("45792000000", "1971-06-15T00:00:00.000Z"),
        ('"45792000000"', "1971-06-15T00:00:00.000Z"),
        ("45792000000.0", "1971-06-15T00:00:00.000Z"),
        ('"2026-01-05T09:15:00"', "2026-01-05T03:45:00.000Z"),
        ('"2026-01-05 09:15:00.120"', "2026-01-05T03:45:00.120Z"),
        ('"2026-01-05"', "2026-01-04T18:30:00.000Z"),
        ('"2026-01-05T09:15:00+01:00"', "2026-01-05T08:15:00.000Z"),
        ('"2026-01-05T09:15:00Z"', "2026-01-05T09:15:00.000Z"),
    ],
)
def test_a_time_without_a_zone_is_the_teams(kind: str, wire: str, instant: str) -> None:
    assert column(kind, wire, TEAM) == (instant, None)


@pytest.mark.parametrize(
    "wire", ["45792000000.5", '"45792000000.5"', '"2026-01-05T09:15:00.1234567Z"']
)
def test_a_time_finer_than_a_millisecond_is_kept_as_it_came(wire: str) -> None:
    assert column("dateTime", wire, TEAM) == misfit("dateTime", wire)


@pytest.mark.parametrize(
    ("kind", "wire", "said"),
    [
        ("date", "45792000", "1971-06-15"),
        ("dateTime", "1767571200", "2026-01-05T00:00:00.000Z"),
        ("dateTime", "1767571200.25", "2026-01-05T00:00:00.250Z"),
        ("dateTime", '"1767571200"', "2026-01-05T00:00:00.000Z"),
        ("dateTime", '"2026-01-05T09:15:00Z"', "2026-01-05T09:15:00.000Z"),
    ],
)
def test_an_account_that_speaks_seconds_is_understood(kind: str, wire: str, said: str) -> None:
    assert column(kind, wire, SECONDS) == (said, None)


@pytest.mark.parametrize("name", ["createdAt", "updatedAt", "nextActionAt", "completedAt"])
@pytest.mark.parametrize(
    ("wire", "times", "instant"),
    [
        ("45792000000", TEAM, "1971-06-15T00:00:00.000Z"),
        ('"45792000000"', TEAM, "1971-06-15T00:00:00.000Z"),
        ("45792000000.0", TEAM, "1971-06-15T00:00:00.000Z"),
        ('"2026-01-05T09:15:00"', TEAM, "2026-01-05T03:45:00.000Z"),
        ("1767571200", SECONDS, "2026-01-05T00:00:00.000Z"),
        ("0", TEAM, None),
        ('"0"', TEAM, None),
        ('""', TEAM, None),
    ],
)
def test_root_times(name: str, wire: str, times: Times, instant: str | None) -> None:
    row = b'{"id":"r","%s":%s}' % (name.encode(), wire.encode())
    found = {(record[name], record["_extra_data"]) for record in outputs(row, times)}
    assert found == {(instant, None)}


DIGITS = [
    "1.50",
    "1e-7",
    "1E5",
    "-0.0",
    "1e400",
    "9007199254740993.0",
    "18446744073709551616",
    "123456789012345678901",
    "0.1000000000000000055",
    "105",
    "8.5",
]


@pytest.mark.parametrize("kind", ["string", "stringEnum", "user"])
@pytest.mark.parametrize("digits", DIGITS)
def test_a_text_holds_a_numbers_digits_as_they_came(kind: str, digits: str) -> None:
    assert column(kind, digits) == (digits, None)


@pytest.mark.parametrize("digits", DIGITS)
def test_a_list_of_texts_does_too(digits: str) -> None:
    assert column("multiString", f'["a",{digits}]') == (["a", digits], None)


@pytest.mark.parametrize("digits", DIGITS)
def test_json_is_exact(digits: str) -> None:
    assert column("json", '{"a":[%s]}' % digits) == ('{"a":[%s]}' % digits, None)  # noqa: UP031


@pytest.mark.parametrize(
    ("wire", "number"),
    [
        ("9223372036854775807", 9223372036854775807),
        ("-9223372036854775808", -9223372036854775808),
        ('"9223372036854775807"', 9223372036854775807),
        ("5.00", 5),
        ("9007199254740991.0", 9007199254740991),
        ('" 105 "', 105),
    ],
)
def test_an_integer_has_64_bits(wire: str, number: int) -> None:
    assert column("integer", wire) == (number, None)


@pytest.mark.parametrize(
    "wire",
    [
        "9223372036854775808",
        "18446744073709551616",
        "9007199254740993.0",
        "9007199254740992.0",
        "1.50",
        '"9223372036854775808"',
        "1e400",
    ],
)
def test_a_number_that_is_no_integer_is_kept_as_it_came(wire: str) -> None:
    assert column("integer", wire) == misfit("integer", wire)
    assert column("integerEnum", wire) == misfit("integerEnum", wire)


@pytest.mark.parametrize("kind", ["float", "decimal"])
@pytest.mark.parametrize(
    ("wire", "number"),
    [("1.50", "1.5"), ("1e-7", "1e-07"), ('"8.50"', "8.5"), ("3", "3.0"), ("0.1", "0.1")],
)
def test_a_float_is_its_shortest_spelling(kind: str, wire: str, number: str) -> None:
    value, extra = column(kind, wire)
    assert (float(value), extra) == (float(number), None)


@pytest.mark.parametrize("kind", ["float", "decimal"])
@pytest.mark.parametrize(
    "wire",
    [
        '"123456789012345678901"',
        '"9007199254740993.0"',
        "9007199254740993.0",
        "123456789012345678901",
        "12345678901234567.89",
        "0.1000000000000000055",
        "1e400",
        "1e-400",
    ],
)
def test_digits_that_a_double_does_not_hold_are_kept_as_they_came(kind: str, wire: str) -> None:
    assert column(kind, wire) == misfit(kind, wire)


@pytest.mark.parametrize(
    ("kind", "wire", "held"),
    [
        ("string", '"a\\u0000b"', "ab"),
        ("user", '"a\\u0000b"', "ab"),
        ("multiString", '["a","b\\u0000c"]', ["a", "bc"]),
        ("multiStringEnum", '["a","b\\u0000c"]', ["a", "bc"]),
        ("stringEnum", '"a\\u0000"', "a"),
    ],
)
def test_a_text_loses_nul_and_is_kept_exactly(kind: str, wire: str, held: object) -> None:
    assert column(kind, wire) == (held, misfit(kind, wire)[1])


def test_json_loses_nul_as_other_texts_do() -> None:
    exact = '{"data":{"a_json":{"a":"x\\u0000"}}}'
    assert column("json", '{"a":"x\\u0000"}') == ('{"a":"x"}', exact)


def test_root_texts_lose_nul() -> None:
    row = b'{"id":"r\\u0000","status":"OP\\u0000EN","state":"N\\u0000","odd":"\\u0000"}'
    extra = '{"id":"r\\u0000","odd":"\\u0000","state":"N\\u0000","status":"OP\\u0000EN"}'
    for record in outputs(row):
        assert (record["id"], record["status"], record["state"]) == ("r", "OPEN", "N")
        assert record["_extra_data"] == extra


DESELECTED = (("data", "a_integer"), ("data", "a_date"), ("createdAt",), ("team",))
SECRET = "424242"  # noqa: S105 - no password: a value to look for


@pytest.mark.parametrize(
    "row",
    [
        '{"id":"r","data":{"a_integer":"x424242","a_string":"kept"}}',
        '{"id":"r","data":{"id-integer":"x424242","a_string":"kept"}}',
        '{"id":"r","data":{"a_integer":424242,"a_string":"kept","a_date":424242}}',
        '{"id":"r","createdAt":"x424242","data":{"a_string":"kept"}}',
        '{"id":"r","team":{"id":"t","name":"424242"},"data":{"a_string":"kept"}}',
    ],
)
def test_what_is_not_selected_appears_nowhere(row: str) -> None:
    typer = compile_row(PROCEDURE, NOBODY, UTC, DESELECTED)
    typed: Any = decode(row.encode())
    typer(typed)
    assert not typer.misfits
    for record in outputs(row.encode(), UTC, DESELECTED):
        assert SECRET not in json.dumps(
            {name: each for name, each in record.items() if name not in {"data", "createdAt"}}
        )
        assert record["_extra_data"] is None
        assert record["data"]["a_string"] == "kept"


def test_a_deselected_object_leaves_nothing_behind() -> None:
    row = b'{"id":"r","data":{"a_integer":"x","odd":1},"derivedData":7}'
    for record in outputs(row, UTC, (("data",),)):
        assert record["_extra_data"] == '{"derivedData":7}'


def test_odd_values_are_counted_by_both_ways() -> None:
    page = (
        b'{"_data":[{"id":"1","createdAt":"2026-01-05T09:15:00","data":{"a_string":"a\\u0000",'
        b'"a_dateTime":"2026-01-05T09:15:00","a_date":"2026-01-05T00:00:00"}},'
        b'{"id":"2","data":{"a_dateTime":"2026-01-05T09:15:00","a_string":"2026-01-05T09:15:00"}}]}'
    )
    parsed: Any = decode(page)
    typer, builder = compile_row(PROCEDURE, NOBODY, TEAM), None
    list(map(typer, parsed["_data"]))
    parser = RowParser(PROCEDURE, NOBODY, TEAM)
    parser.records(page, [0, 1])
    builder = TableBuilder(PROCEDURE, NOBODY, plain_layout(PROCEDURE, "structs"), TEAM)
    builder(parsed["_data"])
    for counts in (typer, parser.typer, builder):
        assert counts.zoneless == {"a_dateTime": 2, "a_date": 1, "createdAt": 1}
        assert counts.nul == {"a_string": 1}
        assert counts.misfits == {}


def test_a_second_process_reads_as_the_first() -> None:
    config: dict[str, Any] = {
        "team": {"id": "t", "timezone": "+0530", "big": 2**70},
        "procedures": [{"id": "p1", "shortId": "lead", "attributes": ["x"]}],
        "attributes": [{"id": "x", "shortId": "x", "attributeType": {"name": "datetime"}}],
    }
    for naive, unit, wire, said in (
        (None, 1, '"2026-01-05T09:15:00"', "2026-01-05T03:45:00.000Z"),
        ("Europe/Berlin", 1, '"2026-01-05T09:15:00"', "2026-01-05T08:15:00.000Z"),
        (None, 1000, "45792000", "1971-06-15T00:00:00.000Z"),
    ):
        beginning = Beginning(config, [], "lead", "s", (), naive, unit)
        parser = RowParser(*Beginning.decoded(beginning.encoded()).typing())
        body = b'{"_data":[{"id":"r","data":{"x":%s}}]}' % wire.encode()
        (record,) = parser.records(body, [0])
        assert json.loads(record)["data"]["x"] == said


numbers = st.from_regex(
    re.compile(r"-?(0|[1-9]\d{0,24})(\.\d{1,24})?([eE][+-]?\d{1,3})?", re.ASCII), fullmatch=True
).filter(lambda digits: digits != "-0")
wires = st.one_of(
    numbers,
    numbers.map(json.dumps),
    st.text(max_size=6).map(json.dumps),
    st.sampled_from(["a\0b", "2026-01-05T09:15:00", "2026-01-05", ""]).map(json.dumps),
    st.lists(numbers, max_size=2).map(lambda each: f"[{','.join(each)}]"),
    st.integers(-(10**14), 10**14).map(str),
)


@given(st.sampled_from(TYPES), wires, st.sampled_from([UTC, TEAM, SECONDS]))
def test_every_way_reads_every_value_alike(kind: str, wire: str, times: Times) -> None:
    column(kind, wire, times)


@given(numbers)
def test_no_digit_is_ever_lost(digits: str) -> None:
    assert column("string", digits) == (digits, None)
    for kind in ("integer", "float"):
        value, extra = column(kind, digits)
        if value is None:
            assert extra == misfit(kind, digits)[1]
