"""Filters that Spark pushes down, as far as ChakraHQ is asked for them.

Spark looks at each of them again all the same: what is asked for here only spares requests. So a
filter may let too much pass, and never too little. Known by their names: a Spark that knows no
filters of this kind has no classes for them either.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from chakra_api.endpoints.where import all_of, any_of, equals
from chakra_spark.reading.pieces import Asked
from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from chakra_api.endpoints.where import Where

COLUMNS: Final = ("status", "state")
"""Columns whose values ChakraHQ finds as the rows show them."""
CREATED: Final = "createdAt"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND: Final = timedelta(milliseconds=1)


def pushed(filters: Iterable[Any], states: Collection[str], window: Window) -> Asked:
    """What to ask for.

    Args:
        filters: Spark's, which all hold of a row that is wanted.
        states: ShortIds of the states that there are.
        window: The time that the user's options leave.
    """
    wheres: list[Where] = []
    for each in filters:
        name, values = ".".join(each.attribute) if hasattr(each, "attribute") else "", _values(each)
        if name == CREATED:
            window = _narrowed(window, each)
        elif name in COLUMNS and values and all(map(str.strip, values)):
            known = name == "status" or all(value in states for value in values)
            if known:
                wheres.append(equals(name, values[0]) if len(values) == 1 else any_of(name, values))
    return Asked(window, all_of(*wheres) or None)


def _values(each: Any) -> list[str]:  # noqa: ANN401 - a filter of Spark's
    """The texts one of which a filter asks for; none where it is of another kind."""
    kind, value = type(each).__name__, getattr(each, "value", None)
    values: list[Any] = [value] if kind == "EqualTo" else list(value or ()) if kind == "In" else []
    return values if all(isinstance(text, str) for text in values) else []


def _narrowed(window: Window, each: Any) -> Window:  # noqa: ANN401 - a filter of Spark's
    """The window within the bound that a filter on `createdAt` sets, if it sets one."""
    value = getattr(each, "value", None)
    if not isinstance(value, datetime) or value.tzinfo is None:
        return window
    at = (value - _EPOCH) // _MILLISECOND
    kind = type(each).__name__
    lower, upper = window.lower, window.upper
    if kind in ("GreaterThan", "GreaterThanOrEqual", "EqualTo"):
        lower = at if lower is None else max(lower, at)
    if kind in ("LessThan", "LessThanOrEqual", "EqualTo"):
        upper = at + 1 if upper is None else min(upper, at + 1)
    if lower is not None and upper is not None and lower >= upper:
        return Window(lower, lower + 1)
    return Window(lower, upper)
