"""Gathers what fits no column of a table, row by row, for `_extra_data`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from chakra_api.values.coercion import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Row = dict[str, object]


class Extras:
    """The `_extra_data` of one table's rows, in the shape that `records/row_typer.py` gives it."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}

    def put(self, place: int, name: str, value: object) -> None:
        """Keep a root field of the row at a place, as it came."""
        self._rows.setdefault(place, {})[name] = value

    def put_nested(self, place: int, group: str, key: str, value: object) -> None:
        """Keep a value of `data` or `derivedData`, as it came."""
        kept = self._rows.setdefault(place, {}).setdefault(group, {})
        assert isinstance(kept, dict)  # noqa: S101 - a group that is no object has no keys
        kept[key] = value

    def drop(self, names: Iterable[str]) -> None:
        """Forget root fields of all rows."""
        for name in names:
            for row in self._rows.values():
                row.pop(name, None)

    def change(self, make: Callable[[Row], Row]) -> None:
        """Put in place of what is kept of each row what is made of it."""
        self._rows = {place: make(row) for place, row in self._rows.items()}

    def texts(self, count: int) -> pa.Array:
        """The column, for so many rows."""
        if not self._rows:
            return pa.nulls(count, pa.string())
        kept = self._rows
        return pa.array(
            [json_text(kept[place]) if kept.get(place) else None for place in range(count)],
            pa.string(),
        )
