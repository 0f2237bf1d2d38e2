"""Makes a typed record of a row; what does not fit goes unchanged into `_extra_data`.

`_extra_data` is a JSON object in the shape of the row itself::

    {"data": {"city": {"odd": 1}}, "derivedData": {...}, "unheardOf": 7}

so that a row can be put together again from its record, but for the spelling of values that
were coerced (`"105"` for 105). Compiled once per stream; a value of the right type costs a
look-up and a call.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from chakra_api.values.coercion import MISFIT, json_text, to_boolean, to_datetime, to_string
from chakra_api.values.timestamps import USUAL_FROM, USUAL_UNTIL, iso_ms
from tap_chakra.records.schema import COLUMN_NAMES, EXTRA, ROOT_COLUMNS, TIMES, RootKind, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.account.account import Attribute, Procedure, State
    from chakra_api.account.people import Directory
    from chakra_api.values.coercion import Coercer

    Row = dict[str, object]

PEOPLE: Final = {"createdBy": "createdByUsername", "assignedTo": "assignedToUsername"}
_UNSET: Final = (0, "", "0")


def root_time(value: object) -> object:
    """A root timestamp: 0 means unset there (contract 1.5)."""
    return None if value in _UNSET and not isinstance(value, bool) else to_datetime(value)


def _reference(value: object) -> object:
    """A root reference: of an object the id alone; the caller keeps the rest."""
    return to_string(value.get("id")) if isinstance(value, dict) else to_string(value)


_COERCERS: Final[Mapping[RootKind, Coercer]] = {
    RootKind.ID: to_string,
    RootKind.REFERENCE: _reference,
    RootKind.TEXT: to_string,
    RootKind.TIME: root_time,
    RootKind.FLAG: to_boolean,
}
ROOT: Final[Mapping[str, Coercer]] = {
    column.name: _COERCERS[column.kind] for column in ROOT_COLUMNS if column.kind in _COERCERS
}
"""Root fields of a row, each with what makes its column's value of it."""

_PASSES: Final[Mapping[str, type]] = {
    **dict.fromkeys(names_of(RootKind.ID, RootKind.REFERENCE, RootKind.TEXT), str),
    **dict.fromkeys(names_of(RootKind.FLAG), bool),
}
"""Root fields whose values of that type are stored just as they come."""

_TIMES: Final = frozenset(TIMES)
_NESTED: Final = frozenset(names_of(RootKind.STATE, RootKind.ATTRIBUTES))


