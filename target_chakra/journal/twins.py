"""The table `twins`: sent rows that come again after a crash and that no look-up shows as done.

These are rows without a key, known again by the hash of their values, and deletes, known again by
their key; both until a STATE behind them was passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.journal.codec import deleted_key, twin_rows
from target_chakra.journal.database import chunks
from target_chakra.journal_tables import tables as t
from target_chakra.journal_tables.tables import TwinKind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from target_chakra.batches import Batch
    from target_chakra.changes import Key
    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun


class Twins:
    """The twins of one account.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run

    def numbers(
        self, stream: str, hashes: Sequence[str], runs: sa.Select[tuple[int]] | None = None
    ) -> dict[str, list[int]]:
        """Rows that earlier runs sent (or those of a query), by hash: numbers, oldest first."""
        cells = t.twins.c
        found: dict[str, list[int]] = {}
        with self._database.reading() as connection:
            for some in chunks(hashes):
                query = sa.select(cells.id, cells.twin).where(
                    cells.account == self._run.account,
                    cells.stream == stream,
                    cells.run != self._run.number,
                    cells.kind == TwinKind.ROW.value,
                    cells.twin.in_(some),
                    *(() if runs is None else (cells.run.in_(runs),)),
                )
                for row in connection.execute(query.order_by(cells.id)):
                    found.setdefault(row.twin, []).append(row.id)
        return found

    def deleted_keys(self) -> dict[Key, int]:
        """Deletes of earlier runs that no STATE has passed, by key: their numbers."""
        query = sa.select(t.twins.c.id, t.twins.c.procedure, t.twins.c.twin).where(
            t.twins.c.account == self._run.account,
            t.twins.c.run != self._run.number,
            t.twins.c.kind == TwinKind.DELETE.value,
        )
        with self._database.reading() as connection:
            rows = connection.execute(query)
            return {deleted_key(row.procedure, row.twin): row.id for row in rows}

    def come_again(self, number: int, seq: int) -> None:
        """A twin came again, as that row of this run."""
        came = {"run": self._run.number, "seq": seq, "passing": False}
        with self._database.writing() as connection:
            connection.execute(t.twins.update().where(t.twins.c.id == number).values(came))

    def began_again(self, stream: str, twin: str) -> None:
        """The first row of a stream came, by its hash: does it repeat what a STATE was to cover?

        If it is one of the rows that were about to be covered, that STATE never arrived, and the
        others come again too. If it is none, they were covered.
        """
        passing = (
            t.twins.c.account == self._run.account,
            t.twins.c.stream == stream,
            t.twins.c.run != self._run.number,
            t.twins.c.passing,
        )
        with self._database.writing() as connection:
            rows = (*passing, t.twins.c.kind == TwinKind.ROW.value)
            repeats = sa.select(t.twins.c.id).where(*rows, t.twins.c.twin == twin)
            if connection.execute(repeats).first():
                connection.execute(t.twins.update().where(*passing).values(passing=False))
            else:
                connection.execute(t.twins.delete().where(*rows))

    def add(self, connection: sa.Connection, batch: Batch) -> bool:
        """Store the twins among a batch's actions; whether there are any."""
        rows = twin_rows(self._run, batch)
        if rows:
            connection.execute(t.twins.insert(), rows)
        return bool(rows)

    @staticmethod
    def forget_unsent(connection: sa.Connection, batch: int, ended: Collection[int]) -> None:
        """Forget the twins of a batch but those at positions that have ended: none was sent."""
        connection.execute(
            t.twins.delete().where(t.twins.c.batch == batch, t.twins.c.position.not_in(list(ended)))
        )

    @staticmethod
    def forget_refused(connection: sa.Connection, batch: int, refused: Collection[int]) -> None:
        """Forget the twins at some positions of a batch: they were rejected, and may come again."""
        connection.execute(
            t.twins.delete().where(t.twins.c.batch == batch, t.twins.c.position.in_(refused))
        )

    def begin_passing(self, connection: sa.Connection, up_to: int) -> None:
        """A STATE behind these rows of this run is about to be passed on."""
        covered = (
            t.twins.c.run == self._run.number,
            t.twins.c.seq.between(1, up_to),
            t.twins.c.passing.is_(False),
        )
        connection.execute(t.twins.update().where(*covered).values(passing=True))

    def end_passing(self, connection: sa.Connection) -> None:
        """That STATE was passed on: its twins never come again."""
        passed = (t.twins.c.run == self._run.number, t.twins.c.passing)
        connection.execute(t.twins.delete().where(*passed))

    @staticmethod
    def forget_load(connection: sa.Connection, runs: sa.Select[tuple[int]]) -> None:
        """Forget the twins of a load that is complete, given the query of its runs."""
        connection.execute(t.twins.delete().where(t.twins.c.run.in_(runs)))
