"""A row → a `Change`, by the user's mapping or by name; or a `Reject` that says why not.

Without any mapping, what the tap emits is what the target accepts: nested `data`, or flattened
`data__city`, goes back by `id`, and the columns that the tap adds are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from chakra_api.errors import SettingsError
from chakra_api.values.coercion import MISFIT
from target_chakra.changes import Change, Key, Mode, Reject
from target_chakra.mapping.destination_names import DELETED, bare_name, destination_of
from target_chakra.mapping.destinations import Unfit, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from target_chakra.mapping.destinations import Destination, Destinations, Encode
    from target_chakra.settings import StreamMapping

_UNSEEN: Final = ("", lambda value: value, frozenset[type](), frozenset[object]())
Route: TypeAlias = "tuple[str, Encode, frozenset[type], frozenset[object]]"
"""Where a column goes: destination, encoder, and what needs no encoding."""
EXTRA: Final = "_extra_data"
SEPARATOR: Final = "__"
_ADDED: Final = frozenset(
    (
        *("team", "procedure", "createdby", "belongsto", "entity", "record"),
        *("createdat", "updatedat", "startedat", "completedat", "cancelledat", "deletedat"),
        *("stateid", "statename", "createdbyusername", "assignedtousername", "deriveddata"),
        EXTRA,
    )
)
"""Columns that the tap writes and that can't be written: folded."""
_METADATA: Final = ("_sdc_", "_dlt_", "derivedData__", "deriveddata__")


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


