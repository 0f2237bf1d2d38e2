"""Which destination a column's own name means, whoever wrote the table: the tap, dlt, a person.

A name as ChakraHQ has it counts first, then what the tap calls it in snake case, the suffixes of
names that become one included, then a name that differs in its case alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.account.snake_case import SEPARATOR
from target_chakra.mapping.destination_names import destination_of

if TYPE_CHECKING:
    from collections.abc import Container

    from target_chakra.mapping.destinations import Destination, Destinations

_FLATTENED: Final = f"data{SEPARATOR}"
"""What stands before an attribute where a loader or the tap makes a column of it."""


def meant_by(column: str, into: Destinations, columns: Container[str]) -> Destination | None:
    """The destination that a column means; None if none does, or several may.

    Args:
        column: The column's name.
        into: Where values may go.
        columns: All columns of the stream; empty if they are not known.
    """
    attribute = bare_column(column)
    if attribute != column:
        return attribute_meant_by(attribute, into, _DataColumns(columns))
    return (
        into.exact(column)
        or into.exact(destination_of(column))
        or into.find(column)
        or into.spelled(column)
        or attribute_meant_by(column, into, columns)
    )


def attribute_meant_by(name: str, into: Destinations, beside: Container[str]) -> Destination | None:
    """The attribute that a member of the object `data` means; None if none does, or several may.

    Args:
        name: The member's name.
        into: Where values may go.
        beside: The names of all members, as far as they are known.
    """
    destination = destination_of(name)
    return into.exact(destination) or into.spelled(destination, beside) or into.find(destination)


@dataclass(frozen=True, slots=True)
class _DataColumns:
    """The members of `data` that stand among columns; looked for, not listed: columns are many.

    Attributes:
        columns: All columns of a stream.
    """

    columns: Container[str]

    def __contains__(self, member: object) -> bool:
        return f"{_FLATTENED}{member}" in self.columns


def bare_column(column: str) -> str:
    """A column without what stands before an attribute in a flattened table."""
    return column.removeprefix(_FLATTENED)
