"""The table `confirmed`: what ChakraHQ is known to hold for a key; and what was written lately."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from chakra_api.wire.wire_json import encode
from target_chakra.journal.codec import confirmation_row, kept_rows, known_of, settlements_of
from target_chakra.journal.database import chunks, upsert
from target_chakra.journal.records import Lately
from target_chakra.journal_tables import tables as t
from target_chakra.lifecycle import WROTE
from target_chakra.moments import DAY_MS, Moment, elapsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_chakra.changes import Key, Known
    from target_chakra.journal.database import Database
    from target_chakra.journal.records import Confirmation, CurrentRun, KeptFields, Unknown


class Confirmed:
    """The confirmed values of one account.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run
        self._account = run.account

    def lately(self, now: Moment, lag: float) -> Iterator[Lately]:
        """The rows that earlier runs wrote within so many seconds, oldest first."""
        for number, age in sorted(self._ages(now).items()):
            if age < lag:
                query = sa.select(t.batches).where(t.batches.c.id == number)
                with self._database.reading() as connection:
                    row = connection.execute(query).one()
                    settled = settlements_of(row)
                for each in settled:
                    if each.outcome in WROTE:
                        yield Lately(row.procedure, each, row.server_ms, lag - age)

    def _ages(self, now: Moment) -> dict[int, float]:
        """Seconds since batches were settled, of those that may have been lately."""
        cells = t.batches.c
        # The index holds all of it: the actions of old batches are not read.
        near = cells.settled_ms >= now.ours - 2 * DAY_MS
        if now.server is not None:
            near = near | (cells.settled_server_ms >= now.server - DAY_MS)
        query = sa.select(cells.id, cells.settled_ms, cells.settled_server_ms).where(
            cells.account == self._account, cells.settled_ms.is_not(None), near
        )
        with self._database.reading() as connection:
            return {
                row.id: _age(Moment(row.settled_ms, row.settled_server_ms), now)
                for row in connection.execute(query)
            }

    def known(self, keys: Iterable[Key]) -> dict[Key, Known]:
        """What was confirmed of keys, whatever they are of."""
        groups: defaultdict[tuple[str, str], dict[str, Key]] = defaultdict(dict)
        for key in keys:
            groups[key.procedure, key.attribute][str(key.value)] = key
        found: dict[Key, Known] = {}
        cells = t.confirmed.c
        with self._database.reading() as connection:
            for (procedure, attribute), texts in groups.items():
                for some in chunks(list(texts)):
                    query = sa.select(t.confirmed).where(
                        cells.account == self._account,
                        cells.procedure == procedure,
                        cells.attribute == attribute,
                        cells.key.in_(some),
                    )
                    # All at once: fetched one by one they cost far more.
                    for row in connection.execute(query).all():
                        found[texts[row.key]] = known_of(row)
        return found

    def store(self, connection: sa.Connection, found: Sequence[Confirmation]) -> None:
        """Store what ChakraHQ holds now, in place of what was confirmed before."""
        if found:
            rows = [confirmation_row(self._account, each) for each in found]
            upsert(connection, t.confirmed, rows)

    def store_kept(self, connection: sa.Connection, kept: Sequence[KeptFields]) -> None:
        """Store what people hold against what was confirmed; once a run and field."""
        if rows := [row for each in kept for row in kept_rows(self._run, each)]:
            upsert(connection, t.kept, rows)

    def clear_kept(self, connection: sa.Connection, before_ms: int) -> None:
        """Clear what runs kept that began before."""
        old = sa.select(t.runs.c.id).where(t.runs.c.began_ms < before_ms)
        connection.execute(t.kept.delete().where(t.kept.c.run.in_(old)))

    def doubt(self, connection: sa.Connection, unknowns: Sequence[Unknown]) -> None:
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
        for some in chunks([each.action.process_id for each in unknowns if each.action.process_id]):
            connection.execute(
                forgotten.where(cells.account == self._account, cells.process_id.in_(some))
            )


def _age(settled: Moment, now: Moment) -> float:
    seconds = elapsed(settled, now)
    return max(0.0, (now.ours - settled.ours) / 1000 if seconds is None else seconds)
