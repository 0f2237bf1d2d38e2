"""Makes Arrow tables of records that have a JSON Schema: the types are those of the schema."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from chakra_api.values.coercion import INT64
from chakra_api.values.timestamps import parse_timestamp
from tap_chakra.tables.columns import stored_array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Row = dict[str, Any]
    Declared = Mapping[str, Any]

_PLAIN: Final = {"integer": "int64", "number": "float64", "boolean": "bool"}
_TIMES: Final = {"date-time": "timestamp", "date": "date32"}


class Unfit(ValueError):
    """A value does not fit the type that its schema gives it."""


def table_of(schema: Mapping[str, object], records: Iterable[Row]) -> pa.Table:
    """The table of these records.

    An object without properties has no column: parquet holds no empty struct.

    Args:
        schema: JSON Schema of a record.
        records: As it describes them.

    Raises:
        Unfit: One is not.
    """
    rows = list(records)
    properties = schema["properties"]
    assert isinstance(properties, dict)  # noqa: S101 - what an object's schema has
    fields, arrays = [], []
    for name, declared in properties.items():
        if _is_empty(declared):
            continue
        array = _array(name, [row.get(name) for row in rows], declared)
        fields.append(pa.field(name, array.type, nullable="null" in _types(declared)))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _array(name: str, values: Sequence[Any], declared: Declared) -> pa.Array:
    kind = _kind(declared)
    if kind == "object":
        return _structs(name, values, declared)
    if kind == "array":
        return _lists(name, values, declared)
    arrow_name = _TIMES.get(declared.get("format", ""), "string") if kind == "string" else kind
    fit = _FITS[arrow_name]
    return stored_array(
        [None if value is None else _fitted(name, value, fit) for value in values], arrow_name
    )


def _structs(name: str, values: Sequence[Any], declared: Declared) -> pa.Array:
    for value in values:
        if not isinstance(value, (dict, type(None))):
            raise _unfit(name, value, "an object")
    inner = {key: each for key, each in declared["properties"].items() if not _is_empty(each)}
    arrays = [
        _array(f"{name}.{key}", [value and value.get(key) for value in values], each)
        for key, each in inner.items()
    ]
    fields = [pa.field(key, array.type) for key, array in zip(inner, arrays, strict=True)]
    mask = pa.array([value is None for value in values], pa.bool_())
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=mask)


def _lists(name: str, values: Sequence[Any], declared: Declared) -> pa.Array:
    offsets: list[int | None] = [0]
    items: list[Any] = []
    for value in values:
        if not isinstance(value, (list, tuple, type(None))):
            raise _unfit(name, value, "a list")
        items += value or ()
        offsets.append(len(items))
    made = _array(f"{name}[]", items, declared["items"])
    mask = pa.array([value is None for value in values], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), made, mask=mask)


def _fitted(name: str, value: Any, fit: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any value of JSON
    try:
        return fit(value)
    except (TypeError, ValueError):
        raise _unfit(name, value, _SAID[fit]) from None


def _unfit(name: str, value: object, wanted: str) -> Unfit:
    # The value itself stays out of the log: it may be somebody's phone number.
    return Unfit(f"{name} is to be {wanted}, and a row has {type(value).__name__}")


def _text(value: Any) -> str:  # noqa: ANN401 - any value of JSON
    if isinstance(value, str):
        return value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _integer(value: Any) -> int:  # noqa: ANN401 - any value of JSON
    if isinstance(value, (bool, str)) or int(value) != value:
        raise TypeError
    if not -INT64 <= value < INT64:
        raise ValueError
    return int(value)


def _number(value: Any) -> float:  # noqa: ANN401 - any value of JSON
    if isinstance(value, (bool, str)) or not math.isfinite(value):
        raise TypeError
    return float(value)


def _flag(value: Any) -> bool:  # noqa: ANN401 - any value of JSON
    if not isinstance(value, bool):
        raise TypeError
    return value


def _instant(value: Any) -> int:  # noqa: ANN401 - any value of JSON
    instant = parse_timestamp(_text(value))
    if instant is None:
        raise ValueError
    return instant


_FITS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _text,
    "int64": _integer,
    "float64": _number,
    "bool": _flag,
    "timestamp": _instant,
    "date32": _instant,
}
_SAID: Final[Mapping[Callable[[Any], Any], str]] = {
    _text: "a text",
    _integer: "an integer of 64 bits",
    _number: "a number",
    _flag: "true or false",
    _instant: "a date or time",
}


def _types(declared: Declared) -> set[str]:
    named = declared.get("type", ("string", "null"))
    return {named} if isinstance(named, str) else set(named)


def _kind(declared: Declared) -> str:
    """What a column holds: text where the schema leaves it open, JSON text then."""
    kinds = _types(declared) - {"null"}
    kind = next(iter(kinds)) if len(kinds) == 1 else "string"
    if kind == "object" and "properties" not in declared:
        return "string"
    if kind == "array" and "items" not in declared:
        return "string"
    return _PLAIN.get(kind, kind)


def _is_empty(declared: Declared) -> bool:
    """Whether it is an object of which no property has a column."""
    return _kind(declared) == "object" and all(map(_is_empty, declared["properties"].values()))
