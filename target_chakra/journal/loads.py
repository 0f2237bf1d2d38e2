"""What the journal knows of loads, whose files may be sent again: runs, settled lines, rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from chakra_api.exit_codes import ExitCode
from target_chakra.journal import tables as t
from target_chakra.journal.confirmed import JournalMemory
from target_chakra.journal.database import upsert
from target_chakra.journal.line_ranges import LineRanges

if TYPE_CHECKING:
    from collections.abc import Mapping


class JournalLoads(JournalMemory):
    """The part of the journal that a run of a load asks and tells."""

    def serve(self, load: str) -> None:
        """This run works on a load."""
        with self._writing() as connection:
            connection.execute(t.runs.update().where(t.runs.c.id == self._run).values(load=load))

    def settled_lines(self, load: str) -> dict[str, LineRanges]:
        """The lines of a load's files that need no more work, by file."""
        query = sa.select(t.arrivals.c.file, t.arrivals.c.settled).where(
            t.arrivals.c.account == self._account, t.arrivals.c.load == load
        )
        with self._reading() as connection:
            return {
                row.file: LineRanges((first, last) for first, last in orjson.loads(row.settled))
                for row in connection.execute(query)
            }

    def mark(self, load: str, settled: Mapping[str, LineRanges]) -> None:
        """Remember which lines need no more work; what became of them is stored already."""
        rows: list[dict[str, object]] = [
            {
                "account": self._account,
                "load": load,
                "file": file,
                "settled": orjson.dumps(ranges.pairs),
            }
            for file, ranges in settled.items()
        ]
        if rows:
            with self._writing() as connection:
                upsert(connection, t.arrivals, rows)

    def untold_rejects(self, load: str) -> int:
        """Rejects of earlier runs of a load that it has not failed for yet."""
        with self._reading() as connection:
            return untold(connection, load, self._run)

    def close_load(self, load: str) -> None:
        """Forget what only a load that goes on needs: all of it is settled."""
        runs = sa.select(t.runs.c.id).where(
            t.runs.c.account == self._account, t.runs.c.load == load
        )
        with self._writing() as connection:
            connection.execute(t.twins.delete().where(t.twins.c.run.in_(runs)))
            connection.execute(
                t.arrivals.delete().where(
                    t.arrivals.c.account == self._account, t.arrivals.c.load == load
                )
            )


def untold(connection: sa.Connection, load: str, but: int = 0) -> int:
    """How many open rejects of a load came after the last time that it failed for some.

    Args:
        connection: To the journal.
        load: The load.
        but: A run that is left out.
    """
    of_load = t.runs.c.load == load
    told = (
        sa.select(sa.func.coalesce(sa.func.max(t.runs.c.id), 0))
        .where(of_load, t.runs.c.exit_code == ExitCode.REJECTS.value)
        .scalar_subquery()
    )
    runs = sa.select(t.runs.c.id).where(of_load, t.runs.c.id > told, t.runs.c.id != but)
    query = (
        sa.select(sa.func.count())
        .select_from(t.rejects)
        .where(t.rejects.c.closed.is_(None), t.rejects.c.run.in_(runs))
    )
    return connection.execute(query).scalar() or 0
