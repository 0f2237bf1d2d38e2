"""The table `unknowns`: rows that were sent and of which nobody knows whether they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.journal.codec import unknown_of, unknown_row
from target_chakra.journal.database import chunks, number_of
from target_chakra.journal_tables import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun, Unknown, UnknownRow


class Unknowns:
    """The unknown rows of one account.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run

    def open(self) -> tuple[UnknownRow, ...]:
        """Unknown rows of earlier runs that nobody resolved."""
        query = sa.select(t.unknowns).where(
            t.unknowns.c.account == self._run.account, t.unknowns.c.resolved.is_(None)
        )
        with self._database.reading() as connection:
            return tuple(unknown_of(row) for row in connection.execute(query))

    def add(self, connection: sa.Connection, unknowns: Sequence[Unknown]) -> tuple[int, ...]:
        """Store unknown rows of this run; their numbers, in order."""
        rows = (unknown_row(self._run, each) for each in unknowns)
        # One by one: a number must be that of its row, whatever the database.
        return tuple(number_of(connection.execute(t.unknowns.insert().values(r))) for r in rows)

    @staticmethod
    def resolve(connection: sa.Connection, numbers: Iterable[int]) -> None:
        """Say that a later row was settled for the process of these; a user's word stands."""
        cells = t.unknowns.c
        for some in chunks(tuple(numbers)):
            these = cells.id.in_(some), cells.resolved.is_(None)
            connection.execute(t.unknowns.update().where(*these).values(resolved="planned anew"))