class RowMapper:
    """Makes changes of the rows of one stream.

    Args:
        stream: The stream's name.
        mapping: What the user wants of it.
        destinations: Where values may go.
        columns: The columns that the stream declares; empty if it declares none.

    Raises:
        SettingsError: The mapping names a column or an attribute that does not exist, or no
            column names the process.
    """

    def __init__(
        self,
        stream: str,
        mapping: StreamMapping,
        destinations: Destinations,
        columns: Collection[str],
    ) -> None:
        self.stream = stream
        self.mapping = mapping
        self.destinations = destinations
        self._where = f"The mapping of stream '{stream}'"
        self._columns = columns
        self._nests = mapping.fields is None
        self._check_columns()
        self.columns = self._named()
        self._routes: dict[str, Route | None] = {}
        self._nested: dict[str, Route | None] = {}
        for column, name in (mapping.fields or {}).items():
            if column in (self.columns.key, *self.columns.marks_deleted):
                self._routes[column] = None
            else:
                self._routes[column] = self._route(destinations.named(name, self._where))
        self._add_key_route()
        for name in mapping.only_if_empty:
            destinations.named(name, self._where)

    # Compiling

    def _check_columns(self) -> None:
        missing = sorted(self.mapping.columns - set(self._columns)) if self._columns else []
        if missing:
            raise SettingsError(
                f"{self._where} names the column '{missing[0]}', which the stream does not have",
                f"The columns are: {', '.join(sorted(self._columns))}",
            )

    def _named(self) -> Columns:
        mapping = self.mapping
        deleted = {"isDeleted", "isdeleted"} if mapping.fields is None else set()
        deleted |= {c for c, name in (mapping.fields or {}).items() if name == DELETED}
        deleted |= {mapping.delete_when} if mapping.delete_when else set()
        attribute = self._key_attribute()
        column = (mapping.key_column or "id") if attribute == "id" else None
        return Columns(column, attribute, frozenset(deleted))

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
            f"{self._where} does not say which column names the process",
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
            return bare_name(self.destinations.named(wanted, self._where).name)
        found = self.destinations.find(destination_of(column.removeprefix("data__")))
        if found is not None and procedure.resolved:
            return bare_name(found.name)
        if procedure.primary_key:
            return procedure.primary_key
        raise SettingsError(
            f"{self._where} does not say which attribute the key '{column}' stands for",
            'Set key as {"column": "crm_id", "attribute": "lead_id"}',
        )

    def _carries(self, attribute: str) -> bool:
        mapping = self.mapping
        if mapping.fields is not None:
            forms = {attribute, destination_of(attribute)}
            return not forms.isdisjoint(mapping.fields.values())
        forms = {attribute.casefold(), f"data__{attribute}".casefold(), "data"}
        return not self._columns or any(each.casefold() in forms for each in self._columns)

    def _add_key_route(self) -> None:
        column, attribute = self.mapping.key_column, self.columns.attribute
        if column and attribute and attribute != "id":
            found = self.destinations.named(destination_of(attribute), self._where)
            self._routes[column] = self._route(found)

    @staticmethod
    def _route(found: Destination) -> Route:
        return found.name, found.encode, found.as_is, found.choices

    def _discovered(self, column: str) -> Route | None:
        """Where a column goes by its name; None if it is left out."""
        route = None
        if not self._left_out(column):
            found = self._by_name(column)
            route = self._route(found) if found else _nowhere(column)
        self._routes[column] = route
        return route

    def _left_out(self, column: str) -> bool:
        return (
            self.mapping.fields is not None
            or column == self.columns.key
            or (column == "data" and self._nests)
            or column in self.columns.marks_deleted
            or column.casefold() in _ADDED
            or column.startswith(_METADATA)
            or (column == "id" and self.columns.attribute != "id")
        )

    def _by_name(self, column: str) -> Destination | None:
        if column.startswith(f"data{SEPARATOR}"):
            return self.destinations.find(destination_of(column[len("data__") :]))
        return self.destinations.find(column) or self.destinations.find(destination_of(column))

    # Mapping

    def __call__(
        self, seq: int, line: int, row: Mapping[str, object], origin: str = ""
    ) -> Change | Reject:
        """The change that a row asks for."""
        fields: dict[str, object] = {}
        problems: list[str] = []
        routes, clears = self._routes, self.mapping.clears
        if self._nests and "data" in row:
            self._map_nested(row["data"], fields, problems)
        for column, value in row.items():
            route = routes.get(column, _UNSEEN)
            if route is _UNSEEN:
                route = self._discovered(column)
            if route is None:
                continue
            name, encode, as_is, choices = route
            kind = type(value)
            if kind in as_is or (kind is str and value in choices):
                fields[name] = value
                continue
            wire = None if value is None else encode(value)
            if wire is None:
                if clears:
                    fields[name] = None
            elif wire is MISFIT or type(wire) is Unfit:
                problems.append(f"{column} {self._said(name, value, wire)}")
            else:
                fields[name] = wire
        if clears and row.get(EXTRA):
            _keep(fields, self._beside(row[EXTRA]))
        return self._change(Raw(seq, line, row, origin), fields, problems)

    def _said(self, name: str, value: object, wire: object) -> str:
        """Why a value can't be written."""
        if isinstance(wire, Unfit):
            return wire.reason
        found = self.destinations.find(name)
        return f"is {shown(value)}, which is no {found.kind if found else 'value of it'}"

    def _map_nested(self, value: object, fields: dict[str, object], problems: list[str]) -> None:
        attributes = _object(value)
        if attributes is None:
            if value is not None:
                problems.append("data is not an object of attributes")
            return
        for short_id, given in attributes.items():
            if short_id not in self._nested:
                found = self.destinations.find(destination_of(short_id))
                self._nested[short_id] = self._route(found) if found else None
            name, encode, as_is, choices = self._nested[short_id] or _nowhere(short_id)
            kind = type(given)
            if kind in as_is or (kind is str and given in choices):
                fields[name] = given
                continue
            wire = None if given is None else encode(given)
            if wire is MISFIT or type(wire) is Unfit:
                problems.append(f"data.{short_id} {self._said(name, given, wire)}")
            elif wire is not None or self.mapping.clears:
                fields[name] = wire

    def _beside(self, extra: object) -> set[str]:
        """Destinations whose values the tap put into `_extra_data`: null there means nothing."""
        values = _object(extra) or {}
        data = values.get("data")
        attributes: Mapping[str, object] = data if isinstance(data, dict) else {}
        # The keys of data may be the attributes' ids (Q36).
        by_id = {each.id: each.short_id for each in self.destinations.procedure.attributes}
        return {*values, *(destination_of(by_id.get(key, key)) for key in attributes)}

    def _change(self, raw: Raw, fields: dict[str, object], problems: list[str]) -> Change | Reject:
        row, names = raw.row, self.columns
        deletes = not names.marks_deleted.isdisjoint(row) and any(
            _is_true(row.get(column)) for column in names.marks_deleted
        )
        key = self._key(row, fields)
        change = Change(
            raw.seq,
            raw.line,
            self.stream,
            self.destinations.procedure.short_id,
            key,
            self.mapping.mode,
            deletes or self.mapping.mode is Mode.DELETE,
            fields,
            row,
            origin=raw.origin,
        )
        if key is None and names.attribute is not None:
            named = [each for each in problems if names.attribute in each]
            return Reject(
                change,
                "; ".join(named) or f"The key {names.key or names.attribute} is null or missing",
                "Give each row its key, or leave such rows out of the source",
            )
        if problems and not change.deletes:
            return Reject(
                change, "; ".join(problems), "Mend it in the source, or leave it out with fields"
            )
        return change

    def _key(self, row: Mapping[str, object], fields: Mapping[str, object]) -> Key | None:
        names, procedure = self.columns, self.destinations.procedure.short_id
        if names.attribute is None:
            return None
        if names.key is not None:
            value = row.get(names.key)
            return Key(procedure, "id", str(value)) if value not in (None, "") else None
        value = fields.get(destination_of(names.attribute))
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, (str, int)) or isinstance(value, bool) or value == "":
            return None
        return Key(procedure, names.attribute, value)


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it came in.

    Attributes:
        seq: Its number in the run.
        line: The input line.
        row: Its columns.
        origin: The file that it came in, if that may come again.
    """

    seq: int
    line: int
    row: Mapping[str, object]
    origin: str = ""


def _keep(fields: dict[str, object], kept: Collection[str]) -> None:
    for name in kept:
        if name in fields and fields[name] is None:
            del fields[name]


def _object(value: object) -> Mapping[str, object] | None:
    """An object, or the text of one."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, dict) else None


def _no_such_attribute(_value: object) -> object:
    return Unfit("is no attribute of the procedure")


def _nowhere(column: str) -> Route:
    return column, _no_such_attribute, frozenset(), frozenset()


def _is_true(value: object) -> bool:
    """Whether a mark of deletion is set: true, or a time."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false", "0", "no")
    return bool(value)
