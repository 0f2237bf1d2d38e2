"""Whole ranges: instants in all zones, 64-bit integers, decimals, texts; both directions.

The oracle shares no code with what it judges: days are counted, zones asked of `zoneinfo`, decimal
numbers compared as `Decimal`.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chakra_api.account.account import Attribute, Procedure
from chakra_api.account.people import Directory
from chakra_api.values import exact_json
from chakra_api.values.attribute_types import attribute_type
from tap_chakra.records.row_parser import RowParser
from target_chakra.changes import Change, Reject
from target_chakra.mapping.destinations import Destinations, ValueRules
from target_chakra.mapping.row_mapper import RowMapper
from target_chakra.stream_mapping import StreamMapping

TYPES = ("string", "integer", "decimal", "datetime", "datetimeISO8601", "date", "json")
PROCEDURE = Procedure(
    "cell",
    "p1",
    "Cell",
    tuple(Attribute(f"a_{name}", f"i_{name}", name, attribute_type(name)) for name in TYPES),
)
PEOPLE = Directory.from_users([])
PARSER = RowParser(PROCEDURE, PEOPLE)
COLUMNS = ("id", *(f"a_{name}" for name in TYPES))
MAPPER = RowMapper(
    "cells", StreamMapping("*"), Destinations(PROCEDURE, PEOPLE, ValueRules()), COLUMNS
)
MISFIT = object()
REJECTED = object()
INT64 = 2**63
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


def read(kind: str, wire: str) -> Any:
    """What a column holds; MISFIT if it is null and `_extra_data` holds the value as it came."""
    name = f"a_{kind}"
    body = f'{{"_data":[{{"id":"x","createdAt":1,"data":{{"{name}":{wire}}}}}]}}'.encode()
    (line,) = PARSER.records(body, [0])
    record = json.loads(line, parse_float=Decimal)
    value, text = record["data"][name], record["_extra_data"]
    if value is None and text is not None:
        kept = json.loads(text, parse_float=Decimal)["data"][name]
        came = json.loads(wire, parse_float=Decimal)
        assert typed(kept) == typed(came)
        return MISFIT
    assert text is None
    return value


def typed(value: Any) -> Any:
    """A value that is no other one: true is not 1."""
    return (isinstance(value, bool), value)


def written(kind: str, source: str) -> Any:
    """What goes over the wire; REJECTED if nothing does."""
    row = exact_json.loads(f'{{"id":"x","a_{kind}":{source}}}'.encode())
    assert isinstance(row, dict)
    found = MAPPER(1, 2, row)
    if isinstance(found, Reject):
        return REJECTED
    assert isinstance(found, Change)
    return found.fields.get(f"data.a_{kind}")


def milliseconds(local: datetime, offset: timedelta) -> int:
    """Epoch milliseconds of a wall clock, by counting: fractions are cut."""
    days = local.date().toordinal() - 719_163
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    past = offset.days * 86_400 + offset.seconds
    return (days * 86_400 + seconds - past) * 1000 + local.microsecond // 1000


def spelled(offset: timedelta, style: str) -> str:
    """An offset of whole minutes."""
    minutes = offset.days * 1440 + offset.seconds // 60
    if minutes == 0 and style == "Z":
        return "Z"
    sign, size = ("-", -minutes) if minutes < 0 else ("+", minutes)
    colon = ":" if style in ("Z", ":") else ""
    return f"{sign}{size // 60:02d}{colon}{size % 60:02d}"


fixed = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
zones: st.SearchStrategy[tzinfo] = st.sampled_from(ZONES).map(ZoneInfo) | fixed
clocks = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001 - a wall clock
edges = st.sampled_from(
    ["0001-01-03", "1969-12-31T23:59:59.999999", "1971-06-15", "9999-12-29"]
).map(datetime.fromisoformat)
styles = st.tuples(
    st.sampled_from(["T", " "]),
    st.sampled_from(["Z", ":", ""]),
    st.sampled_from([0, 1, 3, 6, 7, 9, 12]),
)


def iso(local: datetime, offset: timedelta, style: tuple[str, str, int]) -> str:
    """A wall clock as a text, with so many digits of a fraction (the rest is cut)."""
    between, colon, digits = style
    fraction = f"{local.microsecond:06d}".ljust(12, "9")[:digits]
    clock = f"{local.hour:02d}:{local.minute:02d}:{local.second:02d}"
    day = f"{local.year:04d}-{local.month:02d}-{local.day:02d}"
    return f"{day}{between}{clock}{'.' * bool(digits)}{fraction}{spelled(offset, colon)}"


def cut(local: datetime, digits: int) -> datetime:
    """The clock as a text of so many digits has it."""
    kept = int(f"{local.microsecond:06d}"[:digits].ljust(6, "0") or 0)
    return local.replace(microsecond=kept)


def whole_minutes(zone: tzinfo, local: datetime) -> timedelta:
    """The zone's offset then, the seconds of old local times left out."""
    offset = local.replace(tzinfo=zone).utcoffset()
    assert offset is not None
    return timedelta(minutes=(offset.days * 86_400 + offset.seconds) // 60)


@given(clocks | edges, zones, styles)
def test_an_instant_in_any_zone_and_spelling_is_that_instant(
    local: datetime, zone: tzinfo, style: tuple[str, str, int]
) -> None:
    offset = whole_minutes(zone, local)
    text = json.dumps(iso(local, offset, style))
    expected = milliseconds(cut(local, style[2]), offset)
    assert written("datetime", text) == expected
    shown = iso(local, offset, style).partition(".")[2][3 : style[2]]
    for kind in ("datetime", "datetimeISO8601"):
        found = read(kind, text)
        # A column of milliseconds does not hold what is finer: the law's first line.
        assert (found is MISFIT) if shown.strip("0") else moment(found) == expected


def moment(value: Any) -> Any:
    """The milliseconds of a record's text, by counting."""
    assert isinstance(value, str), value
    assert value[-1] == "Z"
    day, _, clock = value[:-1].partition("T")
    year, month, date = map(int, day.split("-"))
    hour, minute, second = clock.split(":")
    whole, _, fraction = second.partition(".")
    local = datetime(year, month, date, int(hour), int(minute), int(whole))  # noqa: DTZ001
    return milliseconds(local, timedelta(0)) + int(fraction.ljust(3, "0")[:3])


@given(st.integers(FIRST_MS, LAST_MS))
@example(45_792_000_000)
@example(99_999_999_999)
@example(FIRST_MS)
@example(LAST_MS)
@example(-1)
def test_milliseconds_are_milliseconds_whatever_their_size(value: int) -> None:
    assert written("datetime", str(value)) == value
    for wire in (str(value), f'"{value}"'):
        assert moment(read("datetime", wire)) == value


@given(st.integers(1, 3_652_059))
@example(1)
@example(3_652_059)
def test_a_day_is_that_day_both_ways(ordinal: int) -> None:
    day = datetime.fromordinal(ordinal).date().isoformat()
    value = (ordinal - 719_163) * 86_400_000
    assert read("date", str(value)) == day
    assert written("date", f'"{day}"') == value
    assert written("date", str(value)) == value


@given(st.integers(1, 3_652_059), st.integers(1, 86_399_999))
def test_a_time_of_day_is_no_date(ordinal: int, past: int) -> None:
    value = (ordinal - 719_163) * 86_400_000 + past
    assert read("date", str(value)) is MISFIT
    assert written("date", str(value)) is REJECTED


near = st.sampled_from([2**53, 2**63, 2**64, 2**31, 10**18, 10**19]).flatmap(
    lambda edge: st.integers(edge - 3, edge + 3)
)
integers = st.integers(-INT64 - 5, INT64 + 5) | near | near.map(lambda value: -value)


@given(integers)
def test_integers_are_themselves_or_not_at_all(value: int) -> None:
    inside = -INT64 <= value < INT64
    for text in (str(value), f'"{value}"'):
        assert read("integer", text) == (value if inside else MISFIT)
        assert written("integer", text) == (value if inside else REJECTED)
    assert read("string", str(value)) == str(value)
    assert written("string", str(value)) == str(value)
    assert read("json", f'{{"n":{value}}}') in ({"n": value}, f'{{"n":{value}}}')
    assert written("json", f'{{"n":{value}}}') == {"n": value}


@given(integers)
def test_whole_floats_below_two_to_the_fifty_third_are_integers(value: int) -> None:
    small = abs(value) < 2**53
    assert read("integer", f"{value}.0") == (value if small else MISFIT)
    assert written("integer", f"{value}.0") == (value if small else REJECTED)


digits = st.integers(1, 40).flatmap(
    lambda count: st.text("0123456789", min_size=count, max_size=count)
)


@st.composite
def decimals(draw: st.DrawFn) -> str:
    """A decimal number of up to 40 digits as JSON spells it."""
    shown = draw(digits)
    point = draw(st.integers(1, len(shown)))
    whole, fraction = shown[:point].lstrip("0") or "0", shown[point:]
    sign = draw(st.sampled_from(["", "-"]))
    exponent = draw(st.sampled_from(["", "", "", "e5", "E-7", "e+20", "e-300", "e300", "e400"]))
    return f"{sign}{whole}{'.' + fraction if fraction else ''}{exponent}"


def fits_a_double(text: str) -> bool:
    value = float(text)
    return repr(value) not in ("inf", "-inf") and Decimal(repr(value)) == Decimal(text)


@given(text=decimals() | st.floats(allow_nan=False, allow_infinity=False).map(repr))
@example(text="3.14159265358979323846")
@example(text="0.300000000000000041")
@example(text="9007199254740993")
@example(text="1e400")
@example(text="1e-400")
@pytest.mark.parametrize("quoted", [False, True], ids=["number", "text"])
def test_a_decimal_is_a_double_only_if_that_is_the_same_number(text: str, *, quoted: bool) -> None:
    source = f'"{text}"' if quoted else text
    found, sent = read("decimal", source), written("decimal", source)
    if fits_a_double(text):
        assert Decimal(found) == Decimal(text)
        assert Decimal(repr(sent)) == Decimal(text)
    else:
        assert found is MISFIT
        assert sent is REJECTED


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts)
def test_texts_of_all_of_unicode_are_themselves(text: str) -> None:
    wire = json.dumps(text)
    if "\0" not in text:
        assert read("string", wire) == text
        assert read("json", f"[{wire}]") in (
            [text],
            json.dumps([text], ensure_ascii=False).replace('", "', '","'),
        )
    assert written("string", wire) == (text or None)
    assert written("json", f"[{wire}]") == [text]


@given(decimals())
def test_a_text_column_holds_the_digits_of_a_number_as_they_stand(text: str) -> None:
    assume(text != "-0")  # an integer: there is one zero among them
    assert read("string", text) == text
