"""The table `calls`: tasks, messages and the like, each made at most once for a value of a row.

A call is stored before its request leaves, and again as that leaves. One that never left is
forgotten; one that left without an answer is unknown, and stays so until its user says.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from chakra_api.wire.wire_json import encode
from target_chakra.journal.codec import value_of
from target_chakra.journal.database import chunks, number_of
from target_chakra.journal_tables import tables as t
from target_chakra.lifecycle import CallState
from target_chakra.storage.journal_url import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from target_chakra.changes import Change
    from target_chakra.journal.database import Database
    from target_chakra.journal.records import CurrentRun
    from target_chakra.moments import Moment

MEDIA = "media"
"""The kind of a file that was made public for messages to show: made once per content."""
LOST = "The answer was lost: whether it was made is not known"
"""Why a call is unknown that an earlier run left without an answer."""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as the journal knows it.

    Attributes:
        id: Its number.
        state: Where it is.
        run: The run that made it.
        made: The id of what was made; empty if the answer named none.
    """

    id: int
    state: CallState
    run: int
    made: str


class Calls:
    """The calls of one account.

    Args:
        database: The journal's database.
        run: The run that holds it.
    """

    def __init__(self, database: Database, run: CurrentRun) -> None:
        self._database = database
        self._run = run

    @property
    def account(self) -> str:
        """The account that they are of."""
        return self._run.account

    @property
    def place(self) -> str:
        """Where the journal is, for people: a file's whole path, or a URL without its secrets."""
        url = self._database.url
        is_file = url.get_backend_name() == "sqlite" and url.database
        return str(Path(str(url.database)).absolute()) if is_file else shown(url)

    def count(self, kinds: Collection[str]) -> int:
        """How many calls of some kinds are known."""
        query = sa.select(sa.func.count()).where(
            t.calls.c.account == self._run.account, t.calls.c.kind.in_(kinds)
        )
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def count_within(self, scope: str) -> int:
        """How many calls of a scope are known."""
        with self._database.reading() as connection:
            return calls_within(connection, self._run.account, scope)

    def known(self, scope: str, onces: Sequence[str]) -> dict[str, StoredCall]:
        """What is known of calls, by the value that each is made once for."""
        cells = t.calls.c
        found: dict[str, StoredCall] = {}
        with self._database.reading() as connection:
            for some in chunks(tuple(onces)):
                query = sa.select(cells.once, cells.id, cells.state, cells.run, cells.made).where(
                    cells.account == self._run.account,
                    cells.scope == scope,
                    cells.once.in_(some),
                )
                for row in connection.execute(query):
                    stored = StoredCall(row.id, CallState(row.state), row.run, row.made)
                    found[row.once] = stored
        return found

    def intend(self, change: Change, kind: str, now_ms: int) -> int:
        """Store a call before it is made; its number.

        Args:
            change: What the row asks for; its key is the value that the call is made once for.
            kind: What is asked for.
            now_ms: Our clock.
        """
        key = change.key
        if key is None:
            raise ValueError("A call without a key")
        with self._database.writing() as connection:
            made = connection.execute(
                t.calls.insert().values(
                    account=self._run.account,
                    scope=change.procedure,
                    once=str(key.value),
                    kind=kind,
                    state=CallState.INTENDED.value,
                    run=self._run.number,
                    stream=change.stream,
                    line=change.line,
                    attribute=key.attribute,
                    key=encode(key.value),
                    fields=encode(change.fields),
                    at_ms=now_ms,
                )
            )
            return number_of(made)

    def leaves(self, number: int, now_ms: int) -> None:
        """Store that the request of a call leaves, on any thread.

        Raises:
            JournalError: The journal is not this run's any more, or can't be written.
        """
        with self._database.writing(is_beside=True) as connection:
            this = t.calls.c.id == number
            values = {"state": CallState.LEFT.value, "at_ms": now_ms}
            connection.execute(t.calls.update().where(this).values(values))

    def made(self, number: int, made: str) -> None:
        """Store that a call was answered, and the id of what was made."""
        with self._database.writing() as connection:
            this = t.calls.c.id == number
            values = {"state": CallState.MADE.value, "made": made}
            connection.execute(t.calls.update().where(this).values(values))

    def forget(self, number: int) -> None:
        """Forget a call that was certainly not made: it may be, when its row comes again."""
        with self._database.writing() as connection:
            connection.execute(t.calls.delete().where(t.calls.c.id == number))

    def lose(self, number: int, reason: str, free: Moment) -> None:
        """Store that nobody knows whether a call was made.

        Args:
            number: The call's.
            reason: Why nobody knows.
            free: Until when it may still be made.
        """
        with self._database.writing() as connection:
            self._lose(connection, number, reason, free)

    # Media that messages show

    def media(self, scope: str, sha256: str) -> str:
        """The public address of a content that was uploaded; empty if it was not.

        Args:
            scope: Where it was uploaded to.
            sha256: Of the content, hexadecimal.
        """
        stored = self.known(scope, [sha256]).get(sha256)
        return stored.made if stored else ""

    def keep_media(self, scope: str, sha256: str, address: str, now_ms: int) -> None:
        """Store the address of a content that was uploaded, on any thread.

        Raises:
            JournalError: The journal is not this run's any more, or can't be written.
        """
        row: dict[str, object] = {
            "account": self._run.account,
            "scope": scope,
            "once": sha256,
            "kind": MEDIA,
            "state": CallState.MADE.value,
            "run": self._run.number,
            "stream": "",
            "line": 0,
            "attribute": "",
            "key": encode(sha256),
            "fields": encode({}),
            "made": address,
            "at_ms": now_ms,
        }
        with self._database.writing(is_beside=True) as connection:
            same = t.calls.c.account == self._run.account, t.calls.c.scope == scope
            query = sa.select(t.calls.c.id).where(*same, t.calls.c.once == sha256)
            if connection.execute(query).first() is None:
                connection.execute(t.calls.insert().values(row))

    # What was left open

    def _lose(self, connection: sa.Connection, number: int, reason: str, free: Moment) -> None:
        this = t.calls.c.id == number
        row = connection.execute(sa.select(t.calls).where(this)).one()
        connection.execute(t.calls.update().where(this).values(state=CallState.UNKNOWN.value))
        connection.execute(
            t.unknowns.insert().values(
                run=row.run,
                account=row.account,
                procedure=row.scope,
                stream=row.stream,
                line=row.line,
                attribute=row.attribute,
                key=row.key,
                kind=row.kind,
                reason=reason,
                fields=row.fields,
                free_ms=free.ours,
                free_server_ms=free.server,
            )
        )

    def recover(self, repeatable: frozenset[str], free: Moment) -> None:
        """Settle what earlier runs left open: what never left is forgotten, the rest unknown.

        Args:
            repeatable: Kinds of calls that do the same when they are made again.
            free: Until when one may still be made.
        """
        cells = t.calls.c
        states = [CallState.INTENDED.value, CallState.LEFT.value]
        query = sa.select(cells.id, cells.state, cells.kind).where(
            cells.account == self._run.account, cells.state.in_(states)
        )
        # Nearly always there are none: then nothing is written, and no other writer waited for.
        with self._database.reading() as connection:
            left_open = connection.execute(query).all()
        if not left_open:
            return
        forgotten: list[int] = []
        with self._database.writing() as connection:
            for row in left_open:
                if row.state == CallState.LEFT.value and row.kind not in repeatable:
                    self._lose(connection, row.id, LOST, free)
                else:
                    forgotten.append(row.id)
            for some in chunks(forgotten):
                connection.execute(t.calls.delete().where(cells.id.in_(some)))


def calls_within(connection: sa.Connection, account: str, scope: str) -> int:
    """How many calls of a scope a journal knows of that may have been made."""
    cells = t.calls.c
    query = sa.select(sa.func.count()).where(
        cells.account == account,
        cells.scope == scope,
        cells.state != CallState.INTENDED.value,
    )
    return int(connection.scalar(query) or 0)


def take_word_for_call(
    connection: sa.Connection, unknown: sa.Row[tuple[object, ...]], *, written: bool
) -> None:
    """Take the user's word for a call of which nobody knows; nothing if the row is no call's."""
    cells = t.calls.c
    this = (
        cells.account == unknown.account,
        cells.scope == unknown.procedure,
        cells.once == str(value_of(unknown.key)),
        cells.state == CallState.UNKNOWN.value,
    )
    if written:
        connection.execute(t.calls.update().where(*this).values(state=CallState.MADE.value))
    else:
        connection.execute(t.calls.delete().where(*this))
