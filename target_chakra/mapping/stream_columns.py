"""What each column of a stream means: its key, its marks of deletion, what is left out.

Compiled once per stream, from the user's mapping and the columns that the stream declares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.account.snake_case import snake_case
from chakra_api.errors import SettingsError
from target_chakra.changes import Mode
from target_chakra.mapping.column_meaning import meant_by
from target_chakra.mapping.destination_names import DELETED, bare_name, destination_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from target_chakra.mapping.destinations import Destination, Destinations
    from target_chakra.stream_mapping import StreamMapping

EXTRA: Final = "_extra_data"
SEPARATOR: Final = "__"
_OWN: Final = (
    *("team", "procedure", "createdBy", "belongsTo", "entity", "record"),
    *("createdAt", "updatedAt", "startedAt", "completedAt", "cancelledAt", "deletedAt"),
    *("stateId", "stateName", "createdByUsername", "assignedToUsername", "derivedData"),
    EXTRA,
)
"""Columns that the tap writes and nobody can."""
_ADDED: Final = frozenset(map(str.casefold, _OWN))
_SPELLED: Final = frozenset(map(snake_case, _OWN)) - _ADDED
"""The same in snake case, which may be names of attributes, too."""
_METADATA: Final = ("_sdc_", "_dlt_", "deriveddata__", "derived_data__")


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of a stream means.

    Attributes:
        key: The column of the id, if the process is named by it; else None.
        attribute: The attribute that names the process, or `id`; None without a key.
        marks_deleted: Columns that mark a row as deleted.
    """

    key: str | None
    attribute: str | None
    marks_deleted: frozenset[str]


def refuse_missing(mapping: StreamMapping, columns: Collection[str], where: str) -> None:
    """Refuse a mapping that names a column which its stream does not have.

    Args:
        mapping: What the user wants of the stream.
        columns: The columns that the stream declares; empty if it declares none.
        where: The mapping, for messages.

    Raises:
        SettingsError: It names one.
    """
    missing = sorted(mapping.columns - set(columns)) if columns else []
    if missing:
        raise SettingsError(
            f"{where} names the column '{missing[0]}', which the stream does not have",
            f"The columns are: {', '.join(sorted(columns))}",
        )


class ColumnReader:
    """Finds out what the columns of one stream mean.

    Args:
        stream: The stream's name.
        mapping: What the user wants of it.
        destinations: Where values may go.
        columns: The columns that the stream declares; empty if it declares none.

    Raises:
        SettingsError: The mapping names a column that does not exist, or no column names the
            process.
    """

    def __init__(
        self,
        stream: str,
        mapping: StreamMapping,
        destinations: Destinations,
        columns: Collection[str],
    ) -> None:
        self.where = f"The mapping of stream '{stream}'"
        self.mapping = mapping
        self.destinations = destinations
        self._columns = columns
        refuse_missing(mapping, columns, self.where)
        self.columns = self._named()

    def _named(self) -> Columns:
        mapping = self.mapping
        deleted = set(self._marks()) if mapping.fields is None else set()
        deleted |= {c for c, name in (mapping.fields or {}).items() if name == DELETED}
        deleted |= {mapping.delete_when} if mapping.delete_when else set()
        attribute = self._key_attribute()
        column = (mapping.key_column or "id") if attribute == "id" else None
        return Columns(column, attribute, frozenset(deleted))

    def _marks(self) -> Iterator[str]:
        """The columns that mark a row as deleted by their names."""
        yield from (DELETED, DELETED.casefold())
        if self._named_so(snake_case(DELETED)) is None:
            yield snake_case(DELETED)

    def _key_attribute(self) -> str | None:
        mapping, procedure = self.mapping, self.destinations.procedure
        if mapping.key_attribute or mapping.key_column:
            return self._chosen_attribute()
        if "id" in self._columns and mapping.mode is not Mode.INSERT:
            return "id"
        if procedure.primary_key and self._carries(procedure.primary_key):
            return procedure.primary_key
        if mapping.mode is Mode.INSERT:
            return None
        raise SettingsError(
            f"{self.where} does not say which column names the process",
            'Set key, as {"column": "crm_id", "attribute": "lead_id"}; the primary key of'
            f" '{procedure.short_id}' is {procedure.primary_key or 'not known'}",
        )

    def _chosen_attribute(self) -> str:
        mapping, procedure = self.mapping, self.destinations.procedure
        column = mapping.key_column or ""
        wanted = mapping.key_attribute or (mapping.fields or {}).get(column, "")
        if wanted == "id" or (not wanted and column == "id"):
            return "id"
        if wanted:
            return bare_name(self.destinations.named(wanted, self.where).name)
        found = self.destinations.find(destination_of(column.removeprefix("data__")))
        if found is not None and procedure.resolved:
            return bare_name(found.name)
        if procedure.primary_key:
            return procedure.primary_key
        raise SettingsError(
            f"{self.where} does not say which attribute the key '{column}' stands for",
            'Set key as {"column": "crm_id", "attribute": "lead_id"}',
        )

    def _carries(self, attribute: str) -> bool:
        mapping = self.mapping
        if mapping.fields is not None:
            forms = {attribute, destination_of(attribute)}
            return not forms.isdisjoint(mapping.fields.values())
        names = {attribute.casefold(), snake_case(attribute)}
        forms = {*names, *(f"data{SEPARATOR}{name}" for name in names), "data"}
        return not self._columns or any(each.casefold() in forms for each in self._columns)

    def is_left_out(self, column: str) -> bool:
        """Whether a column goes nowhere by its name."""
        return (
            self.mapping.fields is not None
            or column == self.columns.key
            or (column == "data" and self.mapping.fields is None)
            or column in self.columns.marks_deleted
            or column.casefold() in _ADDED
            or (column in _SPELLED and self._named_so(column) is None)
            or column.casefold().startswith(_METADATA)
            or (column == "id" and self.columns.attribute != "id")
        )

    def by_name(self, column: str) -> Destination | None:
        """The destination that a column's own name means; None if none does, or several may."""
        return meant_by(column, self.destinations, self._columns)

    def _named_so(self, column: str) -> Destination | None:
        """The destination that has a column's name."""
        return next(filter(None, map(self.destinations.find, _names_of(column))), None)


def _names_of(column: str) -> tuple[str, ...]:
    """The destinations that a column may be called for."""
    attribute = column.removeprefix(f"data{SEPARATOR}")
    own = destination_of(attribute)
    return (own,) if attribute != column else (column, own)
