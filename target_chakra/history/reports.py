"""What the journal tells an operator: runs, rejects, unknown rows. Needs no lock."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from target_chakra.changes import shown_key
from target_chakra.history.effects import Effects
from target_chakra.history.kept import KeptLine, kept_line, kept_rows, last_writing_run
from target_chakra.history.made_calls import calls_of_stream, made_calls
from target_chakra.history.user_word import resolve_unknown
from target_chakra.journal.codec import decode_outcomes, value_of
from target_chakra.journal.loads import untold
from target_chakra.journal.rejects import BY_HAND, close_open
from target_chakra.journal_tables import tables as t
from target_chakra.journal_tables.migrations import SHAPES, is_older, migrate, version_of
from target_chakra.lifecycle import OPEN, SETTLED, BatchState, Outcome
from target_chakra.storage.engines import LOOK_AGAIN, WRITES, legible, open_engine, spoken
from target_chakra.storage.lock import is_held
from target_chakra.storage.read_only import refuse_read_only
from target_chakra.storage.schema import see_old

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LEFT = [state.value for state in OPEN if state is not BatchState.INTENDED]
"""States of batches that may have left, and are not settled."""
_FOR_EVER: Final = 253_402_300_800_000
"""The year 10000, epoch milliseconds: what is held for longer has no end."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run.

    Attributes:
        id: Its number.
        account: The team that it wrote to.
        holder: Which process it was.
        began_ms: Epoch milliseconds.
        ended_ms: The same; None while it runs, or if it ended without a receipt.
        exit_code: None until it ended.
        receipt: Its receipt; empty until it ended.
        load: The load that it worked on; empty where there are none.
        dry: Whether it wrote nothing on purpose: nothing follows from it.
        kind: What it was begun for, a value of `RunKind`.
        under_way: Whether it holds the journal right now; one that has no end was killed,
            else, or could not store it.
        in_flight: Rows of it that the next run follows.
        recorded: Of a run without a receipt: what the journal knows of its rows, by outcome.
        api_url: Where it found the account; empty where that is not known.
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
    kind: str = "run"
    under_way: bool = False
    in_flight: int = 0
    recorded: Mapping[str, int] = field(default_factory=dict)
    api_url: str = ""

    @property
    def settled_any(self) -> bool:
        """Whether any row of it has an outcome that is final."""
        outcomes = self.receipt.get("outcomes") if self.receipt else self.recorded
        told = outcomes if isinstance(outcomes, dict) else {}
        return any(told.get(each.value) for each in SETTLED)


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
        free_ms: Until when its process is held, epoch milliseconds; None if until its user says.
    """

    id: int
    run: int
    stream: str
    line: int
    key: str
    kind: str
    reason: str
    fields: Mapping[str, object]
    free_ms: int | None


class Reports:
    """Reads a journal that a run may be writing.

    Args:
        url: SQLAlchemy URL of a journal that exists.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url, reads=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A look into the journal, in the form of this version; nothing of it is kept."""
        url = self._engine.url
        with legible(url), spoken(url, LOOK_AGAIN), self._engine.connect() as connection:
            see_old(connection, SHAPES)
            if is_older(connection):
                # It, or one that has just been made, is brought to this version to be read;
                # nothing of that is kept. From its beginning: two that look at a time would
                # else wait for each other.
                connection.rollback()
                connection.execution_options(**{WRITES: True})
                see_old(connection, SHAPES)
            migrate(connection)
            yield connection

    def _all(self, query: sa.Select[tuple[object, ...]]) -> Sequence[sa.Row[tuple[object, ...]]]:
        with self.reading() as connection:
            return connection.execute(query).all()

    def runs(self, number: int | None = None, load: str | None = None) -> tuple[RunLine, ...]:
        """All runs, oldest first; or the one of a number, if there is one; or those of a load."""
        query = sa.select(t.runs).order_by(t.runs.c.id)
        if number is not None:
            query = query.where(t.runs.c.id == number)
        if load is not None:
            query = query.where(t.runs.c.load == load)
        with self.reading() as connection:
            rows = connection.execute(query).all()
            last = connection.scalar(sa.select(sa.func.max(t.runs.c.id)))
            left = _in_flight(connection)
            endless = [row.id for row in rows if row.exit_code is None]
            recorded = {each: _recorded(connection, each) for each in endless}
        under_way = last if last in recorded and self.is_held() else None
        with legible(self._engine.url):
            return tuple(
                replace(
                    _run(row),
                    under_way=row.id == under_way,
                    in_flight=left[row.id],
                    recorded=recorded.get(row.id, {}),
                )
                for row in rows
            )

    def is_held(self) -> bool:
        """Whether a run holds the journal right now."""
        with spoken(self._engine.url, LOOK_AGAIN):
            return is_held(self._engine)

    def version(self) -> int:
        """The version that the journal was left in; 0 where there is none yet."""
        url = self._engine.url
        with legible(url), spoken(url, LOOK_AGAIN), self._engine.connect() as connection:
            see_old(connection, SHAPES)
            return version_of(connection)

    def in_flight(self) -> int:
        """Rows that the next run follows."""
        with self.reading() as connection:
            return _in_flight(connection).total()

    def rejects(
        self, *, run: int | None = None, stream: str | None = None, closed: bool = False
    ) -> tuple[RejectLine, ...]:
        """Rejected rows, oldest first; those that are open unless all are wanted."""
        query = sa.select(t.rejects).where(*_those(run, stream)).order_by(t.rejects.c.id)
        rows = self._all(query if closed else query.where(t.rejects.c.closed.is_(None)))
        with legible(self._engine.url):
            return tuple(_reject(row) for row in rows)

    def closed_rejects(self, *, run: int | None = None, stream: str | None = None) -> int:
        """How many rejected rows need no more attention: there may be any number."""
        cells = t.rejects.c
        query = sa.select(sa.func.count()).where(*_those(run, stream), cells.closed.is_not(None))
        with self.reading() as connection:
            return int(connection.scalar(query) or 0)

    def rejects_of(self, run: int) -> Iterator[RejectLine]:
        """Every reject of a run, oldest first, one at a time: there may be any number."""
        query = sa.select(t.rejects).where(t.rejects.c.run == run).order_by(t.rejects.c.id)
        with self.reading() as connection:
            for row in connection.execution_options(yield_per=100).execute(query):
                yield _reject(row)

    def untold_rejects(self, load: str) -> int:
        """Open rejects of a load that it has not failed for yet."""
        with self.reading() as connection:
            return untold(connection, load)

    def unknowns(self) -> tuple[UnknownLine, ...]:
        """Rows of which nobody knows, and that nobody resolved."""
        query = sa.select(t.unknowns).where(t.unknowns.c.resolved.is_(None))
        rows = self._all(query.order_by(t.unknowns.c.id))
        with legible(self._engine.url):
            return tuple(_unknown(row) for row in rows)

    def kept(self, run: int | None, stream: str | None) -> tuple[int | None, tuple[KeptLine, ...]]:
        """Fields that a run left as others changed them.

        Args:
            run: The run; None for the last one that was to write.
            stream: The only stream to tell of; None for all.

        Returns:
            The run's number, None if there is none; and the fields.
        """
        with self.reading() as connection:
            number = last_writing_run(connection) if run is None else run
            rows = kept_rows(connection, number, stream)
        with legible(self._engine.url):
            return number, tuple(kept_line(row) for row in rows)

    def effects(self, run: int) -> Effects:
        """What a run did to each process; to be closed."""
        with self.reading() as connection:
            return Effects(connection, run)

    def calls(self, run: int) -> Counter[str]:
        """How much a run wrote that is no process, by kind."""
        with self.reading() as connection:
            return made_calls(connection, run)

    def calls_of_stream(self, account: str, stream: str) -> Counter[str]:
        """How many calls were made for a stream's rows, by kind."""
        with self.reading() as connection:
            return calls_of_stream(connection, account, stream)

    def resolve(self, numbers: Sequence[int], how: str) -> None:
        """Take the user's word for unknown rows.

        Args:
            numbers: Theirs in the journal.
            how: One of `RESOLUTIONS`: a row that was not written is sent when it comes again.
        """
        refuse_read_only(self._engine.url)
        with spoken(self._engine.url, LOOK_AGAIN), self._engine.begin() as connection:
            see_old(connection, SHAPES)
            for number in numbers:
                resolve_unknown(connection, number, how)

    def close_rejects(self, numbers: Sequence[int]) -> None:
        """Take the user's word that rejects need no more attention."""
        refuse_read_only(self._engine.url)
        with spoken(self._engine.url, LOOK_AGAIN), self._engine.begin() as connection:
            see_old(connection, SHAPES)
            close_open(connection, numbers, BY_HAND)

    def close(self) -> None:
        """Let go of the journal."""
        self._engine.dispose()


