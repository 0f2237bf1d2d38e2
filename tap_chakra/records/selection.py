"""Properties of a record that are not selected, and so left out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chakra_api.endpoints.client import Row


def left_out(record: Row, paths: Iterable[Sequence[str]]) -> Row:
    """The record itself, from which the properties at these paths are taken."""
    for path in paths:
        place: object = record
        for name in path[:-1]:
            place = place.get(name) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.pop(path[-1], None)
    return record
