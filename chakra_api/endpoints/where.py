"""Builds the `where` object of a list request (contract 4.3). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from chakra_api.errors import SettingsError
from chakra_api.values.timestamps import FIRST_MS, LAST_MS, iso_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Operator",
    "Scalar",
    "Where",
    "all_of",
    "any_of",
    "bound",
    "compare",
    "created_between",
    "equals",
    "iso_ms",
    "none_of",
]

Where: TypeAlias = dict[str, object]
Scalar: TypeAlias = "str | int | float | bool"
Operator: TypeAlias = Literal["=", "!=", ">", ">=", "<", "<="]


def created_between(lower_ms: int | None, upper_ms: int | None) -> Where:
    """Rows created at or after `lower_ms` and before `upper_ms` (epoch ms; None: no bound).

    What lies beyond the years that a date can be written in bounds nothing.
    """
    bounds: Where = {}
    if lower_ms is not None and lower_ms > FIRST_MS:
        bounds[">="] = bound(lower_ms)
    if upper_ms is not None and upper_ms <= LAST_MS:
        bounds["<"] = bound(upper_ms)
    return {"createdAt": bounds} if bounds else {}


def bound(ms: int) -> str:
    """An instant (epoch ms) as filters take it; the nearest that can be written."""
    return iso_ms(min(max(ms, FIRST_MS), LAST_MS))


def compare(key: str, operator: Operator, value: Scalar) -> Where:
    """Rows whose `key` stands in that relation to `value`."""
    return {_filterable(key): {operator: value}}


def equals(key: str, value: Scalar) -> Where:
    """Rows whose `key` is `value`. A boolean needs the operator: no bare one is documented."""
    return {_filterable(key): {"=": value} if isinstance(value, bool) else value}


def any_of(key: str, values: Iterable[Scalar]) -> Where:
    """Rows whose `key` is one of `values` (at least one)."""
    listed = list(values)
    if not listed:
        raise ValueError("any_of needs a value: what an empty array finds is not documented")
    return {_filterable(key): listed}


def none_of(key: str, values: Iterable[Scalar]) -> Where:
    """Rows whose `key` is none of `values`; no "not in" is documented, so each is excluded."""
    return all_of(*(compare(key, "!=", value) for value in values))


def all_of(*wheres: Where) -> Where:
    """Rows that every one of `wheres` finds; an empty one finds all rows and falls away."""
    given = [where for where in wheres if where]
    merged: Where = {}
    for where in given:
        if not merged.keys().isdisjoint(where):
            return {"and": given}
        merged.update(where)
    return merged


def _filterable(key: str) -> str:
    if key in ("and", "or"):
        raise SettingsError(
            f"The attribute {key!r} is named like an operator and cannot be filtered by",
            "Filter by another attribute",
        )
    return key