def _those(run: int | None, stream: str | None) -> list[sa.ColumnElement[bool]]:
    """What holds of the rejects of a run and of a stream; None for those of any."""
    cells = t.rejects.c
    asked = ((cells.run, run), (cells.stream, stream))
    return [cell == value for cell, value in asked if value is not None]


def _in_flight(connection: sa.Connection) -> Counter[int]:
    """By run, how many rows were sent and have no outcome yet."""
    cells = t.batches.c
    query = sa.select(cells.run, cells.size, cells.outcomes).where(cells.state.in_(_LEFT))
    found: Counter[int] = Counter()
    for row in connection.execute(query):
        found[row.run] += row.size - len(decode_outcomes(row.outcomes))
    return found


def _recorded(connection: sa.Connection, run: int) -> dict[str, int]:
    """How many rows of a run ended how, as far as that is stored."""
    cells, found = t.batches.c, Counter[Outcome]()
    query = sa.select(cells.outcomes).where(cells.run == run, cells.outcomes.is_not(None))
    for outcomes in connection.execute(query).scalars():
        found.update(decode_outcomes(outcomes).values())
    # A refused row may have been sent once more; what was rejected in the end stands there.
    rejected = sa.select(sa.func.count()).select_from(t.rejects).where(t.rejects.c.run == run)
    found[Outcome.REJECTED] = connection.execute(rejected).scalar() or 0
    return {outcome.value: found[outcome] for outcome in Outcome if found[outcome]}


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
        row.kind,
        api_url=row.api_url,
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
    # ChakraHQ's clock where it told one: ours may have been wrong when the row was sent.
    free = row.free_ms if row.free_server_ms is None else row.free_server_ms
    return UnknownLine(
        row.id,
        row.run,
        row.stream,
        row.line,
        f"{row.attribute}={shown_key(value_of(row.key))}" if row.attribute else "",
        row.kind,
        row.reason,
        value_of(row.fields),
        free if free < _FOR_EVER else None,
    )
