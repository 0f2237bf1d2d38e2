"""What a run, or a stream, wrote to each process: all of its writes together.

It is gathered from the journal at once, into a file without a name that is gone with its reader: a
run may have written a million processes, and the journal is not to be held open while ChakraHQ is
asked about them.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from chakra_api.wire.wire_json import encode
from target_chakra.changes import Key, text_key
from target_chakra.history.settled_batches import settled_batches
from target_chakra.journal.codec import known_of, value_of
from target_chakra.journal_tables import tables as t
from target_chakra.lifecycle import WROTE, Outcome
from target_chakra.mapping.destination_names import DELETED, is_for_creates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from target_chakra.batches import Settlement
    from target_chakra.changes import Fields, Known
    from target_chakra.history.reports import Reports

_TABLE: Final = "CREATE TABLE written (name TEXT PRIMARY KEY, procedure TEXT, what BLOB)"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written to a process.

    Attributes:
        procedure: ShortId.
        process_id: The process; empty where that is not known.
        key: What it was named by; None without one.
        stream: The stream that wrote it.
        deleted: Whether it was deleted in the end.
        fields: What was written last, by destination.
    """

    procedure: str
    process_id: str
    key: Key | None
    stream: str
    deleted: bool
    fields: Fields

    @property
    def called(self) -> str:
        """What names it, for people; empty without a key."""
        return str(self.key) if self.key else ""


class WrittenRows:
    """What was written, process by process; a context that lets go of it."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("", isolation_level=None)
        self._store.execute("PRAGMA journal_mode = OFF")
        self._store.execute(_TABLE)
        self._nameless = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store.close()

    @property
    def count(self) -> int:
        """How many processes were written."""
        (found,) = self._store.execute("SELECT count(*) FROM written").fetchone()
        return int(found)

    @property
    def procedures(self) -> list[str]:
        """The procedures that they are of."""
        found = self._store.execute("SELECT DISTINCT procedure FROM written ORDER BY 1")
        return [name for (name,) in found]

    def of(self, procedure: str) -> Iterator[Written]:
        """What was written to the processes of a procedure."""
        query = "SELECT what FROM written WHERE procedure = ? ORDER BY rowid"
        for (cell,) in self._store.execute(query, (procedure,)):
            yield _read(procedure, cell)

    def gather_run(self, reports: Reports, run: int) -> None:
        """Take what a run wrote, its later writes over its earlier ones.

        Raises:
            JournalError: The journal can't be read.
        """
        with reports.reading() as connection:
            self._store.execute("BEGIN")
            for row, settled in settled_batches(connection, run):
                for each in settled:
                    if each.outcome in WROTE:
                        self._add(_settled(row.procedure, each))
            self._store.execute("COMMIT")

    def gather_stream(self, reports: Reports, account: str, stream: str) -> None:
        """Take what was confirmed of a stream's processes.

        Raises:
            JournalError: The journal can't be read.
        """
        cells = t.confirmed.c
        query = sa.select(t.confirmed).where(cells.account == account, cells.stream == stream)
        with reports.reading() as connection:
            self._store.execute("BEGIN")
            for row in connection.execute(query.execution_options(yield_per=1000)):
                known = known_of(row)
                if not known.is_hidden:  # nobody ever saw it; `unknown` lists it
                    key = Key(row.procedure, row.attribute, row.key)
                    self._add(_confirmed(key, known))
            self._store.execute("COMMIT")

    def _add(self, each: Written) -> None:
        name = self._name(each)
        query = "SELECT what FROM written WHERE name = ?"
        found = self._store.execute(query, (name,)).fetchone()
        if found:
            before = _read(each.procedure, found[0])
            each = _over(before, each)
        self._store.execute(
            "INSERT INTO written VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET what = excluded.what",
            (name, each.procedure, _stored(each)),
        )

    def _name(self, each: Written) -> str:
        """What a process is known again by, among those that were written."""
        if each.process_id:
            return encode([each.procedure, "id", each.process_id]).decode()
        if each.key is not None:
            return encode([each.procedure, *map(str, each.key[1:])]).decode()
        self._nameless += 1
        return str(self._nameless)


def _settled(procedure: str, each: Settlement) -> Written:
    action = each.action
    return Written(
        procedure,
        each.process_id or action.process_id or "",
        action.change.key,
        action.change.stream,
        each.outcome is Outcome.DELETED,
        _held_on(action.fields),
    )


def _confirmed(key: Key, known: Known) -> Written:
    return Written(
        key.procedure, known.process_id, key, known.stream, known.deleted, _held_on(known.fields)
    )


def _held_on(fields: Fields) -> dict[str, object]:
    """The fields that a process shows."""
    return {n: value for n, value in fields.items() if n != DELETED and not is_for_creates(n)}


def _over(before: Written, after: Written) -> Written:
    fields = after.fields if after.deleted else {**before.fields, **after.fields}
    key = after.key or before.key
    return Written(after.procedure, after.process_id, key, after.stream, after.deleted, fields)


def _stored(each: Written) -> bytes:
    key = None if each.key is None else [each.key.attribute, each.key.value]
    return encode([each.process_id, key, each.stream, each.deleted, each.fields])


def _read(procedure: str, cell: bytes) -> Written:
    process_id, key, stream, deleted, fields = value_of(cell)
    named = None if key is None else Key(procedure, *key)
    return Written(procedure, process_id, named, stream, deleted, fields)


def known_now(reports: Reports, account: str, rows: Sequence[Written]) -> dict[Key, Known]:
    """What is confirmed now of some processes, by key as the journal spells it.

    Raises:
        JournalError: The journal can't be read.
    """
    keys = [text_key(each.key) for each in rows if each.key is not None]
    cells = t.confirmed.c
    found: dict[Key, Known] = {}
    with reports.reading() as connection:
        for procedure, attribute in {(key.procedure, key.attribute) for key in keys}:
            texts = [key.value for key in keys if key.attribute == attribute]
            query = sa.select(t.confirmed).where(
                cells.account == account,
                cells.procedure == procedure,
                cells.attribute == attribute,
                cells.key.in_(texts),
            )
            for row in connection.execute(query):
                found[Key(procedure, attribute, row.key)] = known_of(row)
    return found
