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

from chakra_api.coercion import MISFIT, json_text, to_boolean, to_datetime, to_string
from tap_chakra.schema import EXTRA, REFERENCES, TIMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.account import Attribute, Procedure, State
    from chakra_api.coercion import Coercer
    from chakra_api.people import Directory

    Row = dict[str, object]

PEOPLE: Final = {"createdBy": "createdByUsername", "assignedTo": "assignedToUsername"}
_UNSET: Final = (0, "", "0")


def _time(value: object) -> object:
    """A root timestamp: 0 means unset there (contract 1.5)."""
    return None if value in _UNSET and not isinstance(value, bool) else to_datetime(value)


def _reference(value: object) -> object:
    """A root reference: of an object the id alone; the caller keeps the rest."""
    return to_string(value.get("id")) if isinstance(value, dict) else to_string(value)


ROOT: Final[Mapping[str, Coercer]] = {
    "id": to_string,
    **dict.fromkeys(REFERENCES, _reference),
    "status": to_string,
    **dict.fromkeys(TIMES, _time),
    "isDeleted": to_boolean,
}


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

    def __call__(self, row: Row) -> Row:
        """The typed record of a row."""
        extra: Row = {}
        record: Row = {}
        for name, coerce in ROOT.items():
            record[name] = self._root(name, coerce, row.get(name), extra)
        for name, value in row.items():
            if name not in ROOT and name not in ("state", "data", "derivedData"):
                extra[name] = value
        self._name_people(record)
        self._set_state(row.get("state"), record, extra)
        record["data"] = self._nested("data", self._data, row.get("data"), extra)
        record["derivedData"] = self._nested(
            "derivedData", self._derived, row.get("derivedData"), extra
        )
        record[EXTRA] = json_text(extra) if extra else None
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
            record[username] = person.username if person else None
            if person and person.id:
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
        record["stateId"] = record["stateName"] = None

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

    misfits: Counter[str]
    coerced: Counter[str]


class Attributes:
    """Types one object of attributes.

    Args:
        attributes: Those that it may hold.
        counts: Takes the counts.
    """

    def __init__(self, attributes: tuple[Attribute, ...], counts: Counts) -> None:
        self._counts = counts
        by_id = {each.id: each for each in attributes if each.id}
        by_name = {each.short_id: each for each in attributes}
        self._known = {
            key: (each.short_id, each.type.coerce, each.type.wire)
            for key, each in (by_id | by_name).items()
        }

    def typed(self, values: Row) -> tuple[Row, Row]:
        """The typed values, and those that do not fit as they came."""
        typed: Row = {}
        odd: Row = {}
        known, counts = self._known, self._counts
        for key, value in values.items():
            found = known.get(key)
            if found is None:
                odd[key] = value
                counts.misfits[key] += 1
                continue
            name, coerce, wire = found
            coerced = coerce(value)
            if coerced is MISFIT or name in typed:
                odd[key] = value
                counts.misfits[name] += 1
                typed.setdefault(name, None)
                continue
            typed[name] = coerced
            if type(value) not in wire and coerced is not None:
                counts.coerced[name] += 1
        return typed, odd


def by_any_name(states: tuple[State, ...]) -> dict[str, State]:
    """States by id and by shortId."""
    by_id = {state.id: state for state in states if state.id}
    return by_id | {state.short_id: state for state in states}


def compile_row(procedure: Procedure, directory: Directory) -> RowTyper:
    """What types the rows of a procedure."""
    return RowTyper(procedure, directory)
