"""Up to where sources are settled: lines of a load's files, watermarks of synced tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from chakra_api.exit_codes import ExitCode
from target_chakra.journal.database import upsert
from target_chakra.journal_tables import tables as t
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


class Watermarks:
    """Up to where the tables of one account's syncs are settled.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run

    def take_up(self, stream: str, place: str) -> str | None:
        """What the last sync of a table left; None if none was settled.

        Of rows without a key, a run that ended while a watermark passed may have marked some as
        covered: they are, if it is its watermark that is here.

        Args:
            stream: What its rows are called.
            place: Names the source and what is read of it.
        """
        cells, twins = t.watermarks.c, t.twins.c
        mine = (cells.account == self._run.account, cells.stream == stream, cells.place == place)
        with self._database.writing() as connection:
            kept = connection.execute(sa.select(cells.value, cells.run).where(*mine)).first()
            passing = (
                twins.account == self._run.account,
                twins.stream == stream,
                twins.run != self._run.number,
                twins.passing,
            )
            if kept is not None:
                connection.execute(t.twins.delete().where(*passing, twins.run == kept.run))
            connection.execute(t.twins.update().where(*passing).values(passing=False))
        return None if kept is None else str(kept.value)

    def pass_on(self, stream: str, place: str, value: str) -> None:
        """All rows of this run are settled; what the next sync goes on from."""
        row: dict[str, object] = {
            "account": self._run.account,
            "stream": stream,
            "place": place,
            "value": value,
            "run": self._run.number,
        }
        with self._database.writing() as connection:
            upsert(connection, t.watermarks, [row])


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
