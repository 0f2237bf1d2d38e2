"""What a column of either side means, as one number a row: equal where the values mean the same.

A whole number, a time, a flag and a day are the number themselves, a float is its bits, and a text
is its hash in this very process. So a row of thirty columns is 240 bytes, whatever it weighs, and
what differs can be named by column.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from enum import Enum
from struct import Struct
from typing import TYPE_CHECKING, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from chakra_api.values.coercion import INT64
from chakra_api.values.timestamps import DAY_MS, parse_timestamp, plain_day
from tap_chakra.audit.json_meaning import json_print

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Prints: TypeAlias = "list[int]"
"""A number for each row, between -2**63 and 2**63 - 1."""

NOTHING: Final = -0x5D1C_7A3E_90B2_46F1
"""The number of a value that is not there."""
_MS_IN_MICROSECONDS: Final = 1000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_SECOND_MS: Final = 1000
_DIGITS: Final = re.compile(r"\(\s*\d+\s*,\s*(\d+)\s*\)")
_FLAGS: Final = {
    "true": 1, "t": 1, "1": 1, "yes": 1, "false": 0, "f": 0, "0": 0, "no": 0,
}  # fmt: skip


class Meaning(str, Enum):
    """What the values of a column are."""

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    FLAG = "true or false"
    INSTANT = "time"
    DAY = "day"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class Grain:
    """How finely a table tells the values of a column; less finely, it may have cut or rounded.

    Attributes:
        milliseconds: Of a time.
        digits: Of a number, behind its point; None for all.
        single: Whether a number has the 24 bits of a short float.
    """

    milliseconds: int = 1
    digits: int | None = None
    single: bool = False

    @property
    def said(self) -> str:
        """In words; empty where nothing is left out."""
        if self.milliseconds > 1:
            return "to the day" if self.milliseconds == DAY_MS else "to the second"
        if self.digits is not None:
            return f"to {self.digits} digits behind the point"
        return "to seven digits" if self.single else ""

    def takes_for_one(self, left: int, right: int) -> bool:
        """Whether two prints that differ may be one value that a table tells less finely."""
        if NOTHING in (left, right):
            return False
        if self.milliseconds > 1:
            return abs(left - right) < self.milliseconds
        if self.digits is None and not self.single:
            return False
        first, second = map(_float_of, (left, right))
        if self.single:
            return math.isclose(first, second, rel_tol=_SINGLE)
        return abs(first - second) < 10.0**-self.digits if self.digits is not None else False


_SINGLE: Final = 2.0**-23
_BITS: Final = Struct("<q")
_FLOAT: Final = Struct("<d")


def _float_of(bits: int) -> float:
    (number,) = _FLOAT.unpack(_BITS.pack(bits))
    return float(number)


FINEST: Final = Grain()


class NotComparable(ValueError):
    """A column of a table can't be compared with what ChakraHQ holds; the text says why."""


def meaning_of(kind: pa.DataType, *, is_json: bool) -> Meaning:
    """What a column of a scan's table means.

    Args:
        kind: Its Arrow type.
        is_json: Whether its texts are JSON.
    """
    if is_json or pa.types.is_nested(kind):
        return Meaning.JSON
    for test, meaning in _OURS:
        if test(kind):
            return meaning
    raise NotComparable(f"{kind} is no type of ours")


_OURS: Final[tuple[tuple[Callable[[pa.DataType], bool], Meaning], ...]] = (
    (pa.types.is_string, Meaning.TEXT),
    (pa.types.is_integer, Meaning.INTEGER),
    (pa.types.is_floating, Meaning.NUMBER),
    (pa.types.is_boolean, Meaning.FLAG),
    (pa.types.is_timestamp, Meaning.INSTANT),
    (pa.types.is_date, Meaning.DAY),
)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """A type without what only says how its values are stored."""
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    return kind


def _plain(array: pa.Array) -> pa.Array:
    if isinstance(array.type, pa.BaseExtensionType):
        return _plain(array.storage)
    if pa.types.is_dictionary(array.type):
        return _plain(array.dictionary_decode())
    return array


def grain_of(meaning: Meaning, kind: pa.DataType, declared: str = "") -> Grain:
    """How finely a column of a table tells what one of ours means.

    Args:
        meaning: Of ours.
        kind: The Arrow type of theirs.
        declared: The type as its warehouse calls it, `DECIMAL(18,3)`; empty where it is not known.

    Raises:
        NotComparable: It can't mean the same.
    """
    kind = plain_type(kind)
    if pa.types.is_null(kind):
        return FINEST  # a column of nothing: ours may hold nothing, too
    if not any(test(kind) for test in _READABLE[meaning]):
        raise NotComparable(f"the table holds {kind}, ChakraHQ {meaning.value}")
    if meaning is Meaning.INSTANT and pa.types.is_date(kind):
        return Grain(DAY_MS)
    if meaning is Meaning.INSTANT and pa.types.is_timestamp(kind):
        return Grain(_SECOND_MS if kind.unit == "s" else 1)
    if meaning is Meaning.NUMBER and pa.types.is_decimal(kind):
        # Where a warehouse declares no digits, Arrow's are those of the values at hand.
        declared_digits = _DIGITS.search(declared)
        return Grain(digits=int(declared_digits[1])) if declared_digits else FINEST
    return Grain(single=meaning is Meaning.NUMBER and kind in (pa.float32(), pa.float16()))


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_count(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind)
    )


