"""Processes as they will be once what a run would do is done; of a run that writes nothing.

Without it, two rows of one process would both be compared with what ChakraHQ holds, and the later
one be planned as if the earlier had not come. It is kept on disk: a plan may have a million rows.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from chakra_api.values import exact_json
from chakra_api.wire.wire_json import encode
from target_chakra.changes import Key, Kind, Known
from target_chakra.lookups.snapshot import Snapshot
from target_chakra.mapping.destination_names import DELETED, attribute_of, destination_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from target_chakra.changes import Action, Change

_TABLES: Final = """
    CREATE TABLE states (number INTEGER PRIMARY KEY, state BLOB NOT NULL);
    CREATE TABLE names (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
    PRAGMA cache_size = -16000;
"""
_MADE_UP: Final = "(created in this run, "


class Unforeseen(Exception):
    """Nobody can say what a process will hold: an earlier row gives it the key of this one."""


@dataclass(frozen=True, slots=True)
class _State:
    """What becomes of a process.

    Attributes:
        process_id: The process; made up where the run would create it.
        fields: What would be written so far.
        deleted: Whether it will be deleted in the end; None for as it is.
        stream: Of the row that would create it; empty where it is there already.
    """

    process_id: str
    fields: Mapping[str, object]
    deleted: bool | None
    stream: str

    def over(self, held: Snapshot) -> Snapshot:
        """A process as it will be."""
        data, row = dict(held.data), dict(held.row)
        for name, value in self.fields.items():
            attribute = attribute_of(name)
            if attribute is None:
                row[name] = value
            else:
                data[attribute] = value
        deleted = held.deleted if self.deleted is None else self.deleted
        return replace(held, deleted=deleted, row=row, data=data)

    def has(self, key: Key) -> bool:
        """Whether its fields let it keep, or give it, a key."""
        name = destination_of(key.attribute)
        return name not in self.fields or str(self.fields[name]) == str(key.value)


def _bare(process_id: str) -> Snapshot:
    return Snapshot(process_id, deleted=False, created_at=None, updated_at=None, row={}, data={})


def is_made_up(process_id: str) -> bool:
    """Whether an id stands for a process that the run would create."""
    return process_id.startswith(_MADE_UP)


class Foreseen:
    """What would be done so far, by process.

    Args:
        key_attributes: The attributes that name the processes of a procedure in this run.
    """

    def __init__(self, key_attributes: Callable[[str], Collection[str]]) -> None:
        self._key_attributes = key_attributes
        self._database: sqlite3.Connection | None = None
        self._count = 0

    # What is decided

    def note(self, action: Action) -> None:
        """An action would be sent."""
        change = action.change
        if change.key is None:
            return
        creates = action.kind is Kind.CREATE
        by_id = _by_id(change.procedure, action.process_id) if action.process_id else None
        number = None if creates else self._number(by_id or _text(change.key))
        before = None if number is None else self._state(number)
        number = number or self._next()
        deleted = None if before is None else before.deleted
        if action.kind is not Kind.UPDATE:
            deleted = not creates
        elif DELETED in action.fields:
            deleted = action.fields[DELETED] is True
        state = _State(
            action.process_id or f"{_MADE_UP}{number})",
            {**(before.fields if before else {}), **action.fields},
            deleted,
            change.stream if creates else before.stream if before else "",
        )
        names = {_text(change.key), _by_id(change.procedure, state.process_id)}
        self._store(number, state, names | self._keys_given(action))

    def _keys_given(self, action: Action) -> set[str]:
        """The names that an action gives its process."""
        procedure = action.change.procedure
        keys = {destination_of(each): each for each in self._key_attributes(procedure)}
        return {
            _text(Key(procedure, keys[name], value))
            for name, value in action.fields.items()
            if name in keys and isinstance(value, (str, int))
        }

    # What follows for later rows

    def held(self, change: Change, found: Sequence[Snapshot]) -> Sequence[Snapshot]:
        """The processes that a key will name, as they will be, without those that are deleted.

        ChakraHQ may show those or not, which nobody knows yet: a create in place of one is guarded
        against both when it is carried out.

        Args:
            change: What a row asks for.
            found: The processes that the key names now.

        Raises:
            Unforeseen: Nobody can say.
        """
        key = change.key
        if not self._count or key is None:
            return found
        will_be: list[Snapshot] = []
        for each in found:
            state = self._state_of(_by_id(key.procedure, each.process_id))
            if state is None:
                will_be.append(each)
            elif state.has(key) and not state.deleted:
                will_be.append(state.over(each))
        state = self._state_of(_text(key))
        if state is None or state.process_id in {each.process_id for each in found}:
            return will_be
        if not state.stream:
            if state.has(key) and destination_of(key.attribute) in state.fields:
                raise Unforeseen
            return will_be
        if state.deleted or not state.has(key):
            return will_be
        return [*will_be, state.over(_bare(state.process_id))]

    def known(self, change: Change, known: Known | None) -> Known | None:
        """What will be known of a key."""
        state = self._state_of(_text(change.key)) if self._count and change.key else None
        if state is None or not (state.stream or state.deleted):
            return known
        return Known(
            process_id=state.process_id,
            fields=state.fields,
            learned={},
            deleted=bool(state.deleted),
            stream=state.stream,
            created=bool(state.stream),
            began=None,
            ended=None,
        )

    # On disk

    @property
    def _disk(self) -> sqlite3.Connection:
        if self._database is None:
            # A file that has no name and is gone with its connection.
            self._database = sqlite3.connect("", isolation_level=None)
            self._database.executescript(_TABLES)
            self._database.execute("BEGIN")
        return self._database

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _number(self, name: str) -> int | None:
        row = self._disk.execute("SELECT number FROM names WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def _state(self, number: int) -> _State:
        query = "SELECT state FROM states WHERE number = ?"
        (body,) = self._disk.execute(query, (number,)).fetchone()
        stored: Any = exact_json.loads(body, constants=True)
        return _State(*stored)

    def _state_of(self, name: str) -> _State | None:
        number = self._number(name)
        return None if number is None else self._state(number)

    def _store(self, number: int, state: _State, names: Collection[str]) -> None:
        body = encode([state.process_id, state.fields, state.deleted, state.stream])
        self._disk.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (number, body))
        for name in names:
            self._name(name, number)

    def _name(self, name: str, number: int) -> None:
        self._disk.execute("INSERT OR REPLACE INTO names VALUES (?, ?)", (name, number))

    def close(self) -> None:
        """Forget all."""
        if self._database is not None:
            self._database.close()
            self._database = None


def _text(key: Key) -> str:
    return encode([key.procedure, key.attribute, str(key.value)]).decode()


def _by_id(procedure: str, process_id: str) -> str:
    return _text(Key(procedure, "id", process_id))
