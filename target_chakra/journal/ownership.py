"""The tables `owned` and `statements`: what mirrors have written, and what they say exists.

A stream owns a process once one of its rows was written, whoever settles that row: the run that
sent it, a later one, or the user's word. Until then it stands here as not written, and is not
deleted. It is present whichever stream brings it. A process is known by each key that a row named
it by, and by its id: a row that names it otherwise brings it all the same.

A statement may take several runs: the files of a load, or a read that its source resumes behind
the last STATE. What any of them brought is present. It is known again by its name: the load, or
the version of its rows. Where it has none, a run that ended badly behind a STATE may be resumed.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from chakra_api.wire.wire_json import encode
from target_chakra.changes import Key
from target_chakra.journal.codec import owned_row, value_of
from target_chakra.journal.database import insert_into, upsert
from target_chakra.journal.records import Claim, Statement
from target_chakra.journal_tables import tables as t
from target_chakra.storage.cells import CellText

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun, Owned

    Rows = list[dict[str, object]]

_NAMED: Final = tuple(
    cell == sa.bindparam(f"this_{cell.name}") for cell in t.owned.primary_key.columns
)
_OF_PROCESS: Final = tuple(
    t.owned.c[name] == sa.bindparam(f"this_{name}") for name in ("account", "stream", "process_id")
)
_EARLIER: Final = t.owned.c.seen_run < sa.bindparam("this_seen_run")
_SEEN: Final = t.owned.update().values(seen_run=sa.bindparam("this_seen_run"))


class Ownership:
    """The processes of one account that its mirrors own.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run

    def owners(self) -> dict[str, frozenset[str]]:
        """The streams that own processes, or may come to, by procedure."""
        cells = t.owned.c
        names, found = sa.tuple_(cells.procedure, cells.stream), dict[str, frozenset[str]]()
        query = (
            sa.select(cells.procedure, cells.stream)
            .where(cells.account == self._run.account)
            .order_by(cells.procedure, cells.stream)
            .limit(1)
        )
        with self._database.reading() as connection:
            # From one to the next by the primary key: there may be a million rows of each.
            row = connection.execute(query).first()
            while row is not None:
                procedure, stream = row
                found[procedure] = found.get(procedure, frozenset()) | {stream}
                after = names > sa.tuple_(sa.literal(procedure), sa.literal(stream))
                row = connection.execute(query.where(after)).first()
        return found

    def absent(self, stream: str, procedure: str, run: int) -> dict[Key, str | None]:
        """Keys that a stream has written, and that neither a run nor a later one brought.

        Returns:
            By key, the process that was written; None if it is not known.
        """
        query = sa.select(t.owned).where(
            t.owned.c.account == self._run.account,
            t.owned.c.procedure == procedure,
            t.owned.c.stream == stream,
            t.owned.c.seen_run < run,
            t.owned.c.written,
        )
        with self._database.reading() as connection:
            return {
                Key(row.procedure, row.attribute, value_of(row.value)): row.process_id
                for row in connection.execute(query)
            }

    def came(self, stream: str, run: int) -> set[tuple[str, str]]:
        """Attributes and texts of owned keys that a run or a later one brought."""
        cells = t.owned.c
        query = sa.select(cells.attribute, cells.key).where(
            cells.account == self._run.account, cells.stream == stream, cells.seen_run >= run
        )
        with self._database.reading() as connection:
            return {(row.attribute, row.key) for row in connection.execute(query)}

    def store(self, connection: sa.Connection, owned: Sequence[Owned], run: int) -> None:
        """Store what rows that a run brought say of their processes."""
        if not owned:
            return
        by_claim: dict[Claim, Rows] = defaultdict(list)
        for each in owned:
            by_claim[each.claim].append(owned_row(self._run.account, each, run))
        seen = [
            row for claim in (Claim.CAME, Claim.FOUND, Claim.WRITTEN) for row in by_claim[claim]
        ]
        # With its outcome once more: what a killed run wrote may be settled after the row came.
        _change(connection, _SEEN.where(*_NAMED, _EARLIER), seen)
        _change(connection, _SEEN.where(*_OF_PROCESS, _EARLIER), _with_process(seen))
        _change(connection, _PROVEN, by_claim[Claim.FOUND])
        for claim in (Claim.SENT, Claim.WRITTEN):
            if by_claim[claim]:
                connection.execute(_add(connection.dialect, claim), by_claim[claim])
        _change(connection, t.owned.delete().where(*_NAMED), by_claim[Claim.GONE])
        others = by_claim[Claim.GONE_BY_OTHERS]
        # By its key alone where the process is not known: that may name another one.
        _change(connection, t.owned.delete().where(*_NAMED, t.owned.c.process_id.is_(None)), others)
        gone = _with_process([*by_claim[Claim.GONE], *others])
        _change(connection, t.owned.delete().where(*_OF_PROCESS), gone)


_PROVEN: Final = (
    t.owned.update()
    .where(*_NAMED, t.owned.c.written.is_(False))
    .values(
        written=True,
        process_id=sa.func.coalesce(
            sa.bindparam("this_process_id", type_=CellText), t.owned.c.process_id
        ),
    )
)
"""What was sent, and is as it was sent, was written."""


