"""Rows of either side as an audit keeps them: an id, two times, and a number for each column."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from chakra_api.values.timestamps import FIRST_MS, LAST_MS
from tap_chakra.audit.json_meaning import json_value
from tap_chakra.audit.matching import CREATED, UPDATED
from tap_chakra.audit.meanings import (
    Meaning,
    meaning_of,
    plain_type,
    prints,
    text_prints,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chakra_api.account.account import Procedure
    from tap_chakra.audit.matching import Matching, Pair
    from tap_chakra.audit.meanings import Prints

_JSON_FAMILY: Final = "JSON"


@dataclass(frozen=True, slots=True)
class RowPrint:
    """A row of one side.

    Attributes:
        id: Its id.
        created: Epoch milliseconds; None if it is not known.
        updated: The same.
        prints: A number of 8 bytes for each pair of columns.
        deleted: Whether the table's loader, or ChakraHQ itself, says that it is deleted.
        marked: Whether the loader says so.
        stamp: What tells the newer of two versions, beside `updated`.
    """

    id: str
    created: int | None
    updated: int | None
    prints: bytes
    deleted: bool = False
    marked: bool = False
    stamp: str = ""


def meanings(schema: pa.Schema, procedure: Procedure) -> dict[str, Meaning]:
    """What each column of a scan's table means.

    Args:
        schema: Of the table, a column per attribute.
        procedure: Whose processes are scanned.
    """
    texts = {f"data__{a.short_id}" for a in procedure.attributes if _is_json(a.type.family.name)}
    texts |= {
        f"derivedData__{a.short_id}"
        for a in procedure.derived_attributes
        if _is_json(a.type.family.name)
    }
    texts |= {"_extra_data"}
    if not procedure.resolved:
        texts |= {"data", "derivedData"}
    return {
        field.name: meaning_of(
            field.type, is_json=field.name in texts and field.type == pa.string()
        )
        for field in schema
    }


def _is_json(family: str) -> bool:
    return family == _JSON_FAMILY


class Packing:
    """Makes of the numbers of a row its bytes, and of two rows' bytes the columns that differ.

    Args:
        pairs: The columns that are compared, in order.
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = pairs
        self._struct = Struct(f"<{len(pairs)}q")

    def packed(self, columns: Sequence[Prints], rows: int) -> list[bytes]:
        """The bytes of each row."""
        if not columns:
            return [b""] * rows
        return [self._struct.pack(*each) for each in zip(*columns, strict=True)]

    def differing(self, here: bytes, there: bytes) -> tuple[str, ...]:
        """The columns in which two rows differ, as a person knows them."""
        numbers = zip(self._struct.unpack(here), self._struct.unpack(there), strict=True)
        return tuple(
            pair.called
            for pair, (left, right) in zip(self._pairs, numbers, strict=True)
            if left != right and not pair.grain.takes_for_one(left, right)
        )


def prints_here(table: pa.Table, pairs: Sequence[Pair], packing: Packing) -> Iterator[RowPrint]:
    """The rows of a scan."""
    columns = [prints(_whole(table[p.name]), p.meaning) for p in pairs]
    deleted = _flags(table, "isDeleted")
    rows = zip(
        table["id"].to_pylist(),
        _times(table, CREATED),
        _times(table, UPDATED),
        packing.packed(columns, len(table)),
        deleted,
        strict=True,
    )
    for each in rows:
        yield RowPrint(*each)


def prints_there(
    batches: Iterable[pa.RecordBatch], matching: Matching, packing: Packing
) -> Iterator[RowPrint]:
    """The rows of a table; those without an id have an empty one."""
    for batch in batches:
        yield from _of_batch(batch, matching, packing)


def _of_batch(batch: pa.RecordBatch, matching: Matching, packing: Packing) -> Iterator[RowPrint]:
    objects: dict[str, list[object]] = {}
    columns = [_prints_of(pair, batch, objects) for pair in matching.pairs]
    size = len(batch)
    created, updated = (_times_of(matching.place(name), batch) for name in (CREATED, UPDATED))
    marked = _marks(batch, matching.deleted_at)
    deleted = _marks(batch, matching.is_deleted)
    stamps = [_texts(batch, name) for name in matching.stamps]
    packed = packing.packed(columns, size)
    ids = _texts(batch, matching.id)
    for at in range(size):
        yield RowPrint(
            ids[at],
            created[at],
            updated[at],
            packed[at],
            deleted[at] or marked[at],
            marked[at],
            "\n".join(each[at] for each in stamps),
        )


def _prints_of(pair: Pair, batch: pa.RecordBatch, objects: dict[str, list[object]]) -> Prints:
    place = pair.place
    column = batch.column(place.column)
    if not place.member:
        return prints(column, pair.meaning)
    if pa.types.is_struct(plain_type(column.type)):
        return prints(_member(column, place.member), pair.meaning)
    held = objects.get(place.column)
    if held is None:
        held = objects[place.column] = list(map(_object, column.to_pylist()))
    values = [each.get(place.member) if isinstance(each, dict) else each for each in held]
    return text_prints(values, pair.meaning)


def _member(column: pa.Array, name: str) -> pa.Array:
    children = column.flatten()
    return children[column.type.get_field_index(name)]


def _object(value: object) -> object:
    """The object in a cell; what is no object as a text that equals nothing of ChakraHQ's."""
    try:
        found = dict(value) if isinstance(value, list) else json_value(value)
    except ValueError:
        return "no JSON"
    return found if isinstance(found, dict) or found is None else "no object"


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()


def _times(table: pa.Table, name: str) -> list[int | None]:
    if name not in table.column_names:
        return [None] * len(table)
    return _or_none(prints(_whole(table[name]), Meaning.INSTANT))


def _times_of(pair: Pair | None, batch: pa.RecordBatch) -> list[int | None]:
    if pair is None or pair.place.member:
        return [None] * len(batch)
    found = prints(batch.column(pair.place.column), Meaning.INSTANT)
    return _or_none(found)


def _or_none(found: Prints) -> list[int | None]:
    """Instants in milliseconds; what no calendar has is none."""
    return [each if FIRST_MS <= each <= LAST_MS else None for each in found]


def _flags(table: pa.Table, name: str) -> list[bool]:
    if name not in table.column_names:
        return [False] * len(table)
    return [each is True for each in table[name].to_pylist()]


def _marks(batch: pa.RecordBatch, name: str) -> list[bool]:
    """Whether a mark of deletion is set: a time, or a true flag."""
    if not name:
        return [False] * len(batch)
    unset = (None, False, 0, "", "false", "False", "0", "f")
    return [each not in unset for each in batch.column(name).to_pylist()]


def _texts(batch: pa.RecordBatch, name: str) -> list[str]:
    return ["" if each is None else str(each) for each in batch.column(name).to_pylist()]
