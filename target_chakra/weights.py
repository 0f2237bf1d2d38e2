"""What rows weigh: their texts, which is all that can make a row large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEAVY: Final = 16 << 10
"""Bytes from which on a row counts as large. Others are bounded by their number."""

MOST_OPEN_BYTES: Final = 24 << 20
"""Bytes of large rows without an outcome that a run holds at a time."""

BATCH_BYTES: Final = 4 << 20
"""Bytes of large rows that a batch holds; a single one may weigh more."""


def weight_of(row: Mapping[str, object]) -> int:
    """Bytes of a row, about; 0 where they are too few to count."""
    weight = _weight(row.values())
    return weight if weight >= HEAVY else 0


def _weight(values: Iterable[object]) -> int:
    weight = 0
    for value in values:
        kind = type(value)
        if kind is str:
            weight += len(value)  # type: ignore[arg-type]  # it is a text
        elif kind is dict:
            weight += _weight(value.values())  # type: ignore[attr-defined]  # it is an object
        elif kind is list:
            weight += _weight(value)  # type: ignore[arg-type]  # it is a list
    return weight
