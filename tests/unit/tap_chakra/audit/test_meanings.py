"""Prints are equal exactly where values mean the same, by whichever type a table holds them."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.audit.meanings import (
    FINEST,
    NOTHING,
    Grain,
    Meaning,
    NotComparable,
    grain_of,
    prints,
)

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
MILLISECONDS = st.integers(-60_000_000_000_000, 250_000_000_000_000)
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=64)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def one(value: Any, kind: pa.DataType, meaning: Meaning) -> int:
    (found,) = prints(pa.array([value], kind), meaning)
    return found


def at(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


@given(INT64)
def test_a_whole_number_is_itself_in_any_type(number: int) -> None:
    wanted = one(number, pa.int64(), Meaning.INTEGER)
    assert wanted == number
    assert one(Decimal(number), pa.decimal128(38, 0), Meaning.INTEGER) == wanted
    assert one(str(number), pa.string(), Meaning.INTEGER) == wanted
    assert one(f"{number}.0", pa.string(), Meaning.INTEGER) == wanted


@given(INT64, INT64)
def test_two_whole_numbers_have_two_prints(first: int, second: int) -> None:
    left, right = (one(n, pa.int64(), Meaning.INTEGER) for n in (first, second))
    assert (left == right) == (first == second)


@given(FLOATS)
def test_a_number_is_its_value(number: float) -> None:
    wanted = one(number, pa.float64(), Meaning.NUMBER)
    assert one(repr(number), pa.string(), Meaning.NUMBER) == wanted
    assert (one(0.0, pa.float64(), Meaning.NUMBER) == wanted) == (number == 0)


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_a_decimal_is_the_number_that_it_spells(digits: int, scale: int) -> None:
    value = Decimal(digits).scaleb(-scale)
    kind = pa.decimal128(38, scale)
    assert one(value, kind, Meaning.NUMBER) == one(float(value), pa.float64(), Meaning.NUMBER)


@given(MILLISECONDS)
def test_an_instant_is_its_millisecond_whatever_its_unit_and_zone(ms: int) -> None:
    naive = at(ms).replace(tzinfo=None)
    kinds = [pa.timestamp(unit, zone) for unit in ("ms", "us") for zone in (None, "UTC")]
    found = {one(at(ms) if kind.tz else naive, kind, Meaning.INSTANT) for kind in kinds}
    text = at(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    shifted = at(ms).astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
    found |= {one(each, pa.string(), Meaning.INSTANT) for each in (text, shifted)}
    assert found == {ms}


@given(st.dates(date(1000, 1, 1), date(9000, 1, 1)))
def test_a_day_is_itself_as_date_as_time_and_as_text(day: date) -> None:
    wanted = one(day, pa.date32(), Meaning.DAY)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - as a loader stores it
    assert one(midnight, pa.timestamp("us"), Meaning.DAY) == wanted
    assert one(day.isoformat(), pa.string(), Meaning.DAY) == wanted
    assert one(day + timedelta(days=1), pa.date32(), Meaning.DAY) == wanted + 1


@pytest.mark.parametrize(("flag", "spelled"), [(True, ["true", "1", "t"]), (False, ["False", "0"])])
def test_a_flag_is_itself_as_number_and_as_word(flag: bool, spelled: list[str]) -> None:  # noqa: FBT001 - a parameter of the test
    wanted = one(flag, pa.bool_(), Meaning.FLAG)
    assert one(int(flag), pa.int32(), Meaning.FLAG) == wanted
    assert {one(each, pa.string(), Meaning.FLAG) for each in spelled} == {wanted}


@given(JSON)
def test_json_means_the_same_in_any_order_of_its_keys(value: Any) -> None:
    def backwards(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {name: backwards(inner[name]) for name in reversed(inner)}
        return [backwards(each) for each in inner] if isinstance(inner, list) else inner

    text, other = json.dumps(value), json.dumps(backwards(value), indent=2)
    assert one(text, pa.string(), Meaning.JSON) == one(other, pa.string(), Meaning.JSON)


@given(st.lists(st.text(max_size=5), max_size=5), st.lists(st.text(max_size=5), max_size=5))
def test_a_list_is_the_json_that_it_would_be(first: list[str], second: list[str]) -> None:
    listed = one(first, pa.list_(pa.string()), Meaning.JSON)
    texts = [one(json.dumps(each), pa.string(), Meaning.JSON) for each in (first, second)]
    assert listed == texts[0]
    assert (listed == texts[1]) == (first == second)


@pytest.mark.parametrize("meaning", Meaning)
def test_nothing_is_nothing_and_what_can_not_be_read_equals_nothing_else(meaning: Meaning) -> None:
    found = prints(pa.array([None, "no such thing {"], pa.string()), meaning)
    assert found[0] == NOTHING
    assert found[1] not in {NOTHING, *range(-10, 10)}
    assert prints(pa.nulls(2), meaning) == [NOTHING, NOTHING]


@pytest.mark.parametrize(
    ("meaning", "kind", "declared", "grain"),
    [
        (Meaning.INSTANT, pa.timestamp("s"), "", Grain(1000)),
        (Meaning.INSTANT, pa.date32(), "", Grain(86_400_000)),
        (Meaning.INSTANT, pa.timestamp("ns"), "", FINEST),
        (Meaning.NUMBER, pa.decimal128(18, 2), "DECIMAL(18,2)", Grain(digits=2)),
        (Meaning.NUMBER, pa.decimal128(18, 2), "numeric", FINEST),
        (Meaning.NUMBER, pa.float32(), "FLOAT", Grain(single=True)),
    ],
)
def test_a_coarser_type_has_its_grain(
    meaning: Meaning, kind: pa.DataType, declared: str, grain: Grain
) -> None:
    assert grain_of(meaning, kind, declared) == grain
    assert bool(grain.said) == (grain != FINEST)


@pytest.mark.parametrize(
    ("meaning", "kind"),
    [
        (Meaning.INSTANT, pa.int64()),
        (Meaning.DAY, pa.float64()),
        (Meaning.TEXT, pa.binary()),
        (Meaning.INTEGER, pa.timestamp("us")),
        (Meaning.TEXT, pa.timestamp("us")),
    ],
)
def test_a_type_that_can_not_mean_it_is_not_compared(meaning: Meaning, kind: pa.DataType) -> None:
    with pytest.raises(NotComparable, match="the table holds"):
        grain_of(meaning, kind)


@given(FLOATS.filter(lambda number: 1e-30 < abs(number) < 1e30))
def test_a_short_float_is_its_number_and_its_neighbour_is_not(number: float) -> None:
    short = pa.array([number], pa.float64()).cast(pa.float32(), safe=False)
    left, right = one(number, pa.float64(), Meaning.NUMBER), prints(short, Meaning.NUMBER)[0]
    grain = Grain(single=True)
    assert left == right or grain.takes_for_one(left, right)
    assert not grain.takes_for_one(left, one(number * 1.001, pa.float64(), Meaning.NUMBER))
    assert not grain.takes_for_one(left, NOTHING)


@given(MILLISECONDS, st.integers(-5000, 5000))
def test_times_of_seconds_are_one_within_a_second(ms: int, more: int) -> None:
    assert Grain(1000).takes_for_one(ms, ms + more) == (abs(more) < 1000)


def test_nothing_and_an_empty_text_are_two_values() -> None:
    first, second = prints(pa.array(["", None], pa.string()), Meaning.TEXT)
    assert first != second
    assert not FINEST.takes_for_one(first, second)
