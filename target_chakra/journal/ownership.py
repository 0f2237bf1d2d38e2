"""The table `owned`: the keys that the stream of a mirror has written, and when each came last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.changes import Key
from target_chakra.journal import tables as t
from target_chakra.journal.codec import owned_row, value_of
from target_chakra.journal.database import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun, Owned


class Ownership:
    """The keys of one account that its mirrors own.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run

    def absent(self, stream: str, run: int) -> tuple[Key, ...]:
        """Keys that a stream has written, and that neither a run nor a later one brought."""
        query = sa.select(t.owned).where(
            t.owned.c.account == self._run.account,
            t.owned.c.stream == stream,
            t.owned.c.seen_run < run,
        )
        with self._database.reading() as connection:
            return tuple(
                Key(row.procedure, row.attribute, value_of(row.value))
                for row in connection.execute(query)
            )

    def came(self, stream: str, run: int) -> set[tuple[str, str]]:
        """Attributes and texts of owned keys that a run or a later one brought."""
        cells = t.owned.c
        query = sa.select(cells.attribute, cells.key).where(
            cells.account == self._run.account, cells.stream == stream, cells.seen_run >= run
        )
        with self._database.reading() as connection:
            return {(row.attribute, row.key) for row in connection.execute(query)}

    def disown(self, stream: str, keys: Iterable[Key]) -> None:
        """Forget that a stream has written these keys: they are deleted."""
        with self._database.writing() as connection:
            for key in keys:
                connection.execute(
                    t.owned.delete().where(
                        t.owned.c.account == self._run.account,
                        t.owned.c.stream == stream,
                        t.owned.c.attribute == key.attribute,
                        t.owned.c.key == str(key.value),
                    )
                )

    def store(self, connection: sa.Connection, owned: Sequence[Owned]) -> None:
        """Store which rows of mirrors came: those written are owned, the others only seen."""
        rows = [owned_row(self._run, each) for each in owned]
        written = [row for row, each in zip(rows, owned, strict=True) if each.written]
        if written:
            upsert(connection, t.owned, written)
        seen = [row for row, each in zip(rows, owned, strict=True) if not each.written]
        for row in seen:
            connection.execute(
                t.owned.update()
                .where(*(t.owned.c[c.name] == row[c.name] for c in t.owned.primary_key))
                .values(seen_run=self._run.number)
            )
