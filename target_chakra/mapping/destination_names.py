"""What the name of a destination says: an attribute, a root field, or a field of a create alone.

`data.<attribute>` is an attribute of the process, `record.<attribute>` one that counts only when
it is created; any other name is a root field (`state`, `assignedTo`, `isDeleted` …).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

DELETED: Final = "isDeleted"
"""The root field that says whether a process is deleted."""
_ATTRIBUTE: Final = "data."
_ON_CREATE: Final = "record."


def destination_of(attribute: str) -> str:
    """The destination of an attribute, by its shortId."""
    return _ATTRIBUTE + attribute


@lru_cache(maxsize=10_000)  # asked for each field of each row
def attribute_of(destination: str) -> str | None:
    """The shortId of the attribute that a destination is; None if it is none."""
    return destination.removeprefix(_ATTRIBUTE) if destination.startswith(_ATTRIBUTE) else None


def bare_name(destination: str) -> str:
    """The shortId of an attribute, and the name of a root field as it is."""
    return destination.removeprefix(_ATTRIBUTE)


@lru_cache(maxsize=10_000)  # the same
def created_attribute_of(destination: str) -> str | None:
    """The attribute that a create alone sets by a destination; None for other destinations."""
    return destination.removeprefix(_ON_CREATE) if destination.startswith(_ON_CREATE) else None


def is_for_creates(destination: str) -> bool:
    """Whether a destination counts only when a process is created."""
    return destination.startswith(_ON_CREATE)
