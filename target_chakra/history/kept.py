"""What runs left as others changed it, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.changes import shown_key
from target_chakra.journal.codec import value_of
from target_chakra.journal_tables import tables as t

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A field that a run left as somebody else changed it.

    Attributes:
        run: The run.
        stream: The stream of the row that wanted something else.
        procedure: ShortId.
        line: The input line of that row.
        key: What names its process, for people.
        process_id: The process.
        field: The destination.
        held: What ChakraHQ held there.
        wanted: What would have been written.
        written: What had been written there last.
    """

    run: int
    stream: str
    procedure: str
    line: int
    key: str
    process_id: str | None
    field: str
    held: object
    wanted: object
    written: object


def last_writing_run(connection: sa.Connection) -> int | None:
    """The number of the last run that was to write; None if there is none."""
    query = sa.select(sa.func.max(t.runs.c.id)).where(t.runs.c.dry.is_(False))
    found = connection.scalar(query)
    return None if found is None else int(found)


def kept_rows(
    connection: sa.Connection, run: int | None, stream: str | None
) -> Sequence[sa.Row[tuple[object, ...]]]:
    """Rows of `kept` of a run (and stream), by procedure, key and field."""
    cells = t.kept.c
    query = sa.select(t.kept).where(cells.run == run)
    if stream is not None:
        query = query.where(cells.stream == stream)
    order = (cells.procedure, cells.line, cells.attribute, cells.key, cells.field)
    return connection.execute(query.order_by(*order)).all()


def kept_counts(connection: sa.Connection, run: int) -> list[tuple[str, str, int]]:
    """Procedure, field, and how many of these a run left alone; the commonest first."""
    cells, count = t.kept.c, sa.func.count()
    query = sa.select(cells.procedure, cells.field, count).where(cells.run == run)
    grouped = query.group_by(cells.procedure, cells.field).order_by(count.desc(), cells.field)
    return [(row[0], row[1], row[2]) for row in connection.execute(grouped)]


def first_kept(connection: sa.Connection, run: int, most: int) -> list[KeptLine]:
    """The first fields that a run left alone, in the order of its lines."""
    cells = t.kept.c
    query = sa.select(t.kept).where(cells.run == run).order_by(cells.line, cells.field).limit(most)
    return [kept_line(row) for row in connection.execute(query)]


def kept_line(row: sa.Row[tuple[object, ...]]) -> KeptLine:
    """What a row of `kept` says."""
    return KeptLine(
        row.run,
        row.stream,
        row.procedure,
        row.line,
        f"{row.attribute}={shown_key(row.key)}",
        row.process_id,
        row.field,
        value_of(row.held),
        value_of(row.wanted),
        value_of(row.written),
    )