def _change(connection: sa.Connection, statement: sa.UpdateBase, rows: Rows) -> None:
    wanted = statement.compile().params.keys()
    if rows:
        named = [{f"this_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(statement, [{n: row[n] for n in wanted if n in row} for row in named])


def _with_process(rows: Iterable[dict[str, object]]) -> Rows:
    return [row for row in rows if row["process_id"]]


def _add(dialect: sa.Dialect, claim: Claim) -> sa.Insert:
    """Adds rows that were sent or written to those that are there."""
    insert = insert_into(dialect, t.owned)
    new, old = insert.excluded, t.owned.c
    values: dict[str, Any] = {
        "seen_run": sa.case((old.seen_run < new.seen_run, new.seen_run), else_=old.seen_run)
    }
    if claim is Claim.WRITTEN:
        values["written"] = sa.true()
        values["process_id"] = sa.func.coalesce(new.process_id, old.process_id)
    keys = [column.name for column in t.owned.primary_key]
    added: sa.Insert = insert.on_conflict_do_update(index_elements=keys, set_=values)
    return added


def take_word(
    connection: sa.Connection, unknown: Mapping[str, object], *, deletes: bool, written: bool
) -> None:
    """Take the user's word for an unknown row of a mirror.

    Args:
        connection: To the journal.
        unknown: The row of `unknowns`; its key as the journal spells it.
        deletes: Whether it was a delete.
        written: What its user says.
    """
    this = [t.owned.c[each.name] == unknown[each.name] for each in t.owned.primary_key.columns]
    if deletes:
        if written:
            connection.execute(t.owned.delete().where(*this))
        return
    if written:
        process_id = sa.func.coalesce(unknown["process_id"], t.owned.c.process_id)
        values = {"written": True, "process_id": process_id}
        connection.execute(t.owned.update().where(*this).values(values))
    else:
        pending = t.owned.c.written.is_(False)
        connection.execute(t.owned.delete().where(*this, pending))


class Statements:
    """The statements of one account.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run
        self._passed: set[str] = set()
        self._begun: set[str] = set()
        self._ended: set[str] = set()

    def all(self) -> dict[str, Statement]:
        """The last statement of each stream."""
        query = sa.select(t.statements).where(t.statements.c.account == self._run.account)
        with self._database.reading() as connection:
            return {
                row.stream: Statement(row.name, _runs(row.runs))
                for row in connection.execute(query)
            }

    def begin(self, stream: str, name: str) -> None:
        """A row of a statement of that name came: it begins, or goes on in this run."""
        cells, run = t.statements.c, self._run
        this = (cells.account == run.account, cells.stream == stream)
        with self._database.writing() as connection:
            before = connection.execute(sa.select(t.statements).where(*this)).first()
            if before is not None and self._goes_on(connection, before, name):
                goes_on = t.statements.update().where(*this)
                brought = dict.fromkeys((*_runs(before.runs), run.number))
                connection.execute(goes_on.values(runs=encode(list(brought)).decode()))
            else:
                runs = [*self._began_with(connection, before), run.number]
                fresh: dict[str, object] = {
                    "account": run.account,
                    "stream": stream,
                    "name": name,
                    "runs": encode(runs).decode(),
                    "passed": False,
                    "ended": False,
                }
                upsert(connection, t.statements, [fresh])
        self._begun.add(stream)
        self._ended.discard(stream)

    @staticmethod
    def _goes_on(connection: sa.Connection, before: sa.Row[tuple[object, ...]], name: str) -> bool:
        if before.name != name or before.ended:
            return False
        if name:
            return True
        query = sa.select(t.runs.c.exit_code).where(t.runs.c.id == _runs(before.runs)[-1])
        return bool(before.passed) and connection.scalar(query) != 0

    def _began_with(self, connection: sa.Connection, before: sa.Row[Any] | None) -> list[int]:
        """Earlier runs that a statement goes on with, though its stream brought nothing in them.

        Other streams may have brought there what their source does not bring again: runs of the
        same load, or such as ended badly, right before this one.
        """
        cells, number = t.runs.c, self._run.number
        last = _runs(before.runs)[-1] if before is not None else 0
        load = connection.scalar(sa.select(cells.load).where(cells.id == number))
        query = (
            sa.select(cells.id, cells.exit_code)
            .where(
                cells.account == self._run.account,
                cells.dry.is_(False),
                cells.id > last,
                cells.id < number,
                cells.load == load if load else cells.load.is_(None),
            )
            .order_by(cells.id.desc())
        )
        found = takewhile(lambda run: load or run.exit_code != 0, connection.execute(query))
        return [run.id for run in found][::-1]

    def end(self, stream: str) -> None:
        """All of a statement has come; its source may bring the rest again until a STATE passes."""
        self._ended.add(stream)

    def end_passing(self) -> None:
        """A STATE behind all that came was passed on: what comes now is another statement's."""
        self._mark(self._ended, ended=True)
        self._ended.clear()

    def begin_passing(self) -> None:
        """A STATE is about to be passed on: its source may go on behind it, in a later run."""
        fresh = self._begun - self._passed
        self._mark(fresh, passed=True)
        self._passed |= fresh

    def _mark(self, streams: Collection[str], **cells: bool) -> None:
        if not streams:
            return
        these = t.statements.c.account == self._run.account, t.statements.c.stream.in_(streams)
        with self._database.writing() as connection:
            connection.execute(t.statements.update().where(*these).values(cells))


def _runs(cell: str) -> tuple[int, ...]:
    return tuple(value_of(cell.encode()))
