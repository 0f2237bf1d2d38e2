"""The batches of a run in the order in which they were sent, with what became of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.journal.codec import settlements_of
from target_chakra.journal_tables import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_chakra.batches import Settlement


def settled_batches(
    connection: sa.Connection, run: int
) -> Iterator[tuple[sa.Row[tuple[object, ...]], list[Settlement]]]:
    """Each batch of a run: its row of `batches`, and the rows of it that have an outcome.

    One is read at a time: a run may have sent a thousand, of a thousand rows each.
    """
    cells = t.batches.c
    ordered = sa.select(cells.id).where(cells.run == run).order_by(cells.id)
    for number in connection.execute(ordered).scalars().all():
        row = connection.execute(sa.select(t.batches).where(cells.id == number)).one()
        yield row, settlements_of(row)
