"""The table `findings`: what ChakraHQ turned out to do, for each procedure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.journal.database import chunks, upsert
from target_chakra.journal_tables import tables as t

if TYPE_CHECKING:
    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun


class Findings:
    """The findings of one account.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._account = run.account

    def all(self) -> dict[tuple[str, str], str]:
        """What ChakraHQ turned out to do: (procedure, name) → value."""
        query = sa.select(t.findings).where(t.findings.c.account == self._account)
        with self._database.reading() as connection:
            return {(row.procedure, row.name): row.value for row in connection.execute(query)}

    def found(self, procedure: str, name: str, value: str) -> None:
        """Store a finding, in place of an earlier one of its name."""
        row: dict[str, object] = {
            "account": self._account,
            "procedure": procedure,
            "name": name,
            "value": value,
        }
        with self._database.writing() as connection:
            upsert(connection, t.findings, [row])

    def forget(self, procedure: str, *names: str) -> None:
        """Keep findings no longer."""
        cells = t.findings.c
        mine = cells.account == self._account, cells.procedure == procedure
        with self._database.writing() as connection:
            for some in chunks(names):
                connection.execute(t.findings.delete().where(*mine, cells.name.in_(some)))
