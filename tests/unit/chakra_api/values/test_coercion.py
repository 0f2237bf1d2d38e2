"""Coercion: a value that fits, or a misfit. Nothing is rounded, nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from chakra_api.values.attribute_types import BY_NAME, attribute_type
from chakra_api.values.coercion import (
    MISFIT,
    to_boolean,
    to_integer,
    to_number,
    to_string,
)
from chakra_api.values.time_reading import date_reader, time_reader
from chakra_api.values.times import UTC
from tests.support.json_values import values

to_date, to_datetime = date_reader(UTC), time_reader(UTC)
TYPES = sorted(BY_NAME)
CHECKER = FormatChecker()


@given(st.sampled_from(TYPES), values)
def test_a_value_fits_its_schema_or_is_a_misfit(name: str, value: object) -> None:
    kind = attribute_type(name)
    coerced = kind.reader()(value)
    if coerced is not MISFIT:
        Draft202012Validator(dict(kind.json_schema), format_checker=CHECKER).validate(coerced)


@given(st.sampled_from([t for t in TYPES if attribute_type(t).arrow_name == "int64"]), values)
def test_integers_are_never_rounded(name: str, value: object) -> None:
    coerced = attribute_type(name).reader()(value)
    if isinstance(coerced, int) and isinstance(value, (int, float)):
        assert coerced == value


@given(st.integers(-(2**80), 2**80))
def test_a_number_is_exact_or_a_misfit(value: int) -> None:
    coerced = to_number(value)
    assert coerced is MISFIT or coerced == value


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_survives_as_text(value: int) -> None:
    assert to_integer(str(value)) == value
    assert to_string(value) == str(value)


@pytest.mark.parametrize(
    ("coerce", "value", "coerced"),
    [
        (to_integer, "105", 105),
        (to_integer, 5.0, 5),
        (to_integer, 5.5, MISFIT),
        (to_integer, True, MISFIT),
        (to_integer, 2**63, MISFIT),
        (to_integer, "", None),
        (to_number, "8.5", 8.5),
        (to_number, 2**53 + 1, MISFIT),
        (to_number, "1e999", MISFIT),
        (to_boolean, "True", True),
        (to_boolean, "yes", MISFIT),
        (to_boolean, 1, MISFIT),
        (to_string, 5, "5"),
        (to_string, "", ""),
        (to_string, {"a": 1}, MISFIT),
        (to_datetime, 1_767_225_600_123, "2026-01-01T00:00:00.123Z"),
        (to_datetime, "2026-01-01T05:30:00+05:30", "2026-01-01T00:00:00.000Z"),
        (to_datetime, "2026-01-01T00:00:00.123456Z", MISFIT),
        (to_datetime, 0, "1970-01-01T00:00:00.000Z"),
        (to_datetime, "soon", MISFIT),
        (to_date, 1_767_225_600_000, "2026-01-01"),
        (to_date, 1_767_225_600_001, MISFIT),
        (to_date, "2026-01-01", "2026-01-01"),
        (to_date, "2026-02-31", MISFIT),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_the_samples_show(coerce: object, value: object, coerced: object) -> None:
    assert callable(coerce)
    assert coerce(value) == coerced


@pytest.mark.parametrize(
    ("name", "value", "coerced"),
    [
        ("stringEnum", "pune", "pune"),
        ("stringEnum", {"value": "pune", "label": "Pune"}, "pune"),
        ("stringEnum", {"value": "pune", "colour": "red"}, MISFIT),
        ("integerEnum", {"id": 3}, 3),
        ("multiStringEnum", ["a", {"value": "b"}], ["a", "b"]),
        ("multiString", '["a","b"]', ["a", "b"]),
        ("multiString", "a", ["a"]),
        ("multiIntegerEnum", [1, "x"], MISFIT),
        ("geolocation", [18.5, "73.8"], [18.5, 73.8]),
        ("geolocation", {"lat": 1}, MISFIT),
        ("json", {"b": 1, "a": [None]}, '{"a":[null],"b":1}'),
        ("json", "text", '"text"'),
        ("customObject", None, None),
        ("neverHeardOf", {"a": 1}, '{"a":1}'),
        ("Date Time", 1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
        ("string_enum", "x", "x"),
    ],
    ids=str,
)
def test_types_are_found_by_name_however_it_is_spelled(
    name: str, value: object, coerced: object
) -> None:
    assert attribute_type(name).reader()(value) == coerced


def test_an_unknown_type_falls_back_to_its_datatype() -> None:
    assert attribute_type("neverHeardOf", "integer").reader()("7") == 7
