"""The outline of JSON: names of fields, and in the place of each value its shape. Pure.

What a field of `data` holds is a value as a whole: the names inside it are its user's. A name that
looks like an id, an address or a number is no name of a field, and becomes its shape, too.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from chakra_api.values.shapes import shape_of, shapes_told

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA: Final = frozenset({"data", "derivedData"})
"""Fields whose own fields hold values of a user."""
OPERATORS: Final = frozenset({"=", "!=", ">", ">=", "<", "<="})
PLAIN: Final[dict[str, type]] = {"hasMore": bool, "skip": int, "limit": int}
"""Fields of the protocol that stay as they are, by their type: they are of no row."""
_NAME: Final = re.compile(
    r"[A-Za-z_$][A-Za-z_$.-]{0,39}|(?!(?:.*\d){4})[A-Za-z_$][\w$.]{0,39}", re.ASCII
)
"""A name of a field: letters, and few digits; where there are digits no hyphens, as ids have."""
_MOST_SHAPES: Final = 6
"""Shapes of one field that are told."""


def outline(value: object) -> object:
    """The outline of a value of the wire: JSON without any of its values.

    Objects of a list become one, with how many have a field if not all have it; so do lists in it.
    """
    return _outline([value], is_data=False)


def _outline(values: Sequence[object], *, is_data: bool) -> object:
    """The outline of values that stand at one place."""
    objects = [value for value in values if isinstance(value, dict)]
    lists = [value for value in values if isinstance(value, list)]
    others = [value for value in values if not isinstance(value, (dict, list))]
    parts: list[object] = []
    if objects:
        parts.append(_fields(objects, is_data=is_data))
    if lists:
        parts.append(_lists(lists))
    if others:
        parts.append(_told(others))
    return parts[0] if len(parts) == 1 else {"either": parts}


def _told(values: Sequence[object]) -> str:
    return shape_of(values[0]) if len(values) == 1 else shapes_told(values, _MOST_SHAPES)


def _lists(lists: Sequence[list[object]]) -> dict[str, object]:
    items = [item for each in lists for item in each]
    counts = sorted({len(each) for each in lists})
    many = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    shown: dict[str, object] = {"list of": many}
    if items:
        shown["each"] = _outline(items, is_data=False)
    return shown


def _fields(objects: Sequence[dict[str, object]], *, is_data: bool) -> dict[str, object]:
    held: dict[str, list[object]] = {}
    times: Counter[str] = Counter()
    for each in objects:
        names = [(name_shown(name), value) for name, value in each.items()]
        times.update({name for name, _ in names})
        for name, value in names:
            held.setdefault(name, []).append(value)
    return {
        _with_count(name, times[name], len(objects)): _field(name, values, is_data=is_data)
        for name, values in held.items()
    }


def _field(name: str, values: Sequence[object], *, is_data: bool) -> object:
    if is_data:
        return _told(values)
    plain = PLAIN.get(name)
    if plain is not None and all(type(value) is plain for value in values):
        return ", ".join(sorted({str(value).lower() for value in values}))
    return _outline(values, is_data=name in DATA)


def _with_count(name: str, times: int, of: int) -> str:
    return name if times == of else f"{name} ({times:,} of {of:,})"


def name_shown(name: str) -> str:
    """The name of a field, or its shape where it is likely a value that stands as a name."""
    shape = shape_of(name)
    is_name = _NAME.fullmatch(name) and not shape.startswith("text like")
    return name if name in OPERATORS or is_name else f"{{{shape}}}"
