"""The journal of a run: the one store of batches, outcomes, confirmed values and rejects.

One thread owns it; `look` and `leaves_late` alone may be called on any. Each method that writes is
one transaction, on disk when it returns; what belongs together (outcomes, confirmed values,
rejects) is one call. Every entry carries its account: those of another account are never seen.

Each table has a part of its own; here are the batches, and what concerns several tables.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.journal.calls import Calls
from target_chakra.journal.codec import (
    decode_outcomes,
    encode_actions,
    joined_outcomes,
    open_batch_of,
    times_of,
)
from target_chakra.journal.confirmed import Confirmed
from target_chakra.journal.database import Database, number_of
from target_chakra.journal.findings import Findings
from target_chakra.journal.loads import Loads, Watermarks
from target_chakra.journal.ownership import Ownership, Statements
from target_chakra.journal.records import CurrentRun, RunKind
from target_chakra.journal.rejects import Rejects
from target_chakra.journal.runs import Beginning, Runs, begin_run, last_owner
from target_chakra.journal.twins import Twins
from target_chakra.journal.unknowns import Unknowns
from target_chakra.journal_tables import tables as t
from target_chakra.lifecycle import OPEN, BatchState
from target_chakra.storage.engines import legible
from target_chakra.storage.journal_url import ANOTHER_JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from chakra_api.course import Course
    from target_chakra.batches import Batch
    from target_chakra.changes import Key, Known
    from target_chakra.journal.records import (
        Entry,
        Lately,
        OpenBatch,
        Statement,
        StreamKey,
        UnknownRow,
    )
    from target_chakra.line_ranges import LineRanges
    from target_chakra.moments import Moment


class Journal:
    """The journal of one account, held by one run.

    Args:
        url: SQLAlchemy URL.
        opened: Opens the database behind it.

    Raises:
        SettingsError: The URL means nothing.
        JournalError: The database can't be used, or is of a newer version.
    """

    def __init__(self, url: str, opened: Callable[[str], Database] = Database) -> None:
        self._database = opened(url)
        self._see(CurrentRun())

    def _see(self, run: CurrentRun) -> None:
        """Show the entries of a run's account, and tell its own from those of earlier runs."""
        self._run = run
        self._may_repeat = False
        self._confirmed = Confirmed(self._database, run)
        self._ownership = Ownership(self._database, run)
        self.statements = Statements(self._database, run)
        self._twins = Twins(self._database, run)
        self._rejects = Rejects(self._database, run)
        self._unknowns = Unknowns(self._database, run)
        self._findings = Findings(self._database, run)
        self._loads = Loads(self._database, run)
        self.watermarks = Watermarks(self._database, run)
        self.calls = Calls(self._database, run)
        self._runs = Runs(self._database, run)

    # The run

    def hold(self) -> None:
        """Hold the journal for this run, before recovery.

        Raises:
            JournalError: Another run holds it; says which.
        """
        if not self._database.lock():
            raise JournalError(
                f"The journal is held by another run: {last_owner(self._database)}",
                f"Wait until that run ends. Do not use another journal: {ANOTHER_JOURNAL}",
            )

    def begin_run(
        self,
        account: str,
        holder: str,
        now_ms: int,
        kind: RunKind = RunKind.RUN,
        api_url: str = "",
    ) -> int:
        """Begin a run on an account; its number. What is told of it is in `Beginning`."""
        number = begin_run(self._database, Beginning(account, holder, now_ms, kind, api_url))
        self._see(CurrentRun(account, number))
        if kind.writes_nothing:
            self._database.begin_draft()
        return number

    def call(self, kind: RunKind) -> None:
        """Store what this run was begun for; one that writes nothing keeps what it is called."""
        self._runs.call(kind)

    def end_run(
        self,
        receipt: Mapping[str, object],
        exit_code: int,
        now_ms: int,
        course: Course | None = None,
    ) -> None:
        """Store the receipt of this run, and its counts over time."""
        if exit_code == 0:
            self.statements.end_passing()
        self._database.end_draft()
        self._runs.end(receipt, exit_code, now_ms, course)

    def look(self) -> None:
        """Before a request that writes leaves, on any thread: is the journal still this run's?

        Raises:
            JournalError: Another run has taken it, it was removed, or it can't be reached.
        """
        self._database.look()

    def leaves_late(self, batch: Batch) -> None:
        """Store when a batch leaves, on any thread, where that is later than was stored.

        Raises:
            JournalError: The journal is not this run's any more, or can't be written.
        """
        with self._database.writing(is_beside=True) as connection:
            this = t.batches.c.id == batch.id
            connection.execute(t.batches.update().where(this).values(times_of(batch)))

    def close(self) -> None:
        """Let go of the journal."""
        self._database.close()

    # Batches

    def intend(self, batch: Batch, now_ms: int) -> Batch:
        """Store a batch before anything of it leaves; it with its number."""
        with self._database.writing() as connection:
            made = connection.execute(
                t.batches.insert().values(
                    run=self._run.number,
                    account=self._run.account,
                    procedure=batch.procedure,
                    kind=batch.kind.value,
                    state=batch.state.value,
                    shape=batch.shape,
                    size=len(batch.actions),
                    intended_ms=now_ms,
                    **times_of(batch),
                    actions=encode_actions(batch.actions),
                )
            )
            stored = replace(batch, id=number_of(made))
            self._may_repeat |= self._twins.add(connection, stored)
        return stored

    def move(self, batch: Batch) -> None:
        """Store where a batch is now."""
        with self._database.writing() as connection, legible(self._database.url):
            self._move(connection, batch)

    def _move(self, connection: sa.Connection, batch: Batch) -> None:
        connection.execute(
            t.batches.update()
            .where(t.batches.c.id == batch.id)
            .values(
                state=batch.state.value,
                job=batch.job,
                shape=batch.shape,
                **times_of(batch),
            )
        )
        if batch.state is BatchState.RELEASED:
            # Nothing of it was sent: its rows are not known again, but for those that have ended.
            mine = t.batches.c.id == batch.id
            ended = decode_outcomes(connection.scalar(sa.select(t.batches.c.outcomes).where(mine)))
            self._twins.forget_unsent(connection, batch.id, ended)

    def settle(self, batch: Batch, entry: Entry) -> tuple[int, ...]:
        """Store outcomes of a batch's rows and what follows from them, in one transaction.

        Returns:
            The numbers of its unknown rows, in order.
        """
        with self._database.writing() as connection, legible(self._database.url):
            self._move(connection, batch)
            this = t.batches.c.id == batch.id
            stored = sa.select(t.batches.c.outcomes, t.batches.c.run).where(this)
            before, run = connection.execute(stored).one()
            outcomes = joined_outcomes(before, entry.outcomes)
            settled = {"settled_ms": entry.now_ms, "settled_server_ms": entry.server_ms}
            connection.execute(t.batches.update().where(this).values(outcomes=outcomes, **settled))
            if entry.refused:
                self._twins.forget_refused(connection, batch.id, entry.refused)
            return self._record(connection, entry, run)

    def record(self, entry: Entry) -> None:
        """Store what follows from rows that were never sent."""
        with self._database.writing() as connection:
            self._record(connection, entry, self._run.number)

    def _record(self, connection: sa.Connection, entry: Entry, run: int) -> tuple[int, ...]:
        """Store what follows from rows that a run brought, this one or an earlier one."""
        self._confirmed.store(connection, entry.confirmations)
        self._confirmed.store_kept(connection, entry.kept)
        self._ownership.store(connection, entry.owned, run)
        # Older ones first: what is rejected now stays open.
        self._rejects.close_overtaken(connection, entry.overtaken)
        if entry.rejects:
            self._may_repeat |= any(each.change.key is None for each in entry.rejects)
            self._rejects.add(connection, entry.rejects)
        self._unknowns.resolve(connection, entry.resolved)
        if not entry.unknowns:
            return ()
        self._confirmed.doubt(connection, entry.unknowns)
        return self._unknowns.add(connection, entry.unknowns)

    def open_batches(self) -> tuple[OpenBatch, ...]:
        """The batches of earlier runs that still hold their processes."""
        query = sa.select(t.batches).where(
            t.batches.c.account == self._run.account,
            t.batches.c.state.in_([state.value for state in OPEN]),
        )
        with self._database.reading() as connection:
            return tuple(open_batch_of(row) for row in connection.execute(query))

    def written_lately(self, now: Moment, lag: float) -> tuple[Lately, ...]:
        """What earlier runs wrote within so many seconds: lists may not show it yet."""
        return tuple(self._confirmed.lately(now, lag))

    # Rows that may come again: twins, and rejects without a key

    def twins(self, stream: str, hashes: Sequence[str], load: str = "") -> dict[str, list[int]]:
        """Rows that were sent before, by hash: their numbers, oldest first.

        Args:
            stream: Their stream.
            hashes: The hashes.
            load: The only load whose runs count; empty for all runs.
        """
        runs = self._loads.runs_of(load) if load else None
        return self._twins.numbers(stream, hashes, runs)

    def graves(self) -> dict[Key, int]:
        """Deletes of earlier runs that no STATE has passed, by key: their numbers."""
        return self._twins.deleted_keys()

    def come_again(self, number: int, seq: int) -> None:
        """A twin came again, as that row of this run."""
        self._may_repeat = True
        self._twins.come_again(number, seq)

    def began_again(self, stream: str, twin: str) -> None:
        """The first row of a stream came, by its hash: does it repeat what a STATE was to cover?"""
        self._twins.began_again(stream, twin)

    def pass_twins(self, up_to: int) -> None:
        """A STATE behind these rows of this run is about to be passed on.

        Whether it was, a crash right now would leave open: see `began_again`.
        """
        self.statements.begin_passing()
        if self._may_repeat:
            with self._database.writing() as connection:
                self._twins.begin_passing(connection, up_to)
                self._rejects.begin_passing(connection, up_to)

    def forget_twins(self) -> None:
        """That STATE was passed on: its rows never come again."""
        self.statements.end_passing()
        if self._may_repeat:
            with self._database.writing() as connection:
                self._twins.end_passing(connection)
                self._rejects.end_passing(connection)

    # What one table is asked and told

    def known(self, keys: Iterable[Key]) -> dict[Key, Known]:
        """What was confirmed of keys, whatever they are of."""
        return self._confirmed.known(keys)

    def rejected_keys(self) -> set[StreamKey]:
        """Keys of rejects that are still open, by stream."""
        return self._rejects.open_keys()

    def uncovered_rejects(self) -> dict[tuple[str, bytes], list[int]]:
        """Open rejects of rows without a key that no STATE has passed, by stream and row."""
        return self._rejects.uncovered()

    def let_rejects_stand(self, retried: Sequence[int]) -> None:
        """Rows that this run tried again come no more, unless their rejects were uncovered."""
        self._rejects.let_stand(retried)

    def close_rejects(self, numbers: Sequence[int], why: str) -> None:
        """Say that rejects need no more attention."""
        self._rejects.close(numbers, why)

    def unknowns(self) -> tuple[UnknownRow, ...]:
        """Rows of earlier runs of which nobody knows, and that nobody resolved."""
        return self._unknowns.open()

    def findings(self) -> dict[tuple[str, str], str]:
        """What ChakraHQ turned out to do: (procedure, name) → value."""
        return self._findings.all()

    def found(self, procedure: str, name: str, value: str) -> None:
        """Remember what ChakraHQ turned out to do."""
        self._findings.found(procedure, name, value)

    def forget(self, procedure: str, *names: str) -> None:
        """Remember that no longer."""
        self._findings.forget(procedure, *names)

    # What mirrored streams say of what exists

    def owners(self) -> dict[str, frozenset[str]]:
        """The streams that own processes, or may come to, by procedure."""
        return self._ownership.owners()

    def absent(self, stream: str, procedure: str, run: int) -> dict[Key, str | None]:
        """Keys that a stream has written, and that neither a run nor a later one brought.

        Returns:
            By key, the process that was written; None if it is not known.
        """
        return self._ownership.absent(stream, procedure, run)

    def came(self, stream: str, run: int) -> set[tuple[str, str]]:
        """Attributes and texts of owned keys that a run or a later one brought."""
        return self._ownership.came(stream, run)

    def rejected_rows(
        self, procedure: str, said: Statement
    ) -> list[tuple[str, str | None, str | None]]:
        """Stream, attribute and key of each row of a statement's runs that is still rejected."""
        return self._rejects.of_rows(procedure, said)

    # Loads

    def serve(self, load: str) -> None:
        """This run works on a load."""
        self._loads.serve(load)

    def settled_lines(self, load: str) -> dict[str, LineRanges]:
        """The lines of a load's files that need no more work, by file."""
        return self._loads.settled_lines(load)

    def mark(self, load: str, settled: Mapping[str, LineRanges]) -> None:
        """Remember which lines need no more work; what became of them is stored already."""
        self._loads.mark(load, settled)

    def untold_rejects(self, load: str) -> int:
        """Rejects of earlier runs of a load that it has not failed for yet."""
        return self._loads.untold_rejects(load)

    def close_load(self, load: str) -> None:
        """Forget what only a load that goes on needs: all of it is settled."""
        with self._database.writing() as connection:
            self._twins.forget_load(connection, self._loads.runs_of(load))
            self._loads.forget(connection, load)

    def clear(self, before_ms: int) -> None:
        """Clear batches that were settled before, and nothing that anybody still needs."""
        with self._database.writing() as connection:
            connection.execute(
                t.batches.delete().where(
                    t.batches.c.state.in_([BatchState.SETTLED.value, BatchState.RELEASED.value]),
                    t.batches.c.intended_ms < before_ms,
                )
            )
            self._loads.clear(connection, before_ms)
            self._rejects.clear(connection, before_ms)
            self._confirmed.clear_kept(connection, before_ms)
