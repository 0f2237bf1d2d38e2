"""Makes the JSON of typed records right out of an answer's, without an object for every value.

What most values need is a look at their type, and a parser that knows which type to expect takes
that look in C. So a procedure's attributes are compiled into the shape of a row: one that has this
shape is parsed, its times are rewritten, and it is encoded. One that has not goes the long way
through `row_typer.py`, value by value. Both ways make the same record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType
from msgspec.structs import astuple

from chakra_api.endpoints.answers import rows_of
from chakra_api.endpoints.row_heads import Int64
from chakra_api.values.coercion import MISFIT, to_date, to_datetime, to_integer, to_number
from chakra_api.values.timestamps import USUAL_FROM, USUAL_UNTIL, iso_ms
from chakra_api.wire.wire_json import decode, encode
from tap_chakra.records.row_typer import PEOPLE, by_any_name, compile_row, root_time
from tap_chakra.records.schema import COLUMN_NAMES, ROOT_COLUMNS, TIMES, RootKind
from tap_chakra.records.selection import left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.account.people import Directory
    from chakra_api.endpoints.answers import Row
    from chakra_api.values.coercion import Coercer

_EXACT: Final = 2.0**53 - 1
"""Up to there a float holds every integer: none is rounded by being parsed as one."""
_Number: TypeAlias = Annotated[float, Meta(ge=-_EXACT, le=_EXACT)]
_EXPECTED: Final[Mapping[Coercer, object]] = {
    to_integer: Int64 | str | UnsetType | None,
    to_number: _Number | str | UnsetType | None,
    to_date: Int64 | str | UnsetType | None,
    to_datetime: Int64 | str | UnsetType | None,
}
_FITS: Final[Mapping[Coercer, type]] = {to_integer: int, to_number: float}
"""The type whose values, parsed as expected, are stored just as they come."""
_TEXTS: Final = "list<string>"


class _Page(msgspec.Struct, gc=False, rename={"rows": "_data"}):
    """An answer of the list endpoint, its rows not looked into."""

    rows: list[Raw]


_ROOT_TYPES: Final[Mapping[RootKind, object]] = {
    **dict.fromkeys((RootKind.ID, RootKind.REFERENCE), str | None),
    **dict.fromkeys((RootKind.TEXT, RootKind.STATE), str | None),
    RootKind.TIME: Int64 | str | None,
    RootKind.FLAG: bool | None,
    RootKind.MADE: UnsetType,  # nothing in an answer is of that type: a row that has it is odd
}
"""What a parser is to expect of the root fields of a row (contract 3.1)."""

_PLACES: Final = {name: place for place, name in enumerate(COLUMN_NAMES)}
"""The place of each root column among the values of a record."""
_TIMES: Final = tuple(_PLACES[name] for name in TIMES)
_PEOPLE: Final = tuple((_PLACES[field], _PLACES[username]) for field, username in PEOPLE.items())
# How a state is named stands together: its shortId, its id, its name.
_STATE: Final = slice(_PLACES["state"], _PLACES["stateName"] + 1)
_DATA: Final = _PLACES["data"]
_DERIVED: Final = _PLACES["derivedData"]

_PAGE: Final = msgspec.json.Decoder(_Page)
_ENCODER: Final = msgspec.json.Encoder()
_ODD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _OddValue(msgspec.ValidationError):
    """A value that does not fit: the row has to go the long way."""


class RowParser:
    """Makes records of the rows of one procedure, an answer's at a time.

    Args:
        procedure: What the rows are of.
        directory: The users that they name.
        deselected: Paths of properties to leave out, one or two names each.

    Attributes:
        typer: Makes the same records of single rows, and counts what did not fit for both ways.
    """

    def __init__(
        self,
        procedure: Procedure,
        directory: Directory,
        deselected: Sequence[Sequence[str]] = (),
    ) -> None:
        self.typer = compile_row(procedure, directory)
        self._find = directory.find
        self._deselected = deselected
        self._states = {
            named: (state.short_id, state.id or None, state.name)
            for named, state in by_any_name(procedure.states).items()
        }
        self._data = _Shape(procedure.attributes)
        self._derived = _Shape(procedure.derived_attributes)
        self._decode = _decoder(self._data, self._derived) if procedure.resolved else _nothing
        self._root_paths = [path[0] for path in deselected if len(path) == 1]
        self._data_paths = self._data.fields(deselected, "data")
        self._derived_paths = self._derived.fields(deselected, "derivedData")

    def records(self, body: bytes, positions: Sequence[int]) -> list[bytes]:
        """The records of an answer's rows, as JSON.

        Args:
            body: An answer of the list endpoint (contract 4.3).
            positions: Positions of the rows in it that are meant.
        """
        parsed = _split(body)
        if parsed is not None:
            return [self._record(parsed[at]) for at in positions]
        value = decode(body)
        rows = rows_of(value["_data"] if isinstance(value, dict) else value)
        return [self.record(rows[at]) for at in positions]

    def record(self, row: Row) -> bytes:
        """The record of a row, as JSON."""
        return encode(left_out(self.typer(row), self._deselected))

    def _record(self, raw: Raw) -> bytes:
        try:
            return _ENCODER.encode(self._typed(self._decode(raw)))
        except _ODD:
            return self.record(rows_of([decode(bytes(raw))])[0])

    def _typed(self, row: msgspec.Struct) -> msgspec.Struct:
        """The record of a row, in the same shape."""
        values = [*astuple(row)]
        loose: list[str] = []
        data, derived = values[_DATA], values[_DERIVED]
        if data is not None:
            self._data.settle(data, loose)
        if derived is not None:
            self._derived.settle(derived, loose)
        for place, username in _PEOPLE:
            person = self._find(values[place])
            if person is not None:
                values[place], values[username] = person.id or values[place], person.username
        if state := self._states.get(values[_STATE.start]):
            values[_STATE] = state
        for place in _TIMES:
            value = values[place]
            if value is not None:
                values[place] = _instant(value) if value else None
        for name in loose:
            self.typer.coerced[name] += 1
        record = type(row)(*values)
        if self._deselected:
            self._leave_out(record, data, derived)
        return record

    def _leave_out(
        self, record: msgspec.Struct, data: msgspec.Struct | None, derived: msgspec.Struct | None
    ) -> None:
        for values, fields in (
            (data, self._data_paths),
            (derived, self._derived_paths),
            (record, self._root_paths),
        ):
            for field in fields if values is not None else ():
                setattr(values, field, UNSET)


class _Shape:
    """One object of attributes, as a parser expects it.

    Args:
        attributes: Those that it may hold.
    """

    def __init__(self, attributes: Sequence[Attribute]) -> None:
        named = {each.short_id: each for each in attributes}
        self._fields = {name: f"f{number}" for number, name in enumerate(named)}
        self._types = [_expected(each) for each in named.values()]
        self._work = [
            (self._fields[name], name, type_.coerce, type_.wire, _FITS.get(type_.coerce))
            for name, type_ in ((each.short_id, each.type) for each in named.values())
            if type_.passes is None and type_.arrow_name != _TEXTS
        ]

    def struct(self, name: str) -> type[msgspec.Struct]:
        """The type to parse into; an attribute that is absent is unset.

        Raises:
            ValueError: The name of an attribute is one that the parser can't take.
        """
        types = zip(self._fields.values(), self._types, strict=True)
        fields = [(field, kind, UNSET) for field, kind in types]
        renamed = {field: name for name, field in self._fields.items()}
        return msgspec.defstruct(name, fields, rename=renamed, forbid_unknown_fields=True, gc=False)

    def fields(self, paths: Sequence[Sequence[str]], name: str) -> list[str]:
        """The fields of attributes that these paths lead to."""
        inner = [path[1] for path in paths if len(path) > 1 and path[0] == name]
        return [self._fields[each] for each in inner if each in self._fields]

    def settle(self, values: msgspec.Struct, loose: list[str]) -> None:
        """Make parsed values those to store.

        Args:
            values: A struct of this shape; it is changed.
            loose: Takes the names of attributes that were spelled otherwise than their type.

        Raises:
            _OddValue: One does not fit.
        """
        for field, name, coerce, wire, fits in self._work:
            value = getattr(values, field)
            if type(value) is fits or value is None or value is UNSET:
                continue
            if type(value) is Raw:
                value = decode(bytes(value))
            coerced = coerce(value)
            if coerced is MISFIT:
                raise _OddValue
            setattr(values, field, coerced)
            if type(value) not in wire and coerced is not None:
                loose.append(name)


def _expected(attribute: Attribute) -> object:
    """What a parser is to expect of an attribute's values."""
    kind = attribute.type
    if kind.passes is not None:
        return kind.passes | UnsetType | None
    if kind.arrow_name == _TEXTS:
        return list[str] | UnsetType | None
    return _EXPECTED.get(kind.coerce, Raw | UnsetType)


