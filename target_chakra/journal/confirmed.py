"""The table `confirmed`: what ChakraHQ is known to hold for a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from chakra_api.wire.wire_json import encode
from target_chakra.journal import tables as t
from target_chakra.journal.codec import confirmation_row, known_of
from target_chakra.journal.database import chunks, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_chakra.changes import Key, Known
    from target_chakra.journal.database import Database
    from target_chakra.journal.records import Confirmation, CurrentRun, Unknown


class Confirmed:
    """The confirmed values of one account.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._account = run.account

    def known(self, keys: Sequence[Key]) -> dict[Key, Known]:
        """What was confirmed of keys, all of one procedure and attribute."""
        cells = t.confirmed.c
        found: dict[Key, Known] = {}
        texts = {str(key.value): key for key in keys}
        with self._database.reading() as connection:
            for some in chunks(list(texts)):
                query = sa.select(t.confirmed).where(
                    cells.account == self._account,
                    cells.procedure == keys[0].procedure,
                    cells.attribute == keys[0].attribute,
                    cells.key.in_(some),
                )
                for row in connection.execute(query):
                    found[texts[row.key]] = known_of(row)
        return found

    def store(self, connection: sa.Connection, found: Sequence[Confirmation]) -> None:
        """Store what ChakraHQ holds now, in place of what was confirmed before."""
        if found:
            rows = [confirmation_row(self._account, each) for each in found]
            upsert(connection, t.confirmed, rows)

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
