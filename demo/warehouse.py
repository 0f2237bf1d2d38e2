"""Questions to the warehouse, and tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

QUESTIONS = {
    "Leads by state": """
        select statename as state, count(*) as leads
        from chakra.process_lead group by 1 order by 2 desc
    """,
    "Leads by city": """
        select coalesce(data__city, '(none)') as city, count(*) as leads,
               round(avg(data__score), 1) as score
        from chakra.process_lead group by 1 order by 2 desc limit 8
    """,
    "Leads by owner": """
        select coalesce(u.firstname || ' ' || u.lastname, '(nobody)') as owner,
               count(*) as leads, count(*) filter (where l.status = 'COMPLETED') as completed
        from chakra.process_lead l left join chakra.users u on u.id = l.assignedto
        group by 1 order by 2 desc limit 8
    """,
}


def ask(path: Path, question: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """The answer to a question: column names and rows."""
    with duckdb.connect(str(path), read_only=True) as connection:
        result = connection.execute(question)
        return [column[0] for column in result.description or ()], result.fetchall()


def count(path: Path, table: str = "chakra.process_lead") -> int:
    """How many rows a table has."""
    _, rows = ask(path, f"select count(*) from {table}")  # noqa: S608 - our own names
    return int(str(rows[0][0]))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A small table: text to the left, numbers to the right."""
    cells = [[_shown(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    numeric = [all(isinstance(row[i], (int, float)) for row in rows) for i in range(len(columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        )
        for line in [columns, ["-" * width for width in widths], *cells]
    ]
    return "\n".join(f"  {line}".rstrip() for line in lines)


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)