def _decoder(data: _Shape, derived: _Shape) -> Callable[[Raw], msgspec.Struct]:
    """What parses a row of that shape into the columns of its record."""
    try:
        shapes = {"data": data.struct("_Data"), "derivedData": derived.struct("_Derived")}
    except ValueError:
        return _nothing
    types = {column.name: _ROOT_TYPES.get(column.kind) for column in ROOT_COLUMNS}
    types |= {name: shape | None for name, shape in shapes.items()}
    record = msgspec.defstruct(
        "_Record",
        [(name, kind, None) for name, kind in types.items()],
        forbid_unknown_fields=True,
        gc=False,
    )
    decoder: msgspec.json.Decoder[msgspec.Struct] = msgspec.json.Decoder(record)
    return decoder.decode


def _nothing(_: Raw) -> msgspec.Struct:
    """Parses no row: their shape is not known, or is one that a parser can't take."""
    raise _OddValue


def _split(body: bytes) -> list[Raw] | None:
    """The rows of an answer; None where it can only be read with patience."""
    try:
        return _PAGE.decode(body).rows
    except _ODD:
        return None


def _instant(value: int | str) -> object:
    """A root timestamp as it is stored."""
    if type(value) is int and USUAL_FROM <= value < USUAL_UNTIL:
        return iso_ms(value)
    stored = root_time(value)
    if stored is MISFIT:
        raise _OddValue
    return stored
