"""The table `runs`: which run holds the journal, what each was begun for, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from chakra_api.errors import JournalError
from chakra_api.wire.wire_json import encode
from target_chakra.journal.database import number_of
from target_chakra.journal_tables import tables as t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.course import Course
    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun, RunKind


def last_owner(database: Database) -> str:
    """Who holds a journal, for people: the run that began last, and its process."""
    with database.reading() as connection:
        last = connection.execute(
            sa.select(t.runs.c.id, t.runs.c.holder).order_by(t.runs.c.id.desc()).limit(1)
        ).first()
    return f"run {last.id}, {last.holder}" if last else "it has just begun"


@dataclass(frozen=True, slots=True)
class Beginning:
    """A run that begins.

    Attributes:
        account: The team that it is on.
        holder: Names it to another that wants the journal.
        now_ms: Our clock, epoch milliseconds.
        kind: What it is begun for; of one that writes nothing, its line alone is kept.
        api_url: Where it finds the account; empty where nobody says.
    """

    account: str
    holder: str
    now_ms: int
    kind: RunKind
    api_url: str = ""


def begin_run(database: Database, run: Beginning) -> int:
    """Begin a run, which takes the journal unless it writes nothing; its number."""
    with database.writing() as connection:
        made = connection.execute(
            t.runs.insert().values(
                account=run.account,
                holder=run.holder,
                began_ms=run.now_ms,
                dry=run.kind.says_nothing,
                kind=run.kind.value,
                api_url=run.api_url,
            )
        )
        number = number_of(made)
        if not run.kind.writes_nothing:  # a dry run sends nothing, and ends nobody's run
            database.take(connection, number)
    return number


class Runs:
    """The line of the run that holds the journal.

    Args:
        database: The journal's database.
        run: The run.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run

    def change(self, **values: object) -> None:
        """Store something of this run."""
        mine = t.runs.c.id == self._run.number
        with self._database.writing() as connection:
            connection.execute(t.runs.update().where(mine).values(values))

    def call(self, kind: RunKind) -> None:
        """Store what this run was begun for."""
        self.change(kind=kind.value)

    def end(
        self,
        receipt: Mapping[str, object],
        exit_code: int,
        now_ms: int,
        course: Course | None = None,
    ) -> None:
        """Store the receipt of this run, and its counts over time.

        Raises:
            JournalError: The journal does not take it.
        """
        try:
            self.change(
                ended_ms=now_ms,
                exit_code=exit_code,
                receipt=encode(receipt).decode(),
                course=None if course is None else encode(course.to_json()).decode(),
            )
        except JournalError as error:
            cause = f"{error.cause}. Its receipt could not be stored, all before it was"
            raise JournalError(cause, error.next_step) from None
