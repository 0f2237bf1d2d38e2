"""What becomes of an unknown row once its user has said whether it was written."""

from __future__ import annotations

import sqlalchemy as sa

from target_chakra.changes import Kind
from target_chakra.journal.calls import take_word_for_call
from target_chakra.journal.codec import confirmed_by_word, value_of
from target_chakra.journal.database import upsert
from target_chakra.journal.ownership import take_word
from target_chakra.journal_tables import tables as t
from target_chakra.journal_tables.migrations import SHAPES, is_older

RESOLUTIONS = ("written", "not-written")


def resolve_unknown(connection: sa.Connection, number: int, how: str) -> None:
    """Take the user's word for an unknown row.

    Args:
        connection: To the journal, in a transaction.
        number: The row's in the journal.
        how: One of `RESOLUTIONS`: a row that was not written is sent when it comes again.
    """
    # The journal may be of an earlier version; nobody's word brings it to this one.
    told = sa.select(*(t.unknowns.c[name] for name in SHAPES["unknowns"]))
    row = connection.execute(told.where(t.unknowns.c.id == number)).one()
    connection.execute(t.unknowns.update().where(t.unknowns.c.id == number).values(resolved=how))
    if row.twin and how == "not-written":
        _forget_twin(connection, row)
    if how == "written" and (word := confirmed_by_word(row)) is not None:
        upsert(connection, t.confirmed, [word])
    if how == "not-written" and row.kind == Kind.CREATE.value and row.attribute:
        _forget_created(connection, row)
    if row.attribute and not is_older(connection):
        take_word_for_call(connection, row, written=how == "written")
        unknown = {**row._mapping, "key": str(value_of(row.key))}  # noqa: SLF001 - SQLAlchemy's name for it
        deletes, written = row.kind == Kind.DELETE.value, how == "written"
        take_word(connection, unknown, deletes=deletes, written=written)


def _forget_twin(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> None:
    last = sa.select(sa.func.max(t.twins.c.id)).where(
        t.twins.c.stream == row.stream, t.twins.c.twin == row.twin
    )
    connection.execute(t.twins.delete().where(t.twins.c.id == last.scalar_subquery()))


def _forget_created(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> None:
    """Forget that a process was created which nobody ever saw."""
    cells = t.confirmed.c
    key = (row.account, row.procedure, row.attribute, str(value_of(row.key)))
    these = [c == v for c, v in zip(t.confirmed.primary_key, key, strict=True)]
    connection.execute(t.confirmed.delete().where(*these, cells.process_id == ""))
