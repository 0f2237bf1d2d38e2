"""Where each column of a stream goes, and what makes its values: compiled once per stream."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from chakra_api.errors import SettingsError
from chakra_api.values.writing import Unfit, is_finer_than_ms, is_fraction
from target_chakra.mapping.column_meaning import attribute_meant_by
from target_chakra.mapping.delete_marks import is_loaders_mark
from target_chakra.mapping.destination_names import destination_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from chakra_api.values.writing import Writer
    from target_chakra.mapping.destinations import Destination, Destinations
    from target_chakra.mapping.stream_columns import ColumnReader
    from target_chakra.stream_mapping import KeyOptions, StreamMapping

LOG: Final = logging.getLogger("target-chakra")


class Route(NamedTuple):
    """The way of one column's values.

    Attributes:
        name: Their destination.
        write: Makes the value of the wire of one that is not empty.
        as_is: Types whose values go over the wire as they are.
        choices: Texts that go over the wire as they are.
        keeps_blanks: Whether an empty text is stored, not taken for a null.
        bare_name: The destination as an account's user knows it.
        takes: What it takes, for messages; empty if the reason says so.
    """

    name: str
    write: Writer
    as_is: frozenset[type] = frozenset()
    choices: frozenset[object] = frozenset()
    keeps_blanks: bool = False
    bare_name: str = ""
    takes: str = ""


UNSEEN: Final = Route("", lambda value: value)
"""The route of a column that has not been looked at yet."""


class Routes:
    """The routes of one stream's columns, and of the attributes nested in its `data`.

    Args:
        reader: What the columns mean.
        declared: The columns that the stream declares; empty if it declares none.

    Attributes:
        by_column: Where a column goes; None if it is left out.
        loaders_marks: Columns in which taps and loaders mark rows as deleted.
        expected: Columns that every row may carry, with the destination that a row without one
            leaves empty; not that of the key.

    Raises:
        SettingsError: The mapping names an attribute that does not exist, or two columns go to
            one destination.
    """

    def __init__(self, reader: ColumnReader, declared: Collection[str]) -> None:
        self._reader = reader
        self._mapping: StreamMapping = reader.mapping
        self._destinations: Destinations = reader.destinations
        self.by_column: dict[str, Route | None] = {}
        self._nested: dict[str, Route] = {}
        self.loaders_marks = frozenset(filter(is_loaders_mark, self._mapping.fields or ()))
        columns = reader.columns
        # An attribute may be called `id`, too: it is another one than the id of the process.
        attribute = "" if columns.attribute in (None, "id") else columns.attribute
        self._key_destination = destination_of(attribute) if attribute else ""
        self._add_key()
        for column, name in (self._mapping.fields or {}).items():
            if column in (columns.key, *columns.marks_deleted):
                self.by_column.setdefault(column, None)
                continue
            found = self._destinations.named(name, reader.where)
            if column not in self.by_column:
                self.by_column[column] = self._route(column, found)
        self._taken: dict[str, str] = {}
        for column, route in self.by_column.items():
            self._take(column, route)
        for name in self._mapping.only_if_empty:
            self._destinations.named(name, reader.where)
        for column in declared:
            self.discovered(column)
        self.expected = {
            column: route.name
            for column, route in self.by_column.items()
            if route is not None and route.bare_name and route.name != self._key_destination
        }

    def _add_key(self) -> None:
        column, attribute = self._mapping.key_column, self._reader.columns.attribute
        if attribute is None or attribute == "id":
            return
        found = self._destinations.named(destination_of(attribute), self._reader.where)
        found = replace(found, as_is=frozenset(), choices=frozenset())
        self._key = replace(found, write=_key_writer(found.write, self._mapping.key_options))
        if column:
            self.by_column[column] = self._route(column, self._key)

    def _route(self, column: str, found: Destination) -> Route:
        options = self._mapping.options.get(column)
        if options is not None and options.rounds:
            found = self._destinations.rounding(found)
        keeps = self._mapping.keeps_blanks if options is None else options.keeps_blanks
        write = found.write
        if found.is_time:
            write = _telling(column, write, self._destinations.rules.times.unit_ms)
        names_process = found.name == self._key_destination
        if names_process and column != self._mapping.key_column:
            found, write = self._key, self._key.write
        return Route(
            found.name,
            write,
            found.as_is,
            found.choices,
            keeps and found.is_text and not names_process,
            found.bare_name,
            found.takes,
        )

    def discovered(self, column: str) -> Route | None:
        """Where a column goes, by the mapping or by its name; None if it is left out."""
        if is_loaders_mark(column):
            self.loaders_marks |= {column}
        if column in self.by_column:
            return self.by_column[column]
        route = None
        if not self._reader.is_left_out(column):
            found = self._reader.by_name(column)
            route = self._route(column, found) if found else _nowhere(column)
        self._take(column, route)
        self.by_column[column] = route
        return route

    def nested(self, short_id: str, beside: Collection[str]) -> Route:
        """Where an attribute goes that stands in the column `data`.

        Args:
            short_id: What it is called there.
            beside: All names of the row's `data`.
        """
        route = self._nested.get(short_id)
        if route is None:
            found = attribute_meant_by(short_id, self._destinations, beside)
            if found is None:
                # Not kept: the names beside it in another row may tell what it means.
                return _nowhere(short_id)
            name = destination_of(short_id)
            route = self._nested[short_id] = self._route(name, found)
            self._take(name, route)
        return route

    def _take(self, column: str, route: Route | None) -> None:
        """Two columns that go to one destination: one of the values would be lost in silence."""
        if route is None or not route.bare_name:
            return
        first = self._taken.setdefault(route.name, column)
        if first != column:
            raise SettingsError(
                f"{self._reader.where} sends the columns '{first}' and '{column}' to {route.name}",
                "Name with fields which of them is meant, or leave one out of the source",
            )


def said(label: str, value: str, route: Route, problem: Unfit) -> str:
    """Why a value can't be written.

    Args:
        label: Its column.
        value: The value, as a message quotes it.
        route: Where it was to go.
        problem: What is wrong with it.
    """
    if not route.bare_name:
        return f"{label} {problem.reason}"
    reason = f"{label} is {value}, which {problem.reason}"
    return f"{reason}; ChakraHQ's {route.bare_name} takes {route.takes}" if route.takes else reason


def _telling(column: str, write: Writer, unit_ms: int) -> Writer:
    """Says once that digits of a column's times are cut off."""
    unit = "milliseconds" if unit_ms == 1 else "seconds"
    finely = (str,) if unit_ms == 1 else (str, int)
    told: list[str] = []

    def wrote(value: object) -> object:
        wire = write(value)
        if (
            not told
            and type(value) in finely
            and type(wire) is not Unfit
            and is_finer_than_ms(value, unit_ms)
        ):
            told.append(column)
            LOG.warning(
                "%s holds times finer than %s, such as %s: ChakraHQ keeps %s, finer digits are cut"
                " off",
                column,
                unit,
                value,
                unit,
            )
        return wire

    return wrote


def _key_writer(write: Writer, options: KeyOptions) -> Writer:
    """Writes keys: what names no process, and what no key can hold, is refused."""

    def key(value: object) -> object:
        if type(value) is not str:
            if is_fraction(value):
                return Unfit("is not whole, and names no process")
            if isinstance(value, Decimal) and math.isinf(float(value)):
                return Unfit("is beyond all numbers that name a process")
        wire = write(value)
        if isinstance(wire, float):
            return int(wire) if wire.is_integer() else Unfit("is not whole, and names no process")
        if not isinstance(wire, str):
            return wire
        wire = options.applied(wire)
        if not wire.strip():
            return Unfit("is blank, and names no process")
        return Unfit("holds the character U+0000, and names no process") if "\0" in wire else wire

    return key


def _nowhere(column: str) -> Route:
    return Route(column, lambda _value: Unfit("is no attribute of the procedure"))
