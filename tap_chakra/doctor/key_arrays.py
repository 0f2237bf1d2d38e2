"""Whether processes are found by an array of keys: by their ids, and by a procedure's own key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.array_filters import (
    PAGE,
    answers_exactly,
    array_question,
    impossible_keys,
)
from chakra_api.endpoints.where import any_of
from chakra_api.errors import Refused, ReportedErrors
from chakra_plugin.findings.finding import Finding, Severity
from tap_chakra.reading.window_reader import row_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.endpoints.client import Row
    from tap_chakra.reading.window_reader import Lister

TOPIC: Final = "look-ups by array"


def value_of(row: Row, attribute: Attribute) -> object:
    """What a row holds for an attribute, which its shortId names, or its id (contract Q36)."""
    data = row.get("data")
    if not isinstance(data, dict):
        return None
    return data.get(attribute.short_id, data.get(attribute.id))


def key_attribute(procedure: Procedure) -> Attribute | None:
    """The attribute of a procedure's primary key; None if it has none."""
    named = (each for each in procedure.attributes if each.short_id == procedure.primary_key)
    return next(named, None)


def id_array_finding(procedure: Procedure, lister: Lister, rows: Sequence[Row]) -> Finding:
    """Whether processes are found by an array of ids. Two requests."""
    return _finding(f"{procedure.short_id}.id", "id", row_id, lister, rows)


def key_array_finding(
    procedure: Procedure, key: Attribute, lister: Lister, rows: Sequence[Row]
) -> Finding:
    """Whether processes are found by an array of values of their primary key. Two requests."""

    def read(row: Row) -> object:
        return value_of(row, key)

    return _finding(f"{procedure.short_id}.{key.short_id}", key.short_id, read, lister, rows)


def _finding(
    about: str,
    attribute: str,
    read: Callable[[Row], object],
    lister: Lister,
    rows: Sequence[Row],
) -> Finding:
    existing = {str(key): key for row in rows if _is_key(key := read(row))}
    values = list(existing.values())[: PAGE - 1]
    if not values:
        return Finding(
            TOPIC, "no row has a value to prove it by", severity=Severity.NOTE, about=about
        )
    fact = _answered(attribute, values, read, lister)
    if fact == _PROVEN:
        return Finding(
            TOPIC,
            f"{fact} on {len(values)} that exist and others that can't",
            about=about,
            fact=fact,
        )
    return Finding(
        TOPIC,
        fact,
        "The target looks rows up one by one, or not at all: a hundred times as many requests",
        "key of the mapping",
        Severity.WARNING,
        about,
        fact,
    )


_PROVEN: Final = "proven"


def _answered(
    attribute: str, values: Sequence[object], read: Callable[[Row], object], lister: Lister
) -> str:
    try:
        page = lister(any_of(attribute, array_question(attribute, values)))  # type: ignore[arg-type]  # keys are scalars
        nobody = impossible_keys(attribute, PAGE, values[0])
        strangers = lister(any_of(attribute, nobody))  # type: ignore[arg-type]  # the same
    except (Refused, ReportedErrors):
        return "refused"
    if strangers.rows:
        return "ignored: rows come that were not asked for"
    seen = [str(read(row)) for row in page.rows]
    if answers_exactly(page, seen, {str(value) for value in values}):
        return _PROVEN
    return "not all of the keys that exist are found"


def _is_key(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""
