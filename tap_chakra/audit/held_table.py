"""A table of a warehouse, as an audit takes it: its rows once, and its columns before them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class HeldTable:
    """A table that is open to be read.

    Attributes:
        name: As the user named it.
        schema: Its columns, as the first of its rows have them.
        types: Their types as the warehouse calls them.
        batches: Its rows.
    """

    name: str
    schema: pa.Schema
    types: Mapping[str, str]
    batches: Iterable[pa.RecordBatch]


def held_table(name: str, types: Mapping[str, str], batches: Iterator[pa.RecordBatch]) -> HeldTable:
    """The table, its first rows read.

    Args:
        name: As the user named it.
        types: Its columns, in order, with their types as the warehouse calls them.
        batches: Its rows.
    """
    first = next(batches, None)
    if first is None:
        empty = pa.schema([pa.field(each, pa.null()) for each in types])
        return HeldTable(name, empty, types, ())
    return HeldTable(name, first.schema, types, chain((first,), batches))
