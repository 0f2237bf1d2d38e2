"""One stream per collection of the configuration, with a schema learned from what came.

No public page shows the inside of a collection (contract 5), so nothing is assumed: a column is
what its values are. Values of different types in one column, and arrays and objects, become JSON
text; a number under a name that ends in `At` is an instant.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import (
    MISFIT,
    Coercer,
    json_text,
    to_boolean,
    to_integer,
    to_json,
    to_number,
    to_string,
)
from chakra_api.values.spelled import NulText, SpelledDecimal, SpelledFloat, holds_nul
from chakra_api.values.time_reading import root_time_reader
from chakra_api.values.times import UTC, unit_of
from tap_chakra.records.schema import EXTRA
from tap_chakra.records.stream_names import STATES
from tap_chakra.records.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import tzinfo

    from chakra_api.account.account import Account
    from chakra_api.values.times import Times
    from tap_chakra.records.list_mask import ListMask

    Masking = Callable[[str], ListMask | None]
    Row = dict[str, object]

_EXACT: Final = "JSON: texts that hold U+0000, as they came."


@dataclass(frozen=True, slots=True)
class Collection:
    """What a stream of the configuration, or of users, emits.

    Attributes:
        schema: JSON Schema of its records.
        keys: The columns that identify a record; empty where rows carry no id.
        rows: Its typed records.
        tally: Counts of odd values.
        doubts: Why the rows may not be all there are, once they were read; mostly empty.
        grows: Whether rows that came before and do not come again are still there.
    """

    schema: Mapping[str, object]
    keys: tuple[str, ...]
    rows: Iterable[Row]
    tally: Tally = field(default_factory=Tally)
    doubts: list[str] = field(default_factory=list)
    grows: bool = False


def collection_records(
    account: Account,
    called: Mapping[str, str],
    naive: tzinfo | None = None,
    mask: Masking | None = None,
) -> dict[str, Collection]:
    """The streams of the configuration by name.

    Args:
        account: The account.
        called: The stream of each collection (`records/stream_names.py`).
        naive: The zone of times that name none; None for the team's.
        mask: Knows what masks a stream; None if nothing is masked.
    """
    times = account.times(naive)
    return {
        name: learned(rows, times, None if mask is None else mask(name))
        for name, rows in collection_rows(account, called).items()
    }


def collection_rows(account: Account, called: Mapping[str, str]) -> dict[str, list[Row]]:
    """The rows of the streams of the configuration as they came, by the name of the stream."""
    found = {stream: list(account.collections.get(name, ())) for name, stream in called.items()}
    if not found.get(STATES):
        found[STATES] = list(_states(account))
    return found


def _states(account: Account) -> Iterable[Row]:
    """The states that are nested in procedures, each with its procedure."""
    for procedure in account.procedures:
        for state in procedure.states:
            yield {
                "id": state.id or f"{procedure.short_id}.{state.short_id}",
                "shortId": state.short_id,
                "name": state.name,
                "procedure": procedure.id,
                "procedureShortId": procedure.short_id,
            }


EMPTY: Final = Collection(
    {"type": "object", "properties": {"id": {"type": ["string"]}}}, ("id",), ()
)
"""A collection that holds nothing yet: loaders refuse a table without columns."""


def learned(rows: Iterable[Row], times: Times = UTC, mask: ListMask | None = None) -> Collection:
    """A collection whose columns are what its values are.

    Args:
        rows: As they came.
        times: What times mean in the account; their unit is what `createdAt` of the rows proves.
        mask: What masks them; None if nothing does.
    """
    rows, tally = list(rows), Tally()
    if mask is not None:
        rows = [{name: mask.before(name, value) for name, value in row.items()} for row in rows]
    if not rows:
        return EMPTY
    unit = unit_of(row.get("createdAt") for row in rows)
    read_time = root_time_reader(replace(times, unit_ms=unit or 1))
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: _column(name, rows, read_time) for name in names}
    has_ids = all(isinstance(row.get("id"), str) and row["id"] for row in rows)
    unique = has_ids and len({row["id"] for row in rows}) == len(rows)
    properties: Row = {name: dict(schema) for name, (schema, _) in columns.items()}
    if unique:
        properties["id"] = {"type": ["string"]}
    typed = tuple(
        {name: coerce(row.get(name)) for name, (_, coerce) in columns.items()} for row in rows
    )
    if any(_exact(row, typed_row, tally) for row, typed_row in zip(rows, typed, strict=True)):
        properties[EXTRA] = {"type": ["string", "null"], "description": _EXACT}
        for row, typed_row in zip(rows, typed, strict=True):
            exact = _exact(row, typed_row, Tally())
            exact = exact if mask is None else mask.rest(exact, nested=False)
            typed_row[EXTRA] = json_text(exact) if exact else None
    keys = ("id",) if unique else ()
    schema: Row = {"type": "object", "properties": properties}
    if mask is not None:
        schema, typed = mask.schema(schema), tuple(map(mask.leaves, typed))
    return Collection(schema, keys, typed, tally)


def _exact(row: Row, typed: Row, tally: Tally) -> Row:
    """The texts of a row that lost U+0000 in its columns, as they came."""
    exact: Row = {
        name: value for name, value in row.items() if holds_nul(value) and typed[name] is not None
    }
    tally.nul.update(exact.keys())
    return exact


def _column(name: str, rows: Iterable[Row], read_time: Coercer) -> tuple[Row, Coercer]:
    """The schema and the coercer of a column: the first type that all its values fit."""
    values = [row[name] for row in rows if row.get(name) is not None]
    kinds = {type(value) for value in values}
    if kinds == {int} and name.endswith("At"):
        return _if_fits(values, "string", read_time, {"format": "date-time"})
    if kinds <= {int} and kinds:
        return _if_fits(values, "integer", to_integer, {})
    if kinds <= {int, float, SpelledFloat, SpelledDecimal} and kinds:
        return _if_fits(values, "number", to_number, {})
    if kinds == {bool}:
        return {"type": ["boolean", "null"]}, to_boolean
    if kinds <= {str, NulText}:
        return {"type": ["string", "null"]}, to_string
    return _json()


def _if_fits(
    values: Iterable[object], kind: str, coerce: Coercer, more: Row
) -> tuple[Row, Coercer]:
    if any(coerce(value) is MISFIT for value in values):
        return _json()
    return {"type": [kind, "null"], **more}, coerce


def _json() -> tuple[Row, Coercer]:
    return {"type": ["string", "null"], "description": "JSON."}, to_json
