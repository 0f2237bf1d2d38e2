"""Makes Arrow columns of `data` and `derivedData`, in the layout that the user chose.

| layout | `data` becomes |
|---|---|
| `structs` | one struct with a field per attribute; no column where there are none |
| `json` | JSON text of the attributes that the row has |
| `columns` | a column per attribute, `data__city` |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from chakra_api.values.coercion import json_text
from tap_chakra.records.row_typer import Attributes
from tap_chakra.tables.columns import Kind, column, column_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.account.account import Attribute
    from chakra_api.values.times import Times
    from tap_chakra.records.row_typer import Counts
    from tap_chakra.tables.extras import Extras

    Row = dict[str, object]

LAYOUTS: Final = ("structs", "json", "columns")


@dataclass(frozen=True, slots=True)
class Home:
    """A column for the values of an attribute.

    Attributes:
        name: Of the column, or of the field in a struct.
        kind: What it holds.
    """

    name: str
    kind: Kind

    @property
    def field(self) -> pa.Field:
        """As Arrow declares it."""
        return pa.field(self.name, column_type(self.kind.arrow_name))


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the values of an attribute go: to the first home that they fit.

    Attributes:
        attribute: The attribute.
        homes: Usually one. None at all: its values go to `_extra_data`.
    """

    attribute: Attribute
    homes: tuple[Home, ...]


def kind_of(attribute: Attribute) -> Kind:
    """What a column of an attribute holds."""
    return Kind(attribute.type.arrow_name, attribute.type.family.reads, attribute.type.wire)


def slots(attributes: Sequence[Attribute], prefix: str = "") -> tuple[Slot, ...]:
    """One home for each attribute, named for it."""
    return tuple(
        Slot(each, (Home(f"{prefix}{each.short_id}", kind_of(each)),)) for each in attributes
    )


@dataclass(frozen=True, slots=True)
class GroupTyping:
    """How the attributes of one object are typed.

    Attributes:
        counts: Takes the counts of values that were not as their type has them.
        times: What times mean in the account.
        dropped: Keys of attributes that are not selected.
    """

    counts: Counts
    times: Times
    dropped: frozenset[str] = frozenset()


def _in_account(slot: Slot, times: Times) -> Slot:
    homes = (replace(home, kind=replace(home.kind, times=times)) for home in slot.homes)
    return replace(slot, homes=tuple(homes))


class AttributeColumns:
    """The columns of one object of attributes.

    Args:
        name: `data` or `derivedData`.
        layout: One of `LAYOUTS`.
        chosen: Where the values of each attribute go.
        typing: Takes the counts; says what times mean, and which keys are not selected.

    Attributes:
        fields: The columns as Arrow declares them.
    """

    def __init__(
        self, name: str, layout: str, chosen: tuple[Slot, ...], typing: GroupTyping
    ) -> None:
        self._name = name
        self._layout = layout
        self._slots = tuple(_in_account(slot, typing.times) for slot in chosen if slot.homes)
        self._counts = counts = typing.counts
        self._dropped = typing.dropped
        known = tuple(slot.attribute for slot in self._slots)
        self._short_ids = frozenset(each.short_id for each in known)
        self._ids = {each.id: each.short_id for each in known if each.id}
        self._typer = Attributes(known, counts, typing.times, typing.dropped)
        self._called = {each.attribute.short_id: each.homes[0].name for each in self._slots}
        self._inner = [home.field for slot in self._slots for home in slot.homes]
        self.fields = self._fields()

    def _fields(self) -> list[pa.Field]:
        if self._layout == "json":
            return [pa.field(self._name, pa.string())]
        if self._layout == "columns":
            return self._inner
        # A struct without fields is what no parquet file holds. A column that is not there yet can
        # come as a struct, with the first attribute; a text in its place could never become one.
        return [pa.field(self._name, pa.struct(self._inner))] if self._inner else []

    def arrays(self, values: Sequence[object], extras: Extras) -> list[pa.Array]:
        """The columns of these objects, one a row.

        Args:
            values: As they came.
            extras: Takes what does not fit.
        """
        objects = self._objects(values, extras)
        if self._layout == "json":
            return [self._texts(values, objects, extras)]
        columns = [each for slot in self._filled(objects, extras) for each in slot]
        if self._layout == "columns" or not columns:
            return columns
        unset = pa.array([not isinstance(value, dict) for value in values], pa.bool_())
        return [pa.StructArray.from_arrays(columns, fields=self._inner, mask=unset)]

    def _objects(self, values: Sequence[object], extras: Extras) -> list[Row]:
        """The objects; an empty one where there is none."""
        objects: list[Row] = []
        for place, value in enumerate(values):
            if isinstance(value, dict):
                objects.append(value)
                continue
            objects.append({})
            if value is not None:
                extras.put(place, self._name, value)
                self._counts.misfits[self._name] += 1
        return objects

    def _texts(self, values: Sequence[object], objects: list[Row], extras: Extras) -> pa.Array:
        texts: list[str | None] = []
        for place, (value, group) in enumerate(zip(values, objects, strict=True)):
            typed, odd = self._typer.typed(group)
            for key, kept in odd.items():
                extras.put_nested(place, self._name, key, kept)
            called = {self._called[key]: each for key, each in typed.items()}
            texts.append(json_text(called) if isinstance(value, dict) else None)
        return pa.array(texts, pa.string())

    def _filled(self, objects: list[Row], extras: Extras) -> Iterator[list[pa.Array]]:
        """The arrays of each slot."""
        keys: dict[tuple[int, str], str] = {}
        if self._dropped:
            objects = [
                {key: value for key, value in group.items() if key not in self._dropped}
                for group in objects
            ]
        if odd := set().union(*objects) - self._short_ids:
            objects = [
                group if odd.isdisjoint(group) else self._by_short_id(place, group, keys, extras)
                for place, group in enumerate(objects)
            ]
        for slot in self._slots:
            name = slot.attribute.short_id
            left: list[object] = list(map(dict.get, objects, repeat(name)))
            arrays = []
            for home in slot.homes:
                made = column(left, home.kind)
                arrays.append(made.array)
                left = _only(left, made.misfits)
                if made.coerced:
                    self._counts.coerced[name] += made.coerced
                if made.zoneless:
                    self._counts.zoneless[name] += made.zoneless
                for place in made.nul:
                    self._counts.nul[name] += 1
                    kept = objects[place][name]
                    extras.put_nested(place, self._name, keys.get((place, name), name), kept)
            yield arrays
            for place in made.misfits:
                self._counts.misfits[name] += 1
                extras.put_nested(place, self._name, keys.get((place, name), name), left[place])

    def _by_short_id(
        self, place: int, group: Row, keys: dict[tuple[int, str], str], extras: Extras
    ) -> Row:
        """An object whose keys are all shortIds of known attributes; the rest is kept as extra."""
        named: Row = {}
        for key, value in group.items():
            name = key if key in self._short_ids else self._ids.get(key)
            # Where an attribute is named by its shortId and its id, its shortId counts.
            if name is None or (name != key and name in group) or name in named:
                extras.put_nested(place, self._name, key, value)
                self._counts.misfits[key] += 1
                continue
            named[name] = value
            keys[place, name] = key
        return named


def _only(values: list[object], places: tuple[int, ...]) -> list[object]:
    """The values at these places alone."""
    if not places:
        return [None] * len(values)
    kept: list[object] = [None] * len(values)
    for place in places:
        kept[place] = values[place]
    return kept
