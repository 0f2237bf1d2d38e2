"""What becomes of attributes that a table of the warehouse holds otherwise, or not yet. Pure.

dlt applies a schema contract to Arrow columns too, but where it discards, a value is gone, and
where a type may evolve, the load fails on the first value that the old column can't take. So
this is settled before a table is built:

| contract | a new attribute | another type |
|---|---|---|
| evolve | a new column | what fits the old column goes there, the rest to `<column>__v_<type>` |
| freeze | dlt stops the run | dlt stops the run |
| discard_row | dlt drops the rows | dlt drops the rows |
| discard_value | to `_extra_data` | as with evolve, but the rest goes to `_extra_data` |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.values import attribute_types as types
from chakra_api.values.coercion import list_of, to_string
from tap_chakra.tables.attribute_columns import Home, Slot
from tap_chakra.tables.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.values.coercion import Coercer
    from chakra_api.values.times import Times

EVOLVE: Final = "evolve"
DISCARD_VALUE: Final = "discard_value"

_EXISTING_TYPES: Final[dict[str, tuple[str, Callable[[Times], Coercer]]]] = {
    "text": ("string", types.TEXT.reads),
    "bigint": ("int64", types.INTEGER.reads),
    "double": ("float64", types.NUMBER.reads),
    "bool": ("bool", types.BOOLEAN.reads),
    "date": ("date32", types.DATE.reads),
    "timestamp": ("timestamp", types.TIME.reads),
    "json": ("list<string>", lambda _: list_of(to_string)),
}
_DLT_NAMES: Final = {arrow: name for name, (arrow, _) in _EXISTING_TYPES.items()}


@dataclass(frozen=True, slots=True)
class ExistingTable:
    """A table that exists, and what may become of it.

    Attributes:
        type_of: dlt's data type of a column, by our name for it; None if there is no such column.
        columns: The contract's word on new columns.
        data_type: The contract's word on other types.
    """

    type_of: Callable[[str], str | None]
    columns: str = EVOLVE
    data_type: str = EVOLVE


def settled(slots: tuple[Slot, ...], table: ExistingTable) -> tuple[Slot, ...]:
    """The homes that values have under the contract."""
    return tuple(replace(slot, homes=_homes(slot.homes[0], table)) for slot in slots)


def _homes(home: Home, table: ExistingTable) -> tuple[Home, ...]:
    existing = table.type_of(home.name)
    if existing is None:
        return () if table.columns == DISCARD_VALUE else (home,)
    ours = _DLT_NAMES.get(home.kind.arrow_name, "json")
    if existing == ours or existing not in _EXISTING_TYPES:
        return (home,)
    old = Home(home.name, Kind(*_EXISTING_TYPES[existing], home.kind.wire))
    if table.data_type == EVOLVE:
        return (old, Home(f"{home.name}__v_{ours}", home.kind))
    return (old,) if table.data_type == DISCARD_VALUE else (home,)
