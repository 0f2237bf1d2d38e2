"""The table `unknowns`: rows that were sent and of which nobody knows whether they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.journal import tables as t
from target_chakra.journal.codec import unknown_of, unknown_row

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

    def add(self, connection: sa.Connection, unknowns: Sequence[Unknown]) -> None:
        """Store unknown rows of this run."""
        rows = [unknown_row(self._run, each) for each in unknowns]
        connection.execute(t.unknowns.insert(), rows)

    @staticmethod
    def resolve(connection: sa.Connection, numbers: Iterable[int]) -> None:
        """Say that unknown rows were planned anew."""
        for number in numbers:
            connection.execute(
                t.unknowns.update().where(t.unknowns.c.id == number).values(resolved="planned anew")
            )
