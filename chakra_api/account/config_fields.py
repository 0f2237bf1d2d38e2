"""The field names and shapes that a configuration may use for what it holds (contract 5.1).

No public page shows the inside of the configuration, so each thing is looked for under every
name that the contract lists, the first one present wins, and every reference may be an id, a
shortId or an embedded object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Final, TypeAlias

Row: TypeAlias = dict[str, object]

ID: Final = ("id", "_id")
SHORT_ID: Final = ("shortId", "shortID", "short_id", "key")
NAME: Final = ("name", "label", "displayName", "title")
ATTRIBUTES: Final = ("attributes", "attributeIds")
STATES: Final = ("states", "processStates")
PRIMARY_KEY: Final = ("primaryKey", "primaryKeyAttribute", "primaryAttribute", "pk")
DATATYPE: Final = ("datatype", "dataType", "type", "baseType")
ATTRIBUTE_TYPE: Final = ("attributeType", "attributeTypeId", "typeId", "type")
OWNER: Final = ("model", "owner")
REQUIRED: Final = ("isRequired", "required", "mandatory")
OPTIONS: Final = ("options", "enumValues", "values", "choices")
OPTION_VALUE: Final = ("value", "shortId", "id", "key")


def first(row: Mapping[str, object], names: Iterable[str]) -> object:
    """A row's value under the first of some field names that is present and not null."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def text(row: Mapping[str, object], names: Iterable[str]) -> str:
    """A row's value as for `first`, as text; empty if there is none."""
    value = first(row, names)
    return value if isinstance(value, str) else "" if value is None else str(value)


def items(value: object) -> tuple[Row, ...]:
    """The objects of a collection: of an array, or of an object keyed by id."""
    if isinstance(value, Mapping):
        value = [
            {"id": key, **item} if isinstance(item, Mapping) and first(item, ID) is None else item
            for key, item in value.items()
        ]
    if not isinstance(value, list):
        return ()
    return tuple(dict(item) for item in value if isinstance(item, Mapping))


def reference(value: object) -> str:
    """The id that a reference is or, of an embedded object, its id or else its shortId."""
    if isinstance(value, Mapping):
        return text(value, ID) or text(value, SHORT_ID)
    return value if isinstance(value, str) else "" if value is None else str(value)


def references(value: object) -> tuple[str, ...]:
    """The ids, as for `reference`, in an array of references or in an object keyed by id."""
    if isinstance(value, Mapping):
        value = list(value.values()) or list(value)
    return tuple(reference(item) for item in value) if isinstance(value, list) else ()


class Index:
    """The objects of a collection, by id and by shortId."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._by: dict[str, Row] = {}
        for row in rows:
            self._by.setdefault(text(row, SHORT_ID), row)
            self._by[text(row, ID)] = row
        self._by.pop("", None)

    def get(self, value: object) -> Row | None:
        """The object that a reference means; an embedded object that is unknown means itself."""
        found = self._by.get(reference(value))
        return dict(value) if found is None and isinstance(value, Mapping) else found


class RowsBy:
    """The objects of a collection, by the reference in one of some fields, in the order they came.

    Args:
        rows: The objects.
        names: The fields, the first one present counts.
    """

    def __init__(self, rows: Iterable[Row], names: Iterable[str]) -> None:
        names = tuple(names)
        self._by: dict[str, list[tuple[int, Row]]] = {}
        for place, row in enumerate(rows):
            self._by.setdefault(reference(first(row, names)), []).append((place, row))

    def of(self, *references: str) -> list[Row]:
        """The objects whose reference is one of these."""
        found = [each for reference in references for each in self._by.get(reference, ())]
        return [row for _, row in sorted(found, key=itemgetter(0))]
