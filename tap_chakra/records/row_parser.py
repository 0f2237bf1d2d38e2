"""Makes the JSON of typed records right out of an answer's, without an object for every value.

What most values need is a look at their type, and a parser that knows which type to expect takes
that look in C. So a procedure's attributes are compiled into the shape of a row: one that has this
shape is parsed, its times are rewritten, and it is encoded. One that has not goes the long way
through `row_typer.py`, value by value. Both ways make the same record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.structs import astuple

from chakra_api.endpoints.answers import rows_of
from chakra_api.endpoints.row_heads import Int64
from chakra_api.values import exact_json
from chakra_api.values.attribute_types import JSON
from chakra_api.values.coercion import MISFIT, to_integer, to_number
from chakra_api.values.spelled import spelled_number, spells_nul
from chakra_api.values.time_reading import root_time_reader
from chakra_api.values.times import UTC
from chakra_api.values.timestamps import USUAL_FROM, USUAL_UNTIL, is_zoneless, iso_ms
from chakra_api.wire.wire_json import decode, encode
from tap_chakra.masking.rules import GROUPS
from tap_chakra.records.row_mask import row_mask
from tap_chakra.records.row_typer import by_any_name, compile_row, deselected_keys, is_time
from tap_chakra.records.schema import COLUMN_NAMES, PEOPLE, ROOT_COLUMNS, TIMES, RootKind
from tap_chakra.records.selection import left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.account.people import Directory
    from chakra_api.endpoints.answers import Row
    from chakra_api.values.coercion import Coercer
    from chakra_api.values.times import Times
    from tap_chakra.records.row_mask import GroupMask, RowMask

Decode: TypeAlias = "Callable[[Raw], msgspec.Struct]"
"""Parses a row into the columns of its record."""
_INTEGERS: Final = Int64 | str | UnsetType | None
_EXPECTED: Final[Mapping[str, object]] = {
    "integer": _INTEGERS,
    "date": _INTEGERS,
    "datetime": _INTEGERS,
    "ISO datetime": _INTEGERS,
}
"""What a parser is to expect of values of a family."""
_UNREAD: Final = Raw | UnsetType
_NUMBERS: Final = float | str | UnsetType | None
"""What is expected of numbers where none has more digits than a double holds."""
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
        times: What times mean in the account.
        deselected: Paths of properties to leave out, one or two names each.

    Attributes:
        typer: Makes the same records of single rows, and counts what did not fit for both ways.
    """

    def __init__(
        self,
        procedure: Procedure,
        directory: Directory,
        times: Times = UTC,
        deselected: Sequence[Sequence[str]] = (),
    ) -> None:
        self.typer = compile_row(procedure, directory, times, deselected)
        self._unit = times.unit_ms
        self._usual_until = USUAL_UNTIL // times.unit_ms
        self._root_time = root_time_reader(times)
        self._find = directory.find
        self._deselected = deselected
        self._states = {
            named: (state.short_id, state.id or None, state.name)
            for named, state in by_any_name(procedure.states).items()
        }
        self._mask = mask = row_mask(procedure, times)
        attributes, derived = procedure.attributes, procedure.derived_attributes
        masks = [None if mask is None else mask.of_group(name) for name in GROUPS]
        dropped = deselected_keys(deselected, "data", attributes)
        self._data = _Shape(attributes, times, dropped, masks[0])
        dropped = deselected_keys(deselected, "derivedData", derived)
        self._derived = _Shape(derived, times, dropped, masks[1])
        self._decode: Decode = _nothing
        self._decode_exactly: Decode = _nothing
        if procedure.resolved:
            self._decode, self._decode_exactly = _decoders(self._data, self._derived)
        self._root_paths = [path[0] for path in deselected if len(path) == 1]
        self._root_paths += sorted(mask.dropped) if mask is not None else []
        self._data_paths = self._data.fields(deselected, "data")
        self._derived_paths = self._derived.fields(deselected, "derivedData")
        self._leaves_out = bool(self._root_paths or self._data_paths or self._derived_paths)

    def records(self, body: bytes, positions: Sequence[int]) -> list[bytes]:
        """The records of an answer's rows, as JSON.

        Args:
            body: An answer of the list endpoint (contract 4.3).
            positions: Positions of the rows in it that are meant.
        """
        parsed = _split(body)
        if parsed is not None:
            is_usual = exact_json.is_plain(body) and not spells_nul(body)
            make = self._record if is_usual else self._odd_record
            return [make(parsed[at]) for at in positions]
        value = decode(body)
        rows = rows_of(value["_data"] if isinstance(value, dict) else value)
        return [self.record(rows[at]) for at in positions]

    def record(self, row: Row) -> bytes:
        """The record of a row, as JSON."""
        return encode(left_out(self.typer(row), self._deselected))

    def _odd_record(self, raw: Raw) -> bytes:
        row = bytes(raw)
        if spells_nul(row):
            return self.record(rows_of([decode(row)])[0])
        return self._record(raw, None if exact_json.is_plain(row) else self._decode_exactly)

    def _record(self, raw: Raw, decode_row: Decode | None = None) -> bytes:
        try:
            return _ENCODER.encode(self._typed((decode_row or self._decode)(raw)))
        except _ODD:
            return self.record(rows_of([decode(bytes(raw))])[0])

    def _typed(self, row: msgspec.Struct) -> msgspec.Struct:
        """The record of a row, in the same shape."""
        values = [*astuple(row)]
        loose: list[str] = []
        zoneless: list[str] = []
        data, derived = values[_DATA], values[_DERIVED]
        if data is not None:
            self._data.settle(data, loose, zoneless)
        if derived is not None:
            self._derived.settle(derived, loose, zoneless)
        for place, username in _PEOPLE:
            person = self._find(values[place])
            if person is not None:
                values[place], values[username] = person.id or values[place], person.username
        if state := self._states.get(values[_STATE.start]):
            values[_STATE] = state
        self._settle_times(values, zoneless)
        if self._mask is not None:
            self._mask_columns(values, self._mask)
        for name in loose:
            self.typer.coerced[name] += 1
        for name in zoneless:
            self.typer.zoneless[name] += 1
        record = type(row)(*values)
        if self._leaves_out:
            self._leave_out(record, data, derived)
        return record

    def _mask_columns(self, values: list[Any], mask: RowMask) -> None:
        for place, username in _PEOPLE:
            if values[place] is not None and values[username] is None:
                values[place] = mask.stranger(COLUMN_NAMES[place], values[place])
        for name, treat in mask.columns.items():
            values[_PLACES[name]] = treat(values[_PLACES[name]])

    def _settle_times(self, values: list[Any], zoneless: list[str]) -> None:
        usual_until, unit = self._usual_until, self._unit
        for place in _TIMES:
            value = values[place]
            if value is not None:
                if type(value) is int and USUAL_FROM <= value < usual_until:
                    values[place] = iso_ms(value * unit)
                    continue
                values[place] = self._instant(value) if value else None
                if type(value) is str and is_zoneless(value):
                    name = COLUMN_NAMES[place]
                    zoneless += [name] if name not in self._root_paths else []

    def _instant(self, value: int | str) -> object:
        """A root timestamp as it is stored."""
        stored = self._root_time(value)
        if stored is MISFIT:
            raise _OddValue
        return stored

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
        times: What times mean in the account.
        dropped: Keys of those that are not selected: they are left as they came.
        mask: What becomes of values; None if nothing is masked.
    """

    def __init__(
        self,
        attributes: Sequence[Attribute],
        times: Times,
        dropped: Container[str],
        mask: GroupMask | None = None,
    ) -> None:
        self._dropped = dropped
        self._named = {each.short_id: each for each in attributes}
        self._gone = mask.dropped if mask is not None else ()
        self._masked = mask.treats if mask is not None else {}
        names = [*self._named, *self._gone]
        self._fields = {name: f"f{number}" for number, name in enumerate(names)}
        self._work = [
            (
                self._fields[name],
                name,
                type_.reader(times) if mask is None else mask.inside(type_.reader(times)),
                type_.wire,
                _FITS.get(type_.reader(times)),
                is_time(type_),
            )
            for name, type_ in ((each.short_id, each.type) for each in self._named.values())
            if type_.passes is None and type_.arrow_name != _TEXTS and name not in dropped
            if name not in self._masked
        ]
        self._work += [
            (self._fields[name], name, treat, JSON.wire, None, False)
            for name, treat in self._masked.items()
            if name not in dropped
        ]

    def struct(self, name: str, number: object) -> type[msgspec.Struct]:
        """The type to parse into; an attribute that is absent is unset.

        Args:
            name: Its own.
            number: What is expected of numbers that are no integers.

        Raises:
            ValueError: The name of an attribute is one that the parser can't take.
        """
        expected = (
            _UNREAD
            if name in self._dropped or name in self._masked or name in self._gone
            else _expected(self._named[name], number)
            for name in self._fields
        )
        types = zip(self._fields.values(), expected, strict=True)
        fields = [(field, kind, UNSET) for field, kind in types]
        renamed = {field: name for name, field in self._fields.items()}
        return msgspec.defstruct(name, fields, rename=renamed, forbid_unknown_fields=True, gc=False)

    def fields(self, paths: Sequence[Sequence[str]], name: str) -> list[str]:
        """The fields of attributes that these paths lead to."""
        inner = [path[1] for path in paths if len(path) > 1 and path[0] == name]
        inner += self._gone
        return [self._fields[each] for each in inner if each in self._fields]

    def settle(self, values: msgspec.Struct, loose: list[str], zoneless: list[str]) -> None:
        """Make parsed values those to store.

        Args:
            values: A struct of this shape; it is changed.
            loose: Takes the names of attributes that were spelled otherwise than their type.
            zoneless: Takes the names of those whose times named no zone.

        Raises:
            _OddValue: One does not fit.
        """
        for field, name, coerce, wire, fits, timed in self._work:
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
            if timed and type(value) is str and value[-1:] not in "Zz" and is_zoneless(value):
                zoneless.append(name)


def _expected(attribute: Attribute, number: object) -> object:
    """What a parser is to expect of an attribute's values."""
    kind = attribute.type
    if kind.passes is not None:
        return kind.passes | UnsetType | None
    if kind.arrow_name == _TEXTS:
        return list[str] | UnsetType | None
    return number if kind.reader() is to_number else _EXPECTED.get(kind.family.name, _UNREAD)


def _decoders(data: _Shape, derived: _Shape) -> tuple[Decode, Decode]:
    """What parses a row of that shape into the columns of its record: fast, and to each digit."""
    try:
        return _decoder(data, derived, _NUMBERS), _decoder(data, derived, Any)
    except ValueError:
        return _nothing, _nothing


def _decoder(data: _Shape, derived: _Shape, number: object) -> Decode:
    shapes = {
        "data": data.struct("_Data", number),
        "derivedData": derived.struct("_Derived", number),
    }
    types = {column.name: _ROOT_TYPES.get(column.kind) for column in ROOT_COLUMNS}
    types |= {name: shape | None for name, shape in shapes.items()}
    record = msgspec.defstruct(
        "_Record",
        [(name, kind, None) for name, kind in types.items()],
        forbid_unknown_fields=True,
        gc=False,
    )
    decoder: msgspec.json.Decoder[msgspec.Struct] = msgspec.json.Decoder(
        record, float_hook=spelled_number
    )
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
