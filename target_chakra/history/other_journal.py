"""Another journal than that of a run: what it knows of calls that the run is about to make."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.history.reports import Reports
from target_chakra.journal.calls import calls_within
from target_chakra.journal_tables import tables as t

if TYPE_CHECKING:
    from pathlib import Path


def calls_known_to(journal: Path, account: str, scope: str) -> int:
    """How many calls of a scope may have been made by the help of a journal; it stays as it is.

    Args:
        journal: The file of the journal.
        account: The account that the calls were made to.
        scope: Within which a value is called for once.

    Raises:
        JournalError: It can't be read.
    """
    with closing(Reports(f"sqlite:///{journal}")) as reports, reports.reading() as connection:
        # One of a version between two releases may have no table of them.
        if not sa.inspect(connection).has_table(t.calls.name):
            return 0
        return calls_within(connection, account, scope)
