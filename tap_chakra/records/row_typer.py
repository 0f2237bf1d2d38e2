"""Makes a typed record of a row; what does not fit goes unchanged into `_extra_data`.

`_extra_data` is a JSON object in the shape of the row itself::

    {"data": {"city": {"odd": 1}}, "derivedData": {...}, "unheardOf": 7}

so that a row can be put together again from its record, but for the spelling of values that
were coerced (`"105"` for 105). Compiled once per stream; a value of the right type costs a
look-up and a call.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from chakra_api.values.coercion import MISFIT, json_text, to_boolean, to_json, to_string
from chakra_api.values.spelled import holds_nul, without_nul
from chakra_api.values.time_reading import root_time_reader
from chakra_api.values.times import UTC
from chakra_api.values.timestamps import USUAL_FROM, USUAL_UNTIL, is_zoneless, iso_ms
from tap_chakra.records.row_mask import row_mask
from tap_chakra.records.schema import (
    COLUMN_NAMES,
    EXTRA,
    PEOPLE,
    ROOT_COLUMNS,
    TIMES,
    RootKind,
    names_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chakra_api.account.account import Attribute, Procedure, State
    from chakra_api.account.people import Directory
    from chakra_api.values.attribute_types import AttributeType
    from chakra_api.values.coercion import Coercer
    from chakra_api.values.times import Times

    Row = dict[str, object]


def _reference(value: object) -> object:
    """A root reference: of an object the id alone; the caller keeps the rest."""
    return to_string(value.get("id")) if isinstance(value, dict) else to_string(value)


_READS: Final[Mapping[RootKind, Callable[[Times], Coercer]]] = {
    RootKind.ID: lambda _: to_string,
    RootKind.REFERENCE: lambda _: _reference,
    RootKind.TEXT: lambda _: to_string,
    RootKind.TIME: root_time_reader,
    RootKind.FLAG: lambda _: to_boolean,
}
ROOT: Final[Mapping[str, Callable[[Times], Coercer]]] = {
    column.name: _READS[column.kind] for column in ROOT_COLUMNS if column.kind in _READS
}
"""Root fields of a row, each with what makes, in an account, its column's value of it."""

_PASSES: Final[Mapping[str, type]] = {
    **dict.fromkeys(names_of(RootKind.ID, RootKind.REFERENCE, RootKind.TEXT), str),
    **dict.fromkeys(names_of(RootKind.FLAG), bool),
}
"""Root fields whose values of that type are stored just as they come."""

_TIMES: Final = frozenset(TIMES)
_NESTS: Final = (list, dict)
_NESTED: Final = frozenset(names_of(RootKind.STATE, RootKind.ATTRIBUTES))


class RowTyper:
    """Types the rows of one procedure.

    Args:
        procedure: What the rows are of.
        directory: The users that they name.
        times: What times mean in the account.
        deselected: Paths of properties that are left out: nothing of them is in `_extra_data`.

    Attributes:
        misfits: Values that went to `_extra_data`, by attribute or root field.
        coerced: Values that were spelled otherwise than their type, by the same.
        zoneless: Times that named no zone, by the same.
        nul: Texts that lost U+0000, by the same.
    """

    def __init__(
        self,
        procedure: Procedure,
        directory: Directory,
        times: Times = UTC,
        deselected: Sequence[Sequence[str]] = (),
    ) -> None:
        self.misfits: Counter[str] = Counter()
        self.coerced: Counter[str] = Counter()
        self.zoneless: Counter[str] = Counter()
        self.nul: Counter[str] = Counter()
        self._root_readers = {name: reads(times) for name, reads in ROOT.items()}
        self._unit = times.unit_ms
        self._usual_until = USUAL_UNTIL // times.unit_ms
        self._dropped = frozenset(path[0] for path in deselected if len(path) == 1)
        self._directory = directory
        self._states = by_any_name(procedure.states)
        self._open = not procedure.resolved
        self._mask = row_mask(procedure, times)
        attributes, derived = procedure.attributes, procedure.derived_attributes
        dropped = deselected_keys(deselected, "data", attributes)
        self._data = Attributes(attributes, self, times, dropped)
        dropped = deselected_keys(deselected, "derivedData", derived)
        self._derived = Attributes(derived, self, times, dropped)
        self._empty: Row = dict.fromkeys(COLUMN_NAMES)

    def __call__(self, row: Row) -> Row:
        """The typed record of a row."""
        extra: Row = {}
        record = self._empty.copy()
        passes, readers, usual_until = _PASSES.get, self._root_readers, self._usual_until
        for name, value in row.items():
            if type(value) is passes(name):
                record[name] = value
            elif type(value) is int and name in _TIMES and USUAL_FROM <= value < usual_until:
                record[name] = iso_ms(value * self._unit)
            elif (coerce := readers.get(name)) is not None:
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
        for name in self._dropped.intersection(extra):
            del extra[name]
        if extra and self._mask is not None:
            extra = self._mask.rest(extra)
        if extra:
            record[EXTRA] = json_text(extra)
        return record if self._mask is None else self._mask.leaves(record)

    def _root(self, name: str, coerce: Coercer, value: object, extra: Row) -> object:
        coerced = coerce(value)
        if name in self._dropped:
            return None if coerced is MISFIT else coerced
        if coerced is MISFIT:
            self.misfits[name] += 1
            extra[name] = value
            return None
        if isinstance(value, dict) and set(value) != {"id"}:
            extra[name] = value
        if holds_nul(value):
            self.nul[name] += 1
            extra[name] = value
        elif isinstance(value, str) and name in _TIMES and is_zoneless(value):
            self.zoneless[name] += 1
        return coerced

    def _name_people(self, record: Row) -> None:
        for field, username in PEOPLE.items():
            named = record[field]
            person = self._directory.find(named) if isinstance(named, str) else None
            if person is None:
                if self._mask is not None:
                    record[field] = self._mask.stranger(field, named)
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
        if value is None or name in self._dropped:
            return None
        if self._mask is not None:
            value = self._mask.group(name, value)
        if self._open:
            if holds_nul(value):
                self.nul[name] += 1
                extra[name] = value
            return to_json(value)
        if not isinstance(value, dict):
            self.misfits[name] += 1
            extra[name] = value
            return None
        typed, odd = attributes.typed(value)
        if odd:
            extra[name] = odd
        return typed


