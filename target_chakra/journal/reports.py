"""What the journal tells an operator: runs, rejects, unknown rows. Needs no lock."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from chakra_api.errors import SettingsError
from target_chakra.changes import shown_key
from target_chakra.journal import tables as t
from target_chakra.journal.codec import value_of
from target_chakra.journal.database import legible, open_engine, spoken
from target_chakra.journal.loads import untold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

RESOLUTIONS = ("written", "not-written")


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run.

    Attributes:
        id: Its number.
        account: The team that it wrote to.
        holder: Which process it was.
        began_ms: Epoch milliseconds.
        ended_ms: The same; None while it runs, or if it was killed.
        exit_code: None until it ended.
        receipt: Its receipt; empty until it ended.
        load: The load that it worked on; empty where there are none.
        dry: Whether it wrote nothing on purpose: nothing follows from it.
    """

    id: int
    account: str
    holder: str
    began_ms: int
    ended_ms: int | None
    exit_code: int | None
    receipt: Mapping[str, object]
    load: str = ""
    dry: bool = False


@dataclass(frozen=True, slots=True)
class RejectLine:
    """A rejected row.

    Attributes:
        id: Its number in the journal.
        run: The run that rejected it.
        stream: Its stream.
        procedure: ShortId.
        line: The input line.
        key: What names its process, for people; empty without one.
        reason: What is wrong.
        next_step: What to do.
        job: The job that refused it.
        row: The row as it came.
        closed: Why it needs no more attention; None while it is open.
        account: The account that it is of.
    """

    id: int
    run: int
    stream: str
    procedure: str
    line: int
    key: str
    reason: str
    next_step: str
    job: str | None
    row: Mapping[str, object]
    closed: str | None
    account: str


@dataclass(frozen=True, slots=True)
class UnknownLine:
    """A row of which nobody knows.

    Attributes:
        id: Its number in the journal.
        run: The run that sent it.
        stream: Its stream.
        line: The input line.
        key: What names its process, for people; empty without one.
        kind: What ChakraHQ was asked to do.
        reason: Why nobody knows.
        fields: What was sent.
        free_ms: Until when its process is held.
    """

    id: int
    run: int
    stream: str
    line: int
    key: str
    kind: str
    reason: str
    fields: Mapping[str, object]
    free_ms: int


class Reports:
    """Reads a journal that a run may be writing.

    Args:
        url: SQLAlchemy URL of a journal that exists.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url, reads=True)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        url = self._engine.url
        with legible(url), spoken(url), self._engine.connect() as connection:
            # One that is older, or has just been made, is brought to this version to be read;
            # nothing of that is kept.
            t.migrate(connection)
            yield connection

    def _all(self, query: sa.Select[tuple[object, ...]]) -> Sequence[sa.Row[tuple[object, ...]]]:
        with self._reading() as connection:
            return connection.execute(query).all()

    def runs(self, number: int | None = None) -> tuple[RunLine, ...]:
        """All runs, oldest first; or one.

        Raises:
            SettingsError: There is no run of that number.
        """
        query = sa.select(t.runs).order_by(t.runs.c.id)
        if number is not None:
            query = query.where(t.runs.c.id == number)
        rows = self._all(query)
        if number is not None and not rows:
            raise SettingsError(f"There is no run {number}", "List them with target-chakra runs")
        with legible(self._engine.url):
            return tuple(_run(row) for row in rows)

    def rejects(
        self, *, run: int | None = None, stream: str | None = None, closed: bool = False
    ) -> tuple[RejectLine, ...]:
        """Rejected rows, oldest first; those that are open unless all are wanted."""
        query = sa.select(t.rejects).order_by(t.rejects.c.id)
        if not closed:
            query = query.where(t.rejects.c.closed.is_(None))
        if run is not None:
            query = query.where(t.rejects.c.run == run)
        if stream is not None:
            query = query.where(t.rejects.c.stream == stream)
        rows = self._all(query)
        with legible(self._engine.url):
            return tuple(_reject(row) for row in rows)

    def untold_rejects(self, load: str) -> int:
        """Open rejects of a load that it has not failed for yet."""
        with self._reading() as connection:
            return untold(connection, load)

    def unknowns(self) -> tuple[UnknownLine, ...]:
        """Rows of which nobody knows, and that nobody resolved."""
        query = sa.select(t.unknowns).where(t.unknowns.c.resolved.is_(None))
        rows = self._all(query.order_by(t.unknowns.c.id))
        with legible(self._engine.url):
            return tuple(_unknown(row) for row in rows)

    def resolve(self, numbers: Sequence[int], how: str) -> None:
        """Take the user's word for unknown rows.

        Args:
            numbers: Theirs in the journal.
            how: One of `RESOLUTIONS`: a row that was not written is sent when it comes again.
        """
        with spoken(self._engine.url), self._engine.begin() as connection:
            for number in numbers:
                row = connection.execute(
                    sa.select(t.unknowns).where(t.unknowns.c.id == number)
                ).one()
                connection.execute(
                    t.unknowns.update().where(t.unknowns.c.id == number).values(resolved=how)
                )
                if row.twin and how == "not-written":
                    self._forget_twin(connection, row)

    @staticmethod
    def _forget_twin(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> None:
        last = sa.select(sa.func.max(t.twins.c.id)).where(
            t.twins.c.stream == row.stream, t.twins.c.twin == row.twin
        )
        connection.execute(t.twins.delete().where(t.twins.c.id == last.scalar_subquery()))

    def close(self) -> None:
        """Let go of the journal."""
        self._engine.dispose()


def _run(row: sa.Row[tuple[object, ...]]) -> RunLine:
    receipt = value_of(row.receipt.encode()) if row.receipt else {}
    if not isinstance(receipt, dict):
        raise TypeError(f"the receipt of run {row.id} is {receipt!r:.40}")
    return RunLine(
        row.id,
        row.account,
        row.holder,
        row.began_ms,
        row.ended_ms,
        row.exit_code,
        receipt,
        row.load or "",
        row.dry,
    )


def _reject(row: sa.Row[tuple[object, ...]]) -> RejectLine:
    return RejectLine(
        row.id,
        row.run,
        row.stream,
        row.procedure,
        row.line,
        f"{row.attribute}={shown_key(row.key)}" if row.attribute else "",
        row.reason,
        row.next_step,
        row.job,
        value_of(row.row),
        row.closed,
        row.account,
    )


def _unknown(row: sa.Row[tuple[object, ...]]) -> UnknownLine:
    return UnknownLine(
        row.id,
        row.run,
        row.stream,
        row.line,
        f"{row.attribute}={shown_key(value_of(row.key))}" if row.attribute else "",
        row.kind,
        row.reason,
        value_of(row.fields),
        row.free_ms,
    )
