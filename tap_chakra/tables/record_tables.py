"""Makes Arrow tables of records that have a JSON Schema: users, the configuration, scanned ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tap_chakra.tables.columns import stored_array

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    Row = dict[str, object]

_NAMES: Final = {"integer": "int64", "number": "float64", "boolean": "bool", "string": "string"}


def table_of(schema: Mapping[str, object], records: Iterable[Row]) -> pa.Table:
    """The table of these records.

    Args:
        schema: JSON Schema of a record; its columns are scalars.
        records: As it describes them.
    """
    rows = list(records)
    properties = schema["properties"]
    assert isinstance(properties, dict)  # noqa: S101 - what an object's schema has
    fields, arrays = [], []
    for name, declared in properties.items():
        array = stored_array([row.get(name) for row in rows], _arrow_name(declared))
        fields.append(pa.field(name, array.type, nullable="null" in declared["type"]))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _arrow_name(declared: Mapping[str, Collection[str]]) -> str:
    if declared.get("format") == "date-time":
        return "timestamp"
    (kind,) = set(declared["type"]) - {"null"}
    return _NAMES[kind]