COUNTED: Final = ("misfits", "coerced", "zoneless", "nul")
"""What is counted of values; see `Counts`."""


class Counts(Protocol):
    """Where values are counted that were not as their type has them."""

    @property
    def misfits(self) -> Counter[str]:
        """Values that went to `_extra_data`, by attribute or root field."""

    @property
    def coerced(self) -> Counter[str]:
        """Values that were spelled otherwise than their type, by the same."""

    @property
    def zoneless(self) -> Counter[str]:
        """Times that named no zone, by the same."""

    @property
    def nul(self) -> Counter[str]:
        """Texts that lost U+0000, by the same."""


class Attributes:
    """Types one object of attributes.

    Args:
        attributes: Those that it may hold.
        counts: Takes the counts.
        times: What times mean in the account.
        dropped: Keys of attributes that are not selected.
    """

    def __init__(
        self,
        attributes: tuple[Attribute, ...],
        counts: Counts,
        times: Times,
        dropped: frozenset[str] = frozenset(),
    ) -> None:
        self._counts = counts
        self._dropped = dropped
        self._known = {
            each.short_id: (each.type.reader(times), each.type.wire, is_time(each.type))
            for each in attributes
        }
        self._passes = {each.short_id: each.type.passes for each in attributes}
        self._ids = {each.id: each.short_id for each in attributes if each.id}

    def typed(self, values: Row) -> tuple[Row, Row]:
        """The typed values, and those that do not fit as they came."""
        if not self._dropped.isdisjoint(values):
            values = {key: each for key, each in values.items() if key not in self._dropped}
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
                coerce, wire, timed = known[key]
                coerced = typed[key] = coerce(value)
                if coerced is MISFIT:
                    odd[key], typed[key] = value, None
                    self._counts.misfits[key] += 1
                elif coerced is not None and (
                    (kind := type(value)) not in wire
                    or (coerced is not value and (kind in _NESTS or (kind is str and timed)))
                ):
                    spelling = spelling_of(value, wire, is_time=timed)
                    if spelling.nul:
                        odd[key] = value
                    spelling.add_to(self._counts, key)
        return typed, odd


def is_time(kind: AttributeType) -> bool:
    """Whether values of a type are times or days."""
    return kind.arrow_name in ("timestamp", "date32")


class Spelling(NamedTuple):
    """How a value that fits its column was spelled.

    Attributes:
        nul: Whether a text in it lost U+0000.
        coerced: Whether it was spelled otherwise than its type.
        zoneless: Whether it is a time that names no zone.
    """

    nul: bool = False
    coerced: bool = False
    zoneless: bool = False

    def add_to(self, counts: Counts, name: str) -> None:
        """Count it as a value of that attribute."""
        if self.nul:
            counts.nul[name] += 1
        if self.coerced:
            counts.coerced[name] += 1
        if self.zoneless:
            counts.zoneless[name] += 1


def spelling_of(value: object, wire: tuple[type, ...], *, is_time: bool) -> Spelling:
    """How a value was spelled that fits its column.

    Args:
        value: As it came.
        wire: Types that values of its attribute have by the documents.
        is_time: Whether they are times or days.
    """
    if holds_nul(value):
        return Spelling(nul=True)
    zoneless = is_time and isinstance(value, str) and is_zoneless(value)
    return Spelling(coerced=type(value) not in wire, zoneless=zoneless)


def deselected_keys(
    paths: Sequence[Sequence[str]], group: str, attributes: Sequence[Attribute]
) -> frozenset[str]:
    """The keys under which a row may hold attributes that are not selected (contract Q36).

    Args:
        paths: Of all properties that are not selected.
        group: `data` or `derivedData`.
        attributes: Those of the group.
    """
    given = {tuple(path) for path in paths}
    meant = [each for each in attributes if (group,) in given or (group, each.short_id) in given]
    return frozenset({each.short_id for each in meant} | {each.id for each in meant} - {""})


def by_any_name(states: tuple[State, ...]) -> dict[str, State]:
    """States by id and by shortId."""
    by_id = {state.id: state for state in states if state.id}
    named = by_id | {state.short_id: state for state in states}
    return {name: _without_nul(state) for name, state in named.items()}


def _without_nul(state: State) -> State:
    return replace(state, short_id=without_nul(state.short_id), name=without_nul(state.name))


def compile_row(
    procedure: Procedure,
    directory: Directory,
    times: Times = UTC,
    deselected: Sequence[Sequence[str]] = (),
) -> RowTyper:
    """What types the rows of a procedure; see `RowTyper`."""
    return RowTyper(procedure, directory, times, deselected)
