"""What a dry run shows: what would be created, updated (before → after) and deleted. Pure."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING

from chakra_api.values.coercion import json_text
from target_chakra.changes import Kind
from target_chakra.lookups.key_lookups import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_chakra.changes import Action

ROWS_SHOWN = 10
"""Rows that are shown of each kind."""


def preview_lines(
    actions: Sequence[Action], planned: Mapping[Kind, int], size: int
) -> Iterator[str]:
    """The lines of a preview.

    Args:
        actions: The first that would be sent.
        planned: How many of each kind there would be.
        size: Rows a job.
    """
    shown: Counter[Kind] = Counter()
    for action in actions:
        shown[action.kind] += 1
        if shown[action.kind] <= ROWS_SHOWN:
            yield from _lines(action)
    jobs = sum(ceil(count / size) for count in planned.values())
    # A submit and about three looks at its job; creates are looked up when it ended.
    requests = jobs * 4 + ceil(planned.get(Kind.CREATE, 0) / PAGE)
    counts = ", ".join(f"{planned.get(kind, 0):,} {kind.value}s" for kind in Kind)
    yield (
        f"Dry run: {counts}; {jobs:,} jobs, about {requests:,} requests beside these look-ups;"
        " nothing was sent"
    )


def _lines(action: Action) -> Iterator[str]:
    change = action.change
    yield f"{action.kind.value} {change.key or 'without a key'} (line {change.line})"
    if action.kind is Kind.DELETE:
        return
    for name, value in action.fields.items():
        before = (
            "" if action.kind is Kind.CREATE else f"{_text((action.before or {}).get(name))} → "
        )
        yield f"  {name}: {before}{_text(value)}"


def _text(value: object) -> str:
    return "nothing" if value is None else json_text(value)