class RowTyper:
    """Types the rows of one procedure.

    Attributes:
        misfits: Values that went to `_extra_data`, by attribute or root field.
        coerced: Values that were spelled otherwise than their type, by the same.
    """

    def __init__(self, procedure: Procedure, directory: Directory) -> None:
        self.misfits: Counter[str] = Counter()
        self.coerced: Counter[str] = Counter()
        self._directory = directory
        self._states = by_any_name(procedure.states)
        self._open = not procedure.resolved
        self._data = Attributes(procedure.attributes, self)
        self._derived = Attributes(procedure.derived_attributes, self)
        self._empty: Row = dict.fromkeys(COLUMN_NAMES)

    def __call__(self, row: Row) -> Row:
        """The typed record of a row."""
        extra: Row = {}
        record = self._empty.copy()
        passes = _PASSES.get
        for name, value in row.items():
            if type(value) is passes(name):
                record[name] = value
            elif type(value) is int and name in _TIMES and USUAL_FROM <= value < USUAL_UNTIL:
                record[name] = iso_ms(value)
            elif (coerce := ROOT.get(name)) is not None:
                if value is not None:
                    record[name] = self._root(name, coerce, value, extra)
            elif name not in _NESTED:
                extra[name] = value
        self._name_people(record)
        self._set_state(row.get("state"), record, extra)
        record["data"] = self._nested("data", self._data, row.get("data"), extra)
        record["derivedData"] = self._nested(
            "derivedData", self._derived, row.get("derivedData"), extra
        )
        if extra:
            record[EXTRA] = json_text(extra)
        return record

    def _root(self, name: str, coerce: Coercer, value: object, extra: Row) -> object:
        coerced = coerce(value)
        if coerced is MISFIT:
            self.misfits[name] += 1
            extra[name] = value
            return None
        if isinstance(value, dict) and set(value) != {"id"}:
            extra[name] = value
        return coerced

    def _name_people(self, record: Row) -> None:
        for field, username in PEOPLE.items():
            named = record[field]
            person = self._directory.find(named) if isinstance(named, str) else None
            if person is None:
                continue
            record[username] = person.username
            if person.id:
                record[field] = person.id

    def _set_state(self, value: object, record: Row, extra: Row) -> None:
        named = value
        if isinstance(value, dict):
            named = value.get("id") or value.get("shortId")
        state = self._states.get(named) if isinstance(named, str) else None
        if state is not None:
            record.update(state=state.short_id, stateId=state.id or None, stateName=state.name)
            return
        record["state"] = self._root("state", to_string, value, extra)

    def _nested(self, name: str, attributes: Attributes, value: object, extra: Row) -> object:
        if value is None:
            return None
        if self._open:
            return json_text(value)
        if not isinstance(value, dict):
            self.misfits[name] += 1
            extra[name] = value
            return None
        typed, odd = attributes.typed(value)
        if odd:
            extra[name] = odd
        return typed


class Counts(Protocol):
    """Where values are counted that were not as their type has them."""

    @property
    def misfits(self) -> Counter[str]:
        """Values that went to `_extra_data`, by attribute or root field."""

    @property
    def coerced(self) -> Counter[str]:
        """Values that were spelled otherwise than their type, by the same."""


class Attributes:
    """Types one object of attributes.

    Args:
        attributes: Those that it may hold.
        counts: Takes the counts.
    """

    def __init__(self, attributes: tuple[Attribute, ...], counts: Counts) -> None:
        self._counts = counts
        self._known = {each.short_id: (each.type.coerce, each.type.wire) for each in attributes}
        self._passes = {each.short_id: each.type.passes for each in attributes}
        self._ids = {each.id: each.short_id for each in attributes if each.id}

    def typed(self, values: Row) -> tuple[Row, Row]:
        """The typed values, and those that do not fit as they came."""
        if values.keys() <= self._known.keys():
            return self._typed(values)
        # Attributes may be named by their ids (contract Q36). Where both are there, that stays.
        names = {
            key: name
            for key in values.keys() - self._known.keys()
            if (name := self._ids.get(key)) is not None and name not in values
        }
        typed, odd = self._typed({names.get(key, key): value for key, value in values.items()})
        came = {name: key for key, name in names.items()}
        return typed, {came.get(key, key): value for key, value in odd.items()}

    def _typed(self, values: Row) -> tuple[Row, Row]:
        passes, known = self._passes.get, self._known
        typed = values.copy()
        odd: Row = {}
        for key, value in values.items():
            if type(value) is passes(key):
                continue
            if key not in known:
                odd[key] = typed.pop(key)
                self._counts.misfits[key] += 1
            elif value is not None:
                coerce, wire = known[key]
                coerced = typed[key] = coerce(value)
                if coerced is MISFIT:
                    odd[key], typed[key] = value, None
                    self._counts.misfits[key] += 1
                elif type(value) not in wire and coerced is not None:
                    self._counts.coerced[key] += 1
        return typed, odd


def by_any_name(states: tuple[State, ...]) -> dict[str, State]:
    """States by id and by shortId."""
    by_id = {state.id: state for state in states if state.id}
    return by_id | {state.short_id: state for state in states}


def compile_row(procedure: Procedure, directory: Directory) -> RowTyper:
    """What types the rows of a procedure."""
    return RowTyper(procedure, directory)
