"""What a run did to each process, all of its writes together: what an undo takes back.

The batches of the run are read in the order in which they were sent, and what they did is gathered
in a database of its own on disk, which nobody else sees and which is gone with its reader: a run
may have written a million processes. What counts is what a process held before the first write and
what the last one left, field by field.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from chakra_api.wire.wire_json import encode
from target_chakra.changes import Key, Kind, Mode
from target_chakra.history.settled_batches import settled_batches
from target_chakra.journal.codec import value_of
from target_chakra.lifecycle import OPEN, WROTE, BatchState, Outcome
from target_chakra.mapping.destination_names import DELETED, is_for_creates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from target_chakra.batches import Settlement

_TABLE: Final = (
    "CREATE TABLE effects (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, effect BLOB NOT NULL)"
)
_NO_BEFORE: Final = "the run did not look at what it held before (compare was never)"
_MERGED: Final = (
    "ChakraHQ merged what was to be created into it, and what it held before is not known"
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a run did to a process.

    Attributes:
        procedure: ShortId.
        process_id: The process; empty where that is not known.
        stream: The stream of the last row that wrote it.
        line: The input line of that row; 0 of what a mirror deleted.
        mode: What that stream asks for.
        keys: Attributes and values by which it was written.
        created: Whether it was created.
        made: Whether it was that, or brought back.
        gone: Whether it was deleted, and is so since.
        before: What it held before the first write, by destination.
        written: What the last one left, by destination.
        jobs: When the job was taken that wrote a field last, by destination: epoch milliseconds of
            ChakraHQ, None where that is not known.
        settled: When the last of it was settled, the same.
        obstacle: Why it can't be taken back; empty if it can.
    """

    procedure: str
    process_id: str
    stream: str = ""
    line: int = 0
    mode: str = Mode.UPSERT.value
    keys: Sequence[Sequence[Any]] = ()
    created: bool = False
    made: bool = False
    gone: bool = False
    before: Mapping[str, object] = field(default_factory=dict)
    written: Mapping[str, object] = field(default_factory=dict)
    jobs: Mapping[str, int | None] = field(default_factory=dict)
    settled: int | None = None
    obstacle: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether the process is as it was: it was created, and deleted again."""
        return self.made and self.gone

    @property
    def named_by(self) -> tuple[Key, ...]:
        """The keys by which it was written."""
        return tuple(Key(self.procedure, attribute, value) for attribute, value in self.keys)

    def after(self, each: Settlement, began: int | None, settled: int | None) -> Effect:
        """The same, once the run wrote the process again, after all that it did before.

        Args:
            each: What it did, and what became of that.
            began: When its job was taken, epoch milliseconds of ChakraHQ.
            settled: When it was settled, the same.
        """
        action, change = each.action, each.action.change
        named = change.undoes or (() if change.key is None else (change.key,))
        keys = [list(key) for key in self.keys]
        keys += [k for key in named if (k := [key.attribute, key.value]) not in keys]
        written = {
            name: value
            for name, value in action.fields.items()
            if name != DELETED and not is_for_creates(name)
        }
        before = {n: v for n, v in (action.before or {}).items() if n != DELETED}
        # What was deleted when it was written: by this run, or before it.
        comes_back = action.fields.get(DELETED) is False
        is_created = action.kind is Kind.CREATE and each.outcome is not Outcome.MERGED
        return replace(
            self,
            stream=change.stream,
            line=change.line,
            mode=change.mode.value,
            keys=keys,
            created=self.created or is_created,
            made=self.made or is_created or (comes_back and not self.gone),
            gone=action.kind is Kind.DELETE or (self.gone and not comes_back),
            before={**before, **self.before},
            written={**self.written, **written},
            jobs={**self.jobs, **dict.fromkeys(written, began)},
            settled=settled,
            obstacle=self.obstacle or _obstacle(each),
        )


def _obstacle(each: Settlement) -> str:
    """Why what was done to a process can't be taken back; empty if it can."""
    if each.outcome is Outcome.MERGED:
        return _MERGED
    return _NO_BEFORE if each.action.before is None else ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a run beside what it wrote.

    Attributes:
        writes: Writes of the run that the journal still holds.
        unknown: Rows of which nobody knows whether they were written.
        in_flight: Rows that the next run follows.
    """

    writes: int
    unknown: int
    in_flight: int


class Effects:
    """What a run did, process by process; the latest first.

    Args:
        connection: To the journal, for as long as it is read.
        run: The number of the run.

    Attributes:
        told: What is known of the run beside.
    """

    def __init__(self, connection: sa.Connection, run: int) -> None:
        # An empty name: a file of SQLite's own, that nobody else can open.
        self._store = sqlite3.connect("")
        self._store.execute("PRAGMA journal_mode = OFF")
        self._store.execute(_TABLE)
        try:
            self.told = self._gather(connection, run)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of what was gathered."""
        self._store.close()

    def _gather(self, connection: sa.Connection, run: int) -> Told:
        seq = unknown = in_flight = 0
        for row, settled in settled_batches(connection, run):
            for each in settled:
                if each.outcome in WROTE:
                    seq += 1
                    self._add(row, each, seq)
                unknown += each.outcome is Outcome.UNKNOWN
            state = BatchState(row.state)
            if state in OPEN and state is not BatchState.INTENDED:
                in_flight += row.size - len(settled)
        self._store.commit()
        return Told(seq, unknown, in_flight)

    def _add(self, row: sa.Row[tuple[object, ...]], each: Settlement, seq: int) -> None:
        process_id = each.process_id or each.action.process_id or ""
        name = encode([row.procedure, process_id or f"row {seq}"])
        query = "SELECT effect FROM effects WHERE name = ?"
        found = self._store.execute(query, (name,)).fetchone()
        effect = _read(found[0]) if found else Effect(row.procedure, process_id)
        effect = effect.after(each, row.server_ms, row.settled_server_ms or row.settled_ms)
        self._store.execute(
            "INSERT OR REPLACE INTO effects VALUES (?, ?, ?)", (name, seq, _written(effect))
        )

    def __iter__(self) -> Iterator[Effect]:
        """What is to be taken back, the latest first."""
        with closing(self._store.cursor()) as cursor:
            for (effect,) in cursor.execute("SELECT effect FROM effects ORDER BY seq DESC"):
                found = _read(effect)
                if not found.is_nothing:
                    yield found


_NAMES: Final = tuple(Effect.__dataclass_fields__)


def _written(effect: Effect) -> bytes:
    return encode([getattr(effect, name) for name in _NAMES])


def _read(cell: bytes) -> Effect:
    return Effect(*value_of(cell))
