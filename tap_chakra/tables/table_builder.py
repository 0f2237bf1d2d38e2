"""Makes an Arrow table of many rows at once, column by column.

It says what `records/row_typer.py` says of each row: the same values, the same misfits in
`_extra_data`, the same counts. A column whose values are as the documents have them costs no call
per value.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from chakra_api.values.coercion import MISFIT, to_json, to_string
from chakra_api.values.spelled import holds_nul
from chakra_api.values.times import UTC
from tap_chakra.records.row_mask import row_mask
from tap_chakra.records.row_typer import ROOT, by_any_name, deselected_keys
from tap_chakra.records.schema import (
    EXTRA,
    PEOPLE,
    REFERENCES,
    ROOT_COLUMNS,
    TIMES,
    RootColumn,
    RootKind,
    names_of,
)
from tap_chakra.tables.attribute_columns import AttributeColumns, GroupTyping, slots
from tap_chakra.tables.columns import Kind, column, column_type, mapped, masked
from tap_chakra.tables.extras import Extras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.account.account import Procedure, State
    from chakra_api.account.people import Directory
    from chakra_api.values.times import Times
    from tap_chakra.tables.attribute_columns import Slot

    Row = dict[str, object]

_NESTED: Final = names_of(RootKind.ATTRIBUTES)
_KNOWN: Final = frozenset((*ROOT, *names_of(RootKind.STATE), *_NESTED))
_TEXTS: Final = {str, type(None)}
_ARROW_NAMES: Final = {
    **{column.name: "string" for column in ROOT_COLUMNS},
    **dict.fromkeys(TIMES, "timestamp"),
    **dict.fromkeys(names_of(RootKind.FLAG), "bool"),
}
_KINDS: Final = {
    name: Kind(_ARROW_NAMES[name], reads, zero_is_unset=name in TIMES)
    for name, reads in ROOT.items()
}


@dataclass(frozen=True, slots=True)
class AttributeLayout:
    """How a table lays out the attributes of a procedure.

    Attributes:
        nested: One of `attribute_columns.LAYOUTS`.
        data: Where the values of each attribute go.
        derived: The same, for derived attributes.
    """

    nested: str
    data: tuple[Slot, ...]
    derived: tuple[Slot, ...]


def plain_layout(procedure: Procedure, nested: str) -> AttributeLayout:
    """A home for each attribute, named for it."""
    data, derived = ("data__", "derivedData__") if nested == "columns" else ("", "")
    return AttributeLayout(
        nested,
        slots(procedure.attributes, data),
        slots(procedure.derived_attributes, derived),
    )


class TableBuilder:
    """Makes the tables of one procedure.

    Args:
        procedure: Its attributes and states.
        directory: The users.
        layout: Of its attributes.
        times: What times mean in the account.
        deselected: Paths of properties of which nothing is to be in `_extra_data`.

    Attributes:
        misfits: Values that went to `_extra_data`, by attribute or root field.
        coerced: Values that were spelled otherwise than their type, by the same.
        zoneless: Times that named no zone, by the same.
        nul: Texts that lost U+0000, by the same.
        schema: Of every table.
    """

    def __init__(
        self,
        procedure: Procedure,
        directory: Directory,
        layout: AttributeLayout,
        times: Times = UTC,
        deselected: Sequence[Sequence[str]] = (),
    ) -> None:
        self.misfits: Counter[str] = Counter()
        self.coerced: Counter[str] = Counter()
        self.zoneless: Counter[str] = Counter()
        self.nul: Counter[str] = Counter()
        self._kinds = {name: replace(kind, times=times) for name, kind in _KINDS.items()}
        self._dropped = frozenset(path[0] for path in deselected if len(path) == 1)
        self._directory = directory
        self._states = by_any_name(procedure.states)
        self._mask = row_mask(procedure, times)
        groups = (
            ("data", layout.data, procedure.attributes),
            ("derivedData", layout.derived, procedure.derived_attributes),
        )
        self._groups: dict[str, AttributeColumns | None] = dict.fromkeys(_NESTED)
        for name, homes, attributes in groups if procedure.resolved else ():
            dropped = deselected_keys(deselected, name, attributes)
            typing = GroupTyping(self, times, dropped)
            self._groups[name] = AttributeColumns(name, layout.nested, homes, typing)
        self.schema = pa.schema([field for each in ROOT_COLUMNS for field in self._fields(each)])

    def _fields(self, root: RootColumn) -> list[pa.Field]:
        if self._mask is not None and root.name in self._mask.dropped:
            return []
        if self._mask is not None and root.name in self._mask.columns:
            return [pa.field(root.name, pa.string())]
        group = self._groups.get(root.name)
        if group is not None:
            return group.fields
        kind = column_type(_ARROW_NAMES[root.name])
        return [pa.field(root.name, kind, nullable=root.kind is not RootKind.ID)]

    def __call__(self, rows: Sequence[Row]) -> pa.Table:
        """The table of these rows."""
        extras = Extras()
        columns = {name: self._root(name, rows, extras) for name in ROOT}
        self._keep_unheard_of(rows, extras)
        for field, username in PEOPLE.items():
            columns[field], columns[username] = self._people(field, columns[field])
        columns |= self._state(list(map(dict.get, rows, repeat("state"))), extras)
        for name, group in self._groups.items():
            dropped = name in self._dropped
            values = [None if dropped else row.get(name) for row in rows]
            if self._mask is not None:
                values = [self._mask.group(name, value) for value in values]
            if group is None:
                for place in [at for at, value in enumerate(values) if holds_nul(value)]:
                    self.nul[name] += 1
                    extras.put(place, name, values[place])
                columns[name] = pa.array(list(map(to_json, values)), pa.string())
            else:
                names = (each.name for each in group.fields)
                columns |= zip(names, group.arrays(values, extras), strict=True)
        extras.drop(self._dropped)
        if self._mask is not None:
            extras.change(self._mask.rest)
        columns[EXTRA] = extras.texts(len(rows))
        if self._mask is not None:
            columns |= {n: masked(columns[n], treat) for n, treat in self._mask.columns.items()}
        return pa.Table.from_arrays(
            [columns[name] for name in self.schema.names], schema=self.schema
        )

    def _root(self, name: str, rows: Sequence[Row], extras: Extras) -> pa.Array:
        values: list[object] = list(map(dict.get, rows, repeat(name)))
        made = column(values, self._kinds[name])
        if name in self._dropped:
            return made.array
        if made.zoneless:
            self.zoneless[name] += made.zoneless
        for place in made.nul:
            self.nul[name] += 1
            extras.put(place, name, values[place])
        for place in made.misfits:
            self.misfits[name] += 1
            extras.put(place, name, values[place])
        if name in REFERENCES and dict in set(map(type, values)):
            for place, value in enumerate(values):
                if isinstance(value, dict) and set(value) != {"id"}:
                    extras.put(place, name, value)
        return made.array

    def _keep_unheard_of(self, rows: Sequence[Row], extras: Extras) -> None:
        if set().union(*rows) <= _KNOWN:
            return
        for place, row in enumerate(rows):
            for name in row.keys() - _KNOWN:
                extras.put(place, name, row[name])

    def _people(self, field: str, named: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Ids and usernames of the people whom the column of a field names by either."""
        find, mask = self._directory.find, self._mask

        def person_id(name: str) -> object:
            person = find(name)
            if person is None and mask is not None:
                return mask.stranger(field, name)
            return (person and person.id) or name

        def username(name: str) -> str | None:
            person = find(name)
            return None if person is None else person.username

        return mapped(named, person_id), mapped(named, username)

    def _state(self, values: Sequence[object], extras: Extras) -> Row:
        """The state of each row, however it is named."""
        if not set(map(type, values)) <= _TEXTS:
            return self._odd_state(values, extras)
        named, states = pa.array(values, pa.string()), self._states

        def short_id(name: str) -> str:
            return states[name].short_id if name in states else name

        def state_id(name: str) -> str | None:
            return (states[name].id or None) if name in states else None

        def state_name(name: str) -> str | None:
            return states[name].name if name in states else None

        return {
            "state": mapped(named, short_id),
            "stateId": mapped(named, state_id),
            "stateName": mapped(named, state_name),
        }

    def _odd_state(self, values: Sequence[object], extras: Extras) -> Row:
        """The same, where not all are named by a text."""
        found: list[State | None] = []
        others: list[object] = []
        for place, value in enumerate(values):
            state = self._find_state(value)
            found.append(state)
            others.append(None if state else self._other_state(place, value, extras))
        names = [s.short_id if s else other for s, other in zip(found, others, strict=True)]
        return {
            "state": pa.array(names, pa.string()),
            "stateId": pa.array([(s.id or None) if s else None for s in found], pa.string()),
            "stateName": pa.array([s.name if s else None for s in found], pa.string()),
        }

    def _find_state(self, value: object) -> State | None:
        if isinstance(value, dict):
            value = value.get("id") or value.get("shortId")
        return self._states.get(value) if isinstance(value, str) else None

    def _other_state(self, place: int, value: object, extras: Extras) -> object:
        """The text of a state that the account does not have."""
        text = to_string(value)
        if "state" in self._dropped:
            return None if text is MISFIT else text
        if holds_nul(value) or text is MISFIT:
            (self.misfits if text is MISFIT else self.nul)["state"] += 1
            extras.put(place, "state", value)
        return None if text is MISFIT else text
