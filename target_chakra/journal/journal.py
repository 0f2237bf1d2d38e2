"""Stores the lifecycle: what is intended, where each batch is, what became of each row.

One thread owns it. Each method that writes is one transaction, on disk when it returns; what
belongs together (outcomes, confirmed values, rejects) is one call. Every entry carries its
account: those of another account are never seen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from chakra_api.errors import JournalError
from chakra_api.wire.wire_json import encode
from target_chakra.batches import Batch, decode_outcomes, encode_actions, joined_outcomes
from target_chakra.journal import tables as t
from target_chakra.journal.codec import (
    confirmation_row,
    open_batch_of,
    owned_row,
    reject_row,
    twin_rows,
    unknown_row,
)
from target_chakra.journal.confirmed import CHUNK
from target_chakra.journal.database import JournalLock, legible, spoken, upsert
from target_chakra.journal.loads import JournalLoads
from target_chakra.lifecycle import OPEN, BatchState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_chakra.changes import Key, Reject
    from target_chakra.journal.records import (
        Confirmation,
        Entry,
        OpenBatch,
        Owned,
        Unknown,
    )


class Journal(JournalLoads):
    """The journal of one account, held by one run.

    Args:
        url: SQLAlchemy URL.

    Raises:
        SettingsError: The URL means nothing.
        JournalError: The database can't be used, or is of a newer version.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._lock = JournalLock(self._engine)

    # The run

    def hold(self) -> None:
        """Hold the journal for this run, before recovery.

        Raises:
            JournalError: Another run holds it; says which.
        """
        with spoken(self._engine.url):
            if self._lock.acquire():
                return
        raise JournalError(
            f"The journal is held by another run: {self._holder()}",
            "Wait until that run ends, or give this one a journal of its own",
        )

    def _holder(self) -> str:
        with self._reading() as connection:
            last = connection.execute(
                sa.select(t.runs.c.id, t.runs.c.holder).order_by(t.runs.c.id.desc()).limit(1)
            ).first()
        return f"run {last.id}, {last.holder}" if last else "it has just begun"

    def begin_run(self, account: str, holder: str, now_ms: int) -> int:
        """Begin a run on an account; its number."""
        self._account = account
        with self._writing() as connection:
            made = connection.execute(
                t.runs.insert().values(account=account, holder=holder, began_ms=now_ms)
            )
            self._run = _number(made)
        return self._run

    def end_run(self, receipt: Mapping[str, object], exit_code: int, now_ms: int) -> None:
        """Store the receipt of this run."""
        with self._writing() as connection:
            connection.execute(
                t.runs.update()
                .where(t.runs.c.id == self._run)
                .values(
                    ended_ms=now_ms, exit_code=exit_code, receipt=orjson.dumps(receipt).decode()
                )
            )

    def close(self) -> None:
        """Let go of the journal."""
        self._engine.dispose()
        self._lock.release()

    # Batches

    def intend(self, batch: Batch, now_ms: int) -> Batch:
        """Store a batch before anything of it leaves; it with its number."""
        with self._writing() as connection:
            made = connection.execute(
                t.batches.insert().values(
                    run=self._run,
                    account=self._account,
                    procedure=batch.procedure,
                    kind=batch.kind.value,
                    state=batch.state.value,
                    shape=batch.shape,
                    size=len(batch.actions),
                    intended_ms=now_ms,
                    sent_ms=batch.sent,
                    server_ms=batch.server,
                    actions=encode_actions(batch.actions),
                )
            )
            stored = replace(batch, id=_number(made))
            if twins := twin_rows(self._account, self._run, stored):
                connection.execute(t.twins.insert(), twins)
                self._has_twins = True
        return stored

    def move(self, batch: Batch) -> None:
        """Store where a batch is now."""
        with self._writing() as connection, legible(self._engine.url):
            self._move(connection, batch)

    @staticmethod
    def _move(connection: sa.Connection, batch: Batch) -> None:
        connection.execute(
            t.batches.update()
            .where(t.batches.c.id == batch.id)
            .values(
                state=batch.state.value,
                job=batch.job,
                sent_ms=batch.sent,
                server_ms=batch.server,
                shape=batch.shape,
            )
        )
        if batch.state is BatchState.RELEASED:
            # Nothing of it was sent: its rows are not known again, but for those that have ended.
            mine = t.batches.c.id == batch.id
            ended = decode_outcomes(connection.scalar(sa.select(t.batches.c.outcomes).where(mine)))
            gone = t.twins.c.position.not_in(list(ended))
            connection.execute(t.twins.delete().where(t.twins.c.batch == batch.id, gone))

    def settle(self, batch: Batch, entry: Entry) -> None:
        """Store outcomes of a batch's rows and what follows from them, in one transaction."""
        with self._writing() as connection, legible(self._engine.url):
            self._move(connection, batch)
            this = t.batches.c.id == batch.id
            before = connection.execute(sa.select(t.batches.c.outcomes).where(this)).scalar()
            outcomes = joined_outcomes(before, entry.outcomes)
            connection.execute(
                t.batches.update().where(this).values(outcomes=outcomes, settled_ms=entry.now_ms)
            )
            if entry.refused:
                gone = t.twins.c.position.in_(entry.refused)
                connection.execute(t.twins.delete().where(t.twins.c.batch == batch.id, gone))
            self._record(connection, entry)

    def record(self, entry: Entry) -> None:
        """Store what follows from rows that were never sent."""
        with self._writing() as connection:
            self._record(connection, entry)

    def _record(self, connection: sa.Connection, entry: Entry) -> None:
        self._confirm(connection, entry.confirmations)
        self._own(connection, entry.owned)
        # Older ones first: what is rejected now stays open.
        for key in entry.overtaken:
            self._close_rejects(connection, key)
        if entry.rejects:
            self._replace_rejects(connection, entry.rejects)
            self._has_twins |= any(each.change.key is None for each in entry.rejects)
            connection.execute(
                t.rejects.insert(),
                [reject_row(self._account, self._run, each) for each in entry.rejects],
            )
        if entry.unknowns:
            rows = [unknown_row(self._account, self._run, each) for each in entry.unknowns]
            connection.execute(t.unknowns.insert(), rows)
            self._doubt(connection, entry.unknowns)
        for number in entry.resolved:
            connection.execute(
                t.unknowns.update().where(t.unknowns.c.id == number).values(resolved="planned anew")
            )

    def _doubt(self, connection: sa.Connection, unknowns: Sequence[Unknown]) -> None:
        """Forget what was confirmed of processes that may yet be written, under all their names.

        Where rows are compared with the journal, they are looked up again then.
        """
        cells = t.confirmed.c
        forgotten = t.confirmed.update().values(fields=encode({}))
        for key in (each.action.change.key for each in unknowns):
            if key is not None:
                this = (self._account, key.procedure, key.attribute, str(key.value))
                is_this = (c == v for c, v in zip(t.confirmed.primary_key, this, strict=True))
                connection.execute(forgotten.where(*is_this))
        ids = [each.action.process_id for each in unknowns if each.action.process_id]
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            connection.execute(
                forgotten.where(cells.account == self._account, cells.process_id.in_(some))
            )

    def open_batches(self) -> tuple[OpenBatch, ...]:
        """The batches of earlier runs that still hold their processes."""
        query = sa.select(t.batches).where(
            t.batches.c.account == self._account,
            t.batches.c.state.in_([state.value for state in OPEN]),
        )
        with self._reading() as connection:
            return tuple(open_batch_of(row) for row in connection.execute(query))

    def _confirm(self, connection: sa.Connection, found: Sequence[Confirmation]) -> None:
        if not found:
            return
        rows = [confirmation_row(self._account, each) for each in found]
        upsert(connection, t.confirmed, rows)

    # Ownership, for mirrors

    def _own(self, connection: sa.Connection, owned: Sequence[Owned]) -> None:
        rows = [owned_row(self._account, self._run, each) for each in owned]
        written = [row for row, each in zip(rows, owned, strict=True) if each.written]
        if written:
            upsert(connection, t.owned, written)
        seen = [row for row, each in zip(rows, owned, strict=True) if not each.written]
        for row in seen:
            connection.execute(
                t.owned.update()
                .where(*(t.owned.c[c.name] == row[c.name] for c in t.owned.primary_key))
                .values(seen_run=self._run)
            )

    def _close_rejects(self, connection: sa.Connection, key: Key) -> None:
        connection.execute(
            t.rejects.update()
            .where(
                t.rejects.c.account == self._account,
                t.rejects.c.procedure == key.procedure,
                t.rejects.c.attribute == key.attribute,
                t.rejects.c.key == str(key.value),
                t.rejects.c.closed.is_(None),
            )
            .values(closed="overtaken")
        )

    @staticmethod
    def _replace_rejects(connection: sa.Connection, rejects: Sequence[Reject]) -> None:
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

    def clear(self, before_ms: int) -> None:
        """Clear batches that were settled before, and nothing that anybody still needs."""
        with self._writing() as connection:
            connection.execute(
                t.batches.delete().where(
                    t.batches.c.state.in_([BatchState.SETTLED.value, BatchState.RELEASED.value]),
                    t.batches.c.intended_ms < before_ms,
                )
            )
            lately = sa.select(t.runs.c.load).where(
                t.runs.c.began_ms >= before_ms, t.runs.c.load.is_not(None)
            )
            connection.execute(t.arrivals.delete().where(t.arrivals.c.load.not_in(lately)))
            connection.execute(
                t.rejects.delete().where(
                    t.rejects.c.closed.is_not(None),
                    t.rejects.c.run.in_(
                        sa.select(t.runs.c.id).where(t.runs.c.began_ms < before_ms)
                    ),
                )
            )


def _number(made: sa.CursorResult[tuple[object, ...]]) -> int:
    key = made.inserted_primary_key
    return int(key[0]) if key else 0
