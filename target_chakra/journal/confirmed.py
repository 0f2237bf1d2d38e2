"""What the journal remembers beyond a run: confirmed values, ownership, twins, findings."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from target_chakra.changes import Key, Known
from target_chakra.journal import tables as t
from target_chakra.journal.codec import GRAVES, grave_of, known_of, unknown_of
from target_chakra.journal.database import READS, legible, open_engine, spoken, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_chakra.journal.records import UnknownRow

CHUNK = 500
"""Parameters of one IN list, well under any database's limit."""


class JournalMemory:
    """The part of the journal that a run asks and tells, beside its own lifecycle.

    Args:
        url: SQLAlchemy URL.

    Raises:
        SettingsError: The URL means nothing.
        JournalError: The database can't be used, or is of a newer version.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._account = ""
        self._run = 0
        self._has_twins = False
        with self._writing() as connection:
            t.migrate(connection)

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with spoken(self._engine.url), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        url = self._engine.url
        with legible(url), spoken(url), self._engine.connect() as connection:
            yield connection.execution_options(**{READS: True})

    def known(self, keys: Sequence[Key]) -> dict[Key, Known]:
        """What was confirmed of keys, all of one procedure and attribute."""
        found: dict[Key, Known] = {}
        texts = {str(key.value): key for key in keys}
        listed = list(texts)
        with self._reading() as connection:
            for start in range(0, len(listed), CHUNK):
                query = sa.select(t.confirmed).where(
                    t.confirmed.c.account == self._account,
                    t.confirmed.c.procedure == keys[0].procedure,
                    t.confirmed.c.attribute == keys[0].attribute,
                    t.confirmed.c.key.in_(listed[start : start + CHUNK]),
                )
                for row in connection.execute(query):
                    found[texts[row.key]] = known_of(row)
        return found

    def absent(self, stream: str, run: int) -> tuple[Key, ...]:
        """Keys that a stream has written, and that neither a run nor a later one brought."""
        query = sa.select(t.owned).where(
            t.owned.c.account == self._account,
            t.owned.c.stream == stream,
            t.owned.c.seen_run < run,
        )
        with self._reading() as connection:
            return tuple(
                Key(row.procedure, row.attribute, orjson.loads(row.value))
                for row in connection.execute(query)
            )

    def disown(self, stream: str, keys: Iterable[Key]) -> None:
        """Forget that a stream has written these keys: they are deleted."""
        with self._writing() as connection:
            for key in keys:
                connection.execute(
                    t.owned.delete().where(
                        t.owned.c.account == self._account,
                        t.owned.c.stream == stream,
                        t.owned.c.attribute == key.attribute,
                        t.owned.c.key == str(key.value),
                    )
                )

    def twins(self, stream: str, hashes: Sequence[str]) -> dict[str, list[int]]:
        """Rows that were sent before, by hash: their numbers, oldest first."""
        found: dict[str, list[int]] = {}
        with self._reading() as connection:
            for start in range(0, len(hashes), CHUNK):
                query = (
                    sa.select(t.twins.c.id, t.twins.c.twin)
                    .where(
                        t.twins.c.account == self._account,
                        t.twins.c.stream == stream,
                        t.twins.c.run != self._run,
                        t.twins.c.twin.in_(hashes[start : start + CHUNK]),
                    )
                    .order_by(t.twins.c.id)
                )
                for row in connection.execute(query):
                    found.setdefault(row.twin, []).append(row.id)
        return found

    def graves(self) -> dict[Key, int]:
        """Deletes of earlier runs that no STATE has passed, by key: their numbers."""
        query = sa.select(t.twins.c.id, t.twins.c.procedure, t.twins.c.twin).where(
            t.twins.c.account == self._account,
            t.twins.c.run != self._run,
            t.twins.c.twin.like(GRAVES),
        )
        with self._reading() as connection:
            rows = connection.execute(query)
            return {grave_of(row.procedure, row.twin): row.id for row in rows}

    def come_again(self, number: int, seq: int) -> None:
        """A twin's row came again, as that row of this run."""
        self._has_twins = True
        with self._writing() as connection:
            connection.execute(
                t.twins.update().where(t.twins.c.id == number).values(run=self._run, seq=seq)
            )

    def pass_twins(self, up_to: int) -> None:
        """A STATE behind these rows of this run is about to be passed on.

        Whether it was, a crash right now would leave open: see `began_again`.
        """
        if self._has_twins:
            with self._writing() as connection:
                for each in (t.twins, t.rejects):
                    covered = (each.c.run == self._run, each.c.seq.between(1, up_to))
                    connection.execute(each.update().where(*covered).values(seq=-each.c.seq))

    def forget_twins(self) -> None:
        """That STATE was passed on: its rows never come again."""
        if not self._has_twins:
            return
        with self._writing() as connection:
            connection.execute(
                t.twins.delete().where(t.twins.c.run == self._run, t.twins.c.seq < 0)
            )
            passed = (t.rejects.c.run == self._run, t.rejects.c.seq < 0)
            connection.execute(t.rejects.update().where(*passed).values(seq=None))

    def began_again(self, stream: str, twin: str) -> None:
        """The first row of a stream came, by its hash: does it repeat what a STATE was to cover?

        If it is one of the rows that were about to be covered, that STATE never arrived, and the
        others come again too. If it is none, they were covered.
        """
        passing = (
            t.twins.c.account == self._account,
            t.twins.c.stream == stream,
            t.twins.c.run != self._run,
            t.twins.c.seq < 0,
        )
        with self._writing() as connection:
            repeats = sa.select(t.twins.c.id).where(*passing, t.twins.c.twin == twin)
            if connection.execute(repeats).first():
                connection.execute(t.twins.update().where(*passing).values(seq=-t.twins.c.seq))
            else:
                connection.execute(
                    t.twins.delete().where(*passing, t.twins.c.twin.not_like(GRAVES))
                )

    def rejected_keys(self) -> set[Key]:
        """Keys of rejects that are still open."""
        query = sa.select(t.rejects.c.procedure, t.rejects.c.attribute, t.rejects.c.key).where(
            t.rejects.c.account == self._account,
            t.rejects.c.closed.is_(None),
            t.rejects.c.key.is_not(None),
        )
        with self._reading() as connection:
            return {Key(*row) for row in connection.execute(query)}

    def uncovered_rejects(self) -> dict[tuple[str, bytes], list[int]]:
        """Open rejects of rows without a key that no STATE has passed, by stream and row."""
        cells = t.rejects.c
        query = sa.select(cells.id, cells.stream, cells.row).where(
            cells.account == self._account,
            cells.run != self._run,
            cells.closed.is_(None),
            cells.seq.is_not(None),
        )
        found: dict[tuple[str, bytes], list[int]] = {}
        with self._reading() as connection:
            for row in connection.execute(query.order_by(cells.id)):
                found.setdefault((row.stream, bytes(row.row)), []).append(row.id)
        return found

    def let_rejects_stand(self, retried: Sequence[int]) -> None:
        """Rows that this run tried again come no more, unless their rejects were uncovered."""
        cells = t.rejects.c
        with self._writing() as connection:
            some = sa.select(cells.id).where(cells.id.in_(retried[:CHUNK]), cells.seq.is_not(None))
            if not connection.execute(some).first():
                mine = cells.run == self._run
                connection.execute(t.rejects.update().where(mine).values(seq=None))

    def close_rejects(self, numbers: Sequence[int], why: str) -> None:
        """Say that rejects need no more attention."""
        with self._writing() as connection:
            for start in range(0, len(numbers), CHUNK):
                some = list(numbers[start : start + CHUNK])
                connection.execute(
                    t.rejects.update().where(t.rejects.c.id.in_(some)).values(closed=why)
                )

    def unknowns(self) -> tuple[UnknownRow, ...]:
        """Rows of earlier runs of which nobody knows, and that nobody resolved."""
        query = sa.select(t.unknowns).where(
            t.unknowns.c.account == self._account, t.unknowns.c.resolved.is_(None)
        )
        with self._reading() as connection:
            return tuple(unknown_of(row) for row in connection.execute(query))

    def findings(self) -> dict[tuple[str, str], str]:
        """What this server turned out to do: (procedure, name) → value."""
        query = sa.select(t.findings).where(t.findings.c.account == self._account)
        with self._reading() as connection:
            return {(row.procedure, row.name): row.value for row in connection.execute(query)}

    def found(self, procedure: str, name: str, value: str) -> None:
        """Remember what this server turned out to do."""
        row: dict[str, object] = {
            "account": self._account,
            "procedure": procedure,
            "name": name,
            "value": value,
        }
        with self._writing() as connection:
            upsert(connection, t.findings, [row])
