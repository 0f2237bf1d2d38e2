"""The highest value of a column whose rows are settled; the next sync reads from there on. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_api.values import exact_json
from chakra_plugin.warehouses.result import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_plugin.warehouses.wanted import Mark

MOST_AGAIN: Final = 10_000
"""Rows without a key that the next sync reads again, at most."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """Up to where the rows of a source are settled.

    Attributes:
        value: The highest value; None if no row held one.
        again: Rows without a key that the next sync reads again, by hash: how many of each.
    """

    value: Mark | None
    again: Mapping[str, int]

    def written(self) -> str:
        """As the journal keeps it."""
        value = self.value
        text = value.isoformat() if isinstance(value, date) else str(value)
        named = None if value is None else [type(value).__name__, text]
        return json.dumps({"value": named, "again": dict(self.again)})


_READERS: Final[Mapping[str, Callable[[str], Mark]]] = {
    "int": int,
    "Decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}


def read_watermark(text: str) -> Watermark:
    """A watermark that the journal kept.

    Raises:
        ValueError: No version of this connector wrote it.
    """
    held = json.loads(text)
    named = held["value"]
    return Watermark(None if named is None else _READERS[named[0]](named[1]), held["again"])


class HighWater:
    """Follows a column, and knows the watermark once all rows have come.

    Args:
        column: The column.
        before: What the last sync left; None if there was none.
        keyless: Whether rows have no key: those that come again are known by their values.

    Attributes:
        endless: Rows that come with every sync: they hold no value there, or one without end.

    Raises:
        SettingsError: The column holds texts, or what else has no order of its own.
    """

    def __init__(self, column: Column, before: Watermark | None, *, keyless: bool) -> None:
        if column.kind in (Kind.TEXT, Kind.BOOLEAN, Kind.BYTES, Kind.JSON):
            raise _no_order(column.name, column.type)
        self._name = column.name
        self._highest = None if before is None else before.value
        self._due = Counter(before.again if before and keyless else {})
        self._at_highest: Counter[str] = Counter()
        self._at_no_value: Counter[str] = Counter()
        self._keyless = keyless
        self.endless = 0

    def is_new(self, row: Mapping[str, Any]) -> bool:
        """A row came; whether it is to be sent.

        Raises:
            SettingsError: Its value can't be compared with others.
        """
        mark = self._mark(row[self._name])
        self.endless += mark is None
        rises = mark is not None and self._is_higher(mark)
        if rises:
            self._highest = mark
        if not self._keyless:
            return True
        digest = _hash_of(row)
        if rises:
            self._at_highest.clear()
        if mark is None:
            self._at_no_value[digest] += 1
        elif mark == self._highest:
            self._at_highest[digest] += 1
        came_before = self._due[digest] > 0
        self._due[digest] -= came_before
        return not came_before

    def watermark(self) -> Watermark:
        """Up to where rows are settled, once all that came are.

        Raises:
            SettingsError: Too many rows without a key would come again.
        """
        again = self._at_highest + self._at_no_value
        if sum(again.values()) > MOST_AGAIN:
            raise SettingsError(
                f"More than {MOST_AGAIN:,} rows without a key hold the highest value of"
                f" '{self._name}', or none: they would come again with the next sync",
                "Name a key in the mapping, or give --state a column with fewer equal values",
            )
        return Watermark(self._highest, again)

    def _mark(self, value: object) -> Mark | None:
        """A value as one to compare; None for what is unset, or beyond all others."""
        if value is None:
            return None
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return _number(value)
        if isinstance(value, str):
            return _instant(value)
        raise _no_order(self._name, type(value).__name__)

    def _is_higher(self, mark: Any) -> bool:  # noqa: ANN401 - of whichever type the column is
        try:
            return self._highest is None or bool(mark > self._highest)
        except TypeError:
            raise SettingsError(
                f"The column '{self._name}' holds {mark}, which can't be compared with"
                f" {self._highest}, the highest value before",
                "Give --state a column of one type; another --stream reads everything anew",
            ) from None


def _number(value: float | Decimal) -> Mark | None:
    if isinstance(value, int):
        return value
    return Decimal(str(value)) if math.isfinite(value) else None


def _instant(text: str) -> Mark | None:
    """A day or an instant; None for one that Python's times do not hold."""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            pass
    return None


def _hash_of(row: Mapping[str, Any]) -> str:
    return hashlib.blake2b(exact_json.dumps(row, sort_keys=True), digest_size=16).hexdigest()


def _no_order(name: str, what: str) -> SettingsError:
    return SettingsError(
        f"--state goes by '{name}', which holds {what}: it has no order to go by",
        "Name a column of times, days or numbers, or cast it in the SQL",
    )
