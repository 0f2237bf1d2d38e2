"""The table `arrivals`, and what runs and rejects say of loads, whose files may be sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from chakra_api.exit_codes import ExitCode
from target_chakra.journal import tables as t
from target_chakra.journal.database import upsert
from target_chakra.line_ranges import LineRanges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun


class Loads:
    """The loads of one account: which run worked on each, and which lines are settled.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run

    def serve(self, load: str) -> None:
        """This run works on a load."""
        with self._database.writing() as connection:
            mine = t.runs.c.id == self._run.number
            connection.execute(t.runs.update().where(mine).values(load=load))

    def settled_lines(self, load: str) -> dict[str, LineRanges]:
        """The lines of a load's files that need no more work, by file."""
        query = sa.select(t.arrivals.c.file, t.arrivals.c.settled).where(
            t.arrivals.c.account == self._run.account, t.arrivals.c.load == load
        )
        with self._database.reading() as connection:
            return {
                row.file: LineRanges((first, last) for first, last in orjson.loads(row.settled))
                for row in connection.execute(query)
            }

    def mark(self, load: str, settled: Mapping[str, LineRanges]) -> None:
        """Store which lines need no more work; what became of them is stored already."""
        rows: list[dict[str, object]] = [
            {
                "account": self._run.account,
                "load": load,
                "file": file,
                "settled": orjson.dumps(ranges.pairs),
            }
            for file, ranges in settled.items()
        ]
        if rows:
            with self._database.writing() as connection:
                upsert(connection, t.arrivals, rows)

    def untold_rejects(self, load: str) -> int:
        """Rejects of earlier runs of a load that it has not failed for yet."""
        with self._database.reading() as connection:
            return untold(connection, load, self._run.number)

    def runs_of(self, load: str) -> sa.Select[tuple[int]]:
        """The query of the runs that worked on a load."""
        return sa.select(t.runs.c.id).where(
            t.runs.c.account == self._run.account, t.runs.c.load == load
        )

    def forget(self, connection: sa.Connection, load: str) -> None:
        """Forget which lines of a load are settled: all are."""
        connection.execute(
            t.arrivals.delete().where(
                t.arrivals.c.account == self._run.account, t.arrivals.c.load == load
            )
        )

    @staticmethod
    def clear(connection: sa.Connection, before_ms: int) -> None:
        """Clear settled lines of loads that no run has worked on since."""
        lately = sa.select(t.runs.c.load).where(
            t.runs.c.began_ms >= before_ms, t.runs.c.load.is_not(None)
        )
        connection.execute(t.arrivals.delete().where(t.arrivals.c.load.not_in(lately)))


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
        .where(of_load, t.runs.c.exit_code == ExitCode.REJECTS.value, t.runs.c.dry.is_(False))
        .scalar_subquery()
    )
    runs = sa.select(t.runs.c.id).where(of_load, t.runs.c.id > told, t.runs.c.id != but)
    query = (
        sa.select(sa.func.count())
        .select_from(t.rejects)
        .where(t.rejects.c.closed.is_(None), t.rejects.c.run.in_(runs))
    )
    return connection.execute(query).scalar() or 0
