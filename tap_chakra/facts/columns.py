"""The columns of a stream's schema, each with its type in one word or two; and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_COLUMNS: Final = 3_000
"""Columns of a stream that are kept; of a wider one none are."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed between two schemas of a stream.

    Attributes:
        stream: Its name.
        added: Columns that are new, with their types.
        removed: Columns that are gone, with the types that they had.
        changed: Columns with another type: name, type before, type now.
    """

    stream: str
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    changed: tuple[tuple[str, str, str], ...]

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.added or self.removed or self.changed)


def columns_of(schema: Mapping[str, object]) -> dict[str, str] | None:
    """The columns of a schema, inner ones as `data.score`; None if there are too many to keep."""
    found = dict(_columns("", schema))
    return found if len(found) <= MOST_COLUMNS else None


def drift(stream: str, before: Mapping[str, str], now: Mapping[str, str]) -> Drift:
    """What changed from one set of columns to another."""
    return Drift(
        stream,
        tuple((name, now[name]) for name in sorted(now.keys() - before.keys())),
        tuple((name, before[name]) for name in sorted(before.keys() - now.keys())),
        tuple(
            (name, before[name], now[name])
            for name in sorted(now.keys() & before.keys())
            if before[name] != now[name]
        ),
    )


def _columns(prefix: str, schema: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties")
    for name, inner in (properties if isinstance(properties, dict) else {}).items():
        if not isinstance(inner, dict):
            continue
        if inner.get("properties"):
            yield from _columns(f"{prefix}{name}.", inner)
        else:
            yield f"{prefix}{name}", _type_of(inner)


def _type_of(schema: Mapping[str, object]) -> str:
    types = schema.get("type", "anything")
    names = [str(each) for each in types] if isinstance(types, list) else [str(types)]
    said = " or ".join(each for each in names if each != "null") or "null"
    items, shape = schema.get("items"), schema.get("format")
    inner = f" of {_type_of(items)}" if isinstance(items, dict) and items else ""
    return f"{said}{inner}{f' ({shape})' if shape else ''}"
