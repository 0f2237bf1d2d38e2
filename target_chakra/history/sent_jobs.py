"""The background jobs that runs have sent, as the journal knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from chakra_api.values.timestamps import iso_ms
from target_chakra.journal_tables import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterator


class SentJob(NamedTuple):
    """A background job.

    Attributes:
        job: Its id.
        run: The run that sent it.
        procedure: ShortId.
        kind: What it does: create, update, delete.
        rows: Actions in it.
        sent_at: When it was sent, ISO 8601; None where that is not known.
    """

    job: str
    run: int
    procedure: str
    kind: str
    rows: int
    sent_at: str | None


def sent_jobs(connection: sa.Connection, run: int | None = None) -> Iterator[SentJob]:
    """The jobs that the journal knows, in the order in which they were sent.

    Args:
        connection: To the journal.
        run: The only run to tell of; None for all.
    """
    cells = t.batches.c
    wanted = (cells.job, cells.run, cells.procedure, cells.kind, cells.size, cells.sent_ms)
    query = sa.select(*wanted).where(cells.job.is_not(None)).order_by(cells.id)
    if run is not None:
        query = query.where(cells.run == run)
    for row in connection.execution_options(yield_per=1_000).execute(query):
        sent_at = None if row.sent_ms is None else iso_ms(row.sent_ms)
        yield SentJob(row.job, row.run, row.procedure, row.kind, row.size, sent_at)