_READABLE: Final[dict[Meaning, tuple[Callable[[pa.DataType], bool], ...]]] = {
    Meaning.TEXT: (_is_text, pa.types.is_integer, pa.types.is_boolean),
    Meaning.INTEGER: (_is_text, _is_count),
    Meaning.NUMBER: (_is_text, _is_count),
    Meaning.FLAG: (_is_text, pa.types.is_integer, pa.types.is_boolean),
    Meaning.INSTANT: (_is_text, pa.types.is_timestamp, pa.types.is_date),
    Meaning.DAY: (_is_text, pa.types.is_timestamp, pa.types.is_date),
    Meaning.JSON: (_is_text, pa.types.is_nested),
}
"""Types of a table that each meaning is read from. A number never means a time: of which unit?"""


def prints(array: pa.Array, meaning: Meaning) -> Prints:
    """The number of each value of a column, of ours or of a table's.

    Args:
        array: The values.
        meaning: What they mean, on both sides.
    """
    array = _plain(array)
    at_once = _AT_ONCE.get(meaning)
    if at_once is not None:
        made = at_once(array)
        if made is not None:
            return pc.fill_null(made, NOTHING).to_pylist()  # type: ignore[no-any-return]  # pyarrow is not typed
    reads = _READS[meaning]
    return [NOTHING if value is None else _print(value, reads) for value in array.to_pylist()]


def text_prints(values: Sequence[object], meaning: Meaning) -> Prints:
    """The same of values that stood in JSON."""
    reads = _READS[meaning]
    return [NOTHING if value is None else _print(value, reads) for value in values]


def _print(value: object, reads: _Reads) -> int:
    try:
        found = reads(value)
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        found = None
    # What can't be read as that is something, and equals nothing that ChakraHQ holds there.
    return hash(("unreadable", str(value))) if found is None else found


_Reads: TypeAlias = "Callable[[object], int | None]"


# At once: arrays whose type says what they mean.


def _flags_at_once(array: pa.Array) -> pa.Array | None:
    return array.cast(pa.int64()) if pa.types.is_boolean(array.type) else None


def _integers_at_once(array: pa.Array) -> pa.Array | None:
    if not pa.types.is_integer(array.type) and not pa.types.is_decimal(array.type):
        return None
    try:
        return array.cast(pa.int64())
    except pa.ArrowInvalid:
        return None  # larger, or broken: one by one


def _numbers_at_once(array: pa.Array) -> pa.Array | None:
    if array.type != pa.float64():
        return None
    return pc.add(array, 0.0).view(pa.int64())  # -0.0 is 0.0


def _instants_at_once(array: pa.Array) -> pa.Array | None:
    kind = array.type
    if pa.types.is_date(kind):
        kind = pa.timestamp("ms")
    elif not pa.types.is_timestamp(kind):
        return None
    try:
        counted = array.cast(pa.timestamp("us", tz=kind.tz), safe=False).cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    # ChakraHQ's times are of milliseconds: what a table adds below one is no difference.
    return _floored(counted, _MS_IN_MICROSECONDS)


def _floored(counted: pa.Array, unit: int) -> pa.Array:
    down = pc.divide(counted, unit)  # towards zero
    behind = pc.less(counted, pc.multiply(down, unit))
    return pc.if_else(behind, pc.subtract(down, 1), down)


def _days_at_once(array: pa.Array) -> pa.Array | None:
    if pa.types.is_date32(array.type):
        return array.view(pa.int32()).cast(pa.int64())
    return None


def _texts_at_once(array: pa.Array) -> pa.Array | None:
    if not _is_text(array.type):
        return None
    return pa.array(
        [None if each is None else hash(each) for each in array.to_pylist()], pa.int64()
    )


_AT_ONCE: Final[dict[Meaning, Callable[[pa.Array], pa.Array | None]]] = {
    Meaning.TEXT: _texts_at_once,
    Meaning.INTEGER: _integers_at_once,
    Meaning.NUMBER: _numbers_at_once,
    Meaning.FLAG: _flags_at_once,
    Meaning.INSTANT: _instants_at_once,
    Meaning.DAY: _days_at_once,
}


# One by one.


def _text(value: object) -> int:
    return hash(str(value).lower() if isinstance(value, bool) else str(value))


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    number = Decimal(value.strip() if isinstance(value, str) else str(value))
    if number != number.to_integral_value():
        return None
    whole = int(number)
    return whole if -INT64 <= whole < INT64 else hash(str(whole))


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    number = float(value)  # type: ignore[arg-type]  # what is no number is told by its error
    if not math.isfinite(number):
        return None
    (bits,) = _BITS.unpack(_FLOAT.pack(number + 0.0))
    return int(bits)


def _flag(value: object) -> int | None:
    return _FLAGS.get(str(value).strip().lower())


def _instant(value: object) -> int | None:
    return parse_timestamp(value.isoformat() if isinstance(value, (date, datetime)) else value)


def _day(value: object) -> int | None:
    if isinstance(value, datetime):
        at = value.astimezone(timezone.utc) if value.tzinfo else value
        return at.toordinal() - _EPOCH_DAY
    if isinstance(value, date):
        return value.toordinal() - _EPOCH_DAY
    text = str(value).strip()
    day = plain_day(text)
    if day is not None:
        return day
    ms = parse_timestamp(text)
    return None if ms is None else ms // DAY_MS


_READS: Final[dict[Meaning, _Reads]] = {
    Meaning.TEXT: _text,
    Meaning.INTEGER: _integer,
    Meaning.NUMBER: _number,
    Meaning.FLAG: _flag,
    Meaning.INSTANT: _instant,
    Meaning.DAY: _day,
    Meaning.JSON: json_print,
}
