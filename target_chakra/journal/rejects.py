"""The table `rejects`: rows that can't be written as they are, open until somebody mends them."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from chakra_api.wire.wire_json import encode
from target_chakra.changes import Key
from target_chakra.journal.codec import reject_row
from target_chakra.journal.database import CHUNK, chunks
from target_chakra.journal.records import StreamKey
from target_chakra.journal_tables import tables as t
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_chakra.changes import Reject
    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun, Statement

REJECTED_AGAIN: Final = "rejected again"
"""Why a reject is closed whose row was sent or came again, and is another reject now."""
BY_HAND: Final = "closed by hand"
"""Why a reject is closed of which its user says that it needs no more attention."""


class Rejects:
    """The rejects of one account.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run
        self._keyless: dict[tuple[str, bytes], list[int]] | None = None
        """Open rejects of earlier runs without a key, by stream and row; None if not looked at."""

    def open_keys(self) -> set[StreamKey]:
        """Keys of rejects that are still open, by stream."""
        cells = t.rejects.c
        query = sa.select(cells.stream, cells.procedure, cells.attribute, cells.key).where(
            cells.account == self._run.account, cells.closed.is_(None), cells.key.is_not(None)
        )
        with self._database.reading() as connection:
            return {StreamKey(row[0], Key(*row[1:])) for row in connection.execute(query)}

    def of_rows(self, procedure: str, said: Statement) -> list[tuple[str, str | None, str | None]]:
        """Stream, attribute and key of each row for a procedure that is still rejected.

        Args:
            procedure: ShortId.
            said: The statement in whose runs the rows came, on any stream.
        """
        cells = t.rejects.c
        query = sa.select(cells.stream, cells.attribute, cells.key).where(
            cells.account == self._run.account,
            cells.procedure == procedure,
            cells.run.in_(said.runs),
            cells.line > 0,  # what a mirror deletes stood nowhere
            sa.or_(cells.closed.is_(None), cells.closed == REJECTED_AGAIN),
        )
        with self._database.reading() as connection:
            return [(row.stream, row.attribute, row.key) for row in connection.execute(query)]

    def uncovered(self) -> dict[tuple[str, bytes], list[int]]:
        """Open rejects of rows without a key that no STATE has passed, by stream and row."""
        query = self._open_of_earlier_runs(t.rejects.c.seq.is_not(None))
        found: dict[tuple[str, bytes], list[int]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                found.setdefault((row.stream, bytes(row.row)), []).append(row.id)
        return found

    def _open_of_earlier_runs(
        self, those: sa.ColumnElement[bool]
    ) -> sa.Select[tuple[int, str, bytes]]:
        """Number, stream and row of open rejects of earlier runs, oldest first."""
        cells = t.rejects.c
        return (
            sa.select(cells.id, cells.stream, cells.row)
            .where(
                cells.account == self._run.account,
                cells.run != self._run.number,
                cells.closed.is_(None),
                those,
            )
            .order_by(cells.id)
        )

    def let_stand(self, retried: Sequence[int]) -> None:
        """Rows that this run tried again come no more, unless their rejects were uncovered."""
        cells = t.rejects.c
        with self._database.writing() as connection:
            some = sa.select(cells.id).where(cells.id.in_(retried[:CHUNK]), cells.seq.is_not(None))
            if not connection.execute(some).first():
                mine = cells.run == self._run.number
                connection.execute(t.rejects.update().where(mine).values(seq=None, passing=False))

    def close(self, numbers: Sequence[int], why: str) -> None:
        """Say that rejects need no more attention."""
        with self._database.writing() as connection:
            for some in chunks(numbers):
                connection.execute(
                    t.rejects.update().where(t.rejects.c.id.in_(some)).values(closed=why)
                )

    def close_overtaken(self, connection: sa.Connection, keys: Sequence[StreamKey]) -> None:
        """Close the open rejects of keys that newer rows of their streams have settled."""
        cells = t.rejects.c
        for stream, key in keys:
            connection.execute(
                t.rejects.update()
                .where(
                    cells.account == self._run.account,
                    cells.stream == stream,
                    cells.procedure == key.procedure,
                    cells.attribute == key.attribute,
                    cells.key == str(key.value),
                    cells.closed.is_(None),
                )
                .values(closed="overtaken")
            )

    def add(self, connection: sa.Connection, rejects: Sequence[Reject]) -> None:
        """Store rejects of this run."""
        if rejects:
            self._close_earlier(connection, rejects)
            self._close_same(connection, rejects)
            connection.execute(
                t.rejects.insert(), [reject_row(self._run, each) for each in rejects]
            )

    @staticmethod
    def _close_earlier(connection: sa.Connection, rejects: Sequence[Reject]) -> None:
        """A row whose file came again, and that is rejected again, is one reject."""
        for change in (reject.change for reject in rejects if reject.change.origin):
            connection.execute(
                t.rejects.update()
                .where(
                    t.rejects.c.origin == change.origin,
                    t.rejects.c.line == change.line,
                    t.rejects.c.closed.is_(None),
                )
                .values(closed="overtaken")
            )

    def _close_same(self, connection: sa.Connection, rejects: Sequence[Reject]) -> None:
        """A row that lacks its key, and came like this in an earlier run, is one reject.

        No key tells that it is the same row, so that its content does. A row that needs no key is
        left alone: two of those with one content are two processes.
        """
        numbers: list[int] = []
        for change in (each.change for each in rejects if each.kind is RejectKind.NO_KEY):
            if self._keyless is None:
                self._keyless = self._earlier_keyless(connection)
            numbers += self._keyless.pop(_same(change.stream, encode(change.row)), ())
        close_open(connection, numbers, REJECTED_AGAIN)

    def _earlier_keyless(self, connection: sa.Connection) -> dict[tuple[str, bytes], list[int]]:
        found: dict[tuple[str, bytes], list[int]] = {}
        for row in connection.execute(self._open_of_earlier_runs(t.rejects.c.key.is_(None))):
            found.setdefault(_same(row.stream, bytes(row.row)), []).append(row.id)
        return found

    def begin_passing(self, connection: sa.Connection, up_to: int) -> None:
        """A STATE behind these rows of this run is about to be passed on."""
        covered = (
            t.rejects.c.run == self._run.number,
            t.rejects.c.seq.between(1, up_to),
            t.rejects.c.passing.is_(False),
        )
        connection.execute(t.rejects.update().where(*covered).values(passing=True))

    def end_passing(self, connection: sa.Connection) -> None:
        """That STATE was passed on: the rows of its rejects never come again."""
        passed = (t.rejects.c.run == self._run.number, t.rejects.c.passing)
        connection.execute(t.rejects.update().where(*passed).values(seq=None, passing=False))

    @staticmethod
    def clear(connection: sa.Connection, before_ms: int) -> None:
        """Clear closed rejects of runs that began before."""
        early = sa.select(t.runs.c.id).where(t.runs.c.began_ms < before_ms)
        connection.execute(
            t.rejects.delete().where(t.rejects.c.closed.is_not(None), t.rejects.c.run.in_(early))
        )


def close_open(connection: sa.Connection, numbers: Sequence[int], why: str) -> None:
    """Close those of some rejects that are open still."""
    for some in chunks(numbers):
        these = t.rejects.c.id.in_(some) & t.rejects.c.closed.is_(None)
        connection.execute(t.rejects.update().where(these).values(closed=why))


def _same(stream: str, row: bytes) -> tuple[str, bytes]:
    """What two rows of a stream have in common that hold the same."""
    return stream, blake2b(row, digest_size=16).digest()
