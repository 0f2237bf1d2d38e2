"""What a run made that is no process: tasks, messages, names of users, which nothing takes back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_chakra.journal.codec import value_of
from target_chakra.journal_tables import tables as t
from target_chakra.lifecycle import CallState

if TYPE_CHECKING:
    from collections.abc import Mapping


def made_calls(connection: sa.Connection, run: int) -> Counter[str]:
    """How many calls a run made, and things it wrote, by kind."""
    cells = t.calls.c
    query = (
        sa.select(cells.kind, sa.func.count())
        .where(cells.run == run, cells.state == CallState.MADE.value)
        .group_by(cells.kind)
    )
    made = Counter({str(kind): int(count) for kind, count in connection.execute(query)})
    receipt = connection.execute(sa.select(t.runs.c.receipt).where(t.runs.c.id == run)).scalar()
    told = value_of(receipt.encode()) if receipt else {}
    compared = told.get("compared") if isinstance(told, dict) else None
    made.update(compared if isinstance(compared, dict) else {})
    return made


def calls_of_stream(connection: sa.Connection, account: str, stream: str) -> Counter[str]:
    """How many calls were made for a stream's rows by all runs, by kind.

    Users, photos and templates, which are compared first, are counted by their run alone.
    """
    cells = t.calls.c
    query = (
        sa.select(cells.kind, sa.func.count())
        .where(
            cells.account == account,
            cells.stream == stream,
            cells.state == CallState.MADE.value,
        )
        .group_by(cells.kind)
    )
    return Counter({str(kind): int(count) for kind, count in connection.execute(query)})


def calls_said(made: Mapping[str, int]) -> str:
    """What was made, in words: `7 of kind task`; empty if nothing was."""
    return ", ".join(f"{count:,} of kind {kind}" for kind, count in sorted(made.items()))
