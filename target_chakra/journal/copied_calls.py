"""Calls that another journal knows of, copied: what was made by its help is not made again.

No other entry is copied: what processes hold is looked up. A run of the other journal means nothing
here, so that what comes from there is of run 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.journal.database import CHUNK, insert_into
from target_chakra.journal_tables import tables as t
from target_chakra.lifecycle import CallState

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_RUN: Final = 0
"""The run of what another journal knew of."""


def copy_calls(source: sa.Connection, into: sa.Connection) -> int:
    """Copy the calls that were made or may have been; how many were not known before.

    Those that are known stay as they are, so that a copy may be made twice.

    Args:
        source: The other journal, which no run holds; it stays as it is.
        into: The journal that they are copied to, in a transaction.

    Raises:
        JournalError: A run of the other journal was cut off, and has not been followed.
    """
    before = _count(into)
    calls = sa.select(t.calls)
    if source.execute(calls.where(_is(CallState.LEFT)).limit(1)).first() is not None:
        raise JournalError(
            "The other journal holds calls that a run was cut off from: whether they were made is"
            " open",
            "Run the target once with that journal, also without rows, then copy again",
        )
    found = source.execution_options(yield_per=CHUNK).execute(calls.where(_is(CallState.MADE)))
    for rows in found.mappings().partitions():
        _insert(into, [_moved(row) for row in rows])
    for row in source.execute(calls.where(_is(CallState.UNKNOWN))).mappings().all():
        _copy_unknown(source, into, row)
    return _count(into) - before


def _copy_unknown(source: sa.Connection, into: sa.Connection, call: Mapping[Any, Any]) -> None:
    """Copy a call of which nobody knows whether it was made, with what its user is told of it."""
    before = _count(into)
    _insert(into, [_moved(call)])
    if _count(into) == before:
        return
    cells = t.unknowns.c
    query = sa.select(t.unknowns).where(
        cells.account == call["account"],
        cells.procedure == call["scope"],
        cells.key == call["key"],
        cells.resolved.is_(None),
    )
    for row in source.execute(query).mappings().all():
        into.execute(t.unknowns.insert().values(_moved(row)))


def _is(state: CallState) -> sa.ColumnElement[bool]:
    return t.calls.c.state == state.value


def _count(connection: sa.Connection) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(t.calls)) or 0)


def _insert(into: sa.Connection, rows: list[dict[str, Any]]) -> None:
    names = ["account", "scope", "once"]
    insert = insert_into(into.dialect, t.calls).on_conflict_do_nothing(index_elements=names)
    into.execute(insert, rows)


def _moved(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row for another journal: it gets a number of its own there."""
    return {**{name: value for name, value in row.items() if name != "id"}, "run": NO_RUN}
