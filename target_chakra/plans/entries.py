"""One line of a plan: an action or a reject as values that a file holds, and back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_chakra.changes import Change, Key, Kind, Mode
from target_chakra.guards import Guard
from target_chakra.lookups.touched import guarded_by
from target_chakra.mapping.destination_names import DELETED
from target_chakra.plans.undo import undone_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.changes import Action, Reject
    from target_chakra.plans.undo import Undone

REJECT: Final = "reject"
"""The kind of a row that would be rejected."""
SINCE: Final = "the plan"


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of an action.

    Attributes:
        name: Its destination.
        before: What ChakraHQ held; None for nothing.
        after: What it is to hold.
    """

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Entry:
    """One action of a plan, or one row that would be rejected.

    Attributes:
        number: Its number in the plan, from 1.
        kind: `create`, `update`, `delete`, `call` or `reject`.
        procedure: ShortId.
        stream: The stream that the row came on.
        line: Of the input; 0 where no row asks for it.
        mode: What the stream asks for.
        key: What names the process; None without a key.
        process_id: The process; None for a create, and where it is created earlier in the plan.
        fields: What would be written.
        reason: Why it would be rejected; empty for an action.
        next_step: What to do about that.
        row: The row as it came.
        undone: Of a planned undo: what the action was decided on; else None.
        seen: Of a delete: what tells whether others wrote its process since; None where it is
            created earlier in the plan, and where it was not looked up.
    """

    number: int
    kind: str
    procedure: str
    stream: str
    line: int
    mode: Mode
    key: Key | None
    process_id: str | None
    fields: tuple[PlannedField, ...]
    row: Mapping[str, object]
    reason: str = ""
    next_step: str = ""
    undone: Undone | None = None
    seen: Mapping[str, object] | None = None

    @property
    def is_action(self) -> bool:
        """Whether something is to be sent."""
        return self.kind != REJECT

    @property
    def is_call(self) -> bool:
        """Whether it asks for a call: a task, a message and the like."""
        return self.kind == Kind.CALL.value


def entry_of(number: int, action: Action, process_id: str | None) -> Entry:
    """The line of an action.

    Args:
        number: Its number in the plan.
        action: The action.
        process_id: The process that exists by now; None where it does not.
    """
    change = action.change
    return Entry(
        number,
        action.kind.value,
        change.procedure,
        change.stream,
        change.line,
        change.mode,
        change.key,
        process_id,
        _fields_of(action),
        change.row,
        undone=undone_of(change),
        seen=None if process_id is None else action.seen,
    )


def _fields_of(action: Action) -> tuple[PlannedField, ...]:
    if action.kind is Kind.DELETE:
        return (PlannedField(DELETED, before=False, after=True),)
    before = action.before or {}
    return tuple(PlannedField(n, before.get(n), value) for n, value in action.fields.items())


def rejected_entry(number: int, reject: Reject) -> Entry:
    """The line of a row that would be rejected."""
    change = reject.change
    return Entry(
        number,
        REJECT,
        change.procedure,
        change.stream,
        change.line,
        change.mode,
        change.key,
        None,
        (),
        change.row,
        reject.reason,
        reject.next_step,
        undone_of(change),
    )


def change_of(entry: Entry, made_at: int | None = None) -> Change:
    """The change that carries an action of a plan out, and nothing else.

    Args:
        entry: The line of the action.
        made_at: When the plan was begun, epoch milliseconds of ChakraHQ: a process that was written
            since is not deleted, where the plan does not know when it was written last. None where
            that does not matter.
    """
    deletes = entry.kind == Kind.DELETE.value
    expected = {each.name: each.before for each in entry.fields}
    creates, undone = entry.kind == Kind.CREATE.value, entry.undone
    guard = Guard(SINCE, {} if creates else expected, creates=creates)
    if deletes:
        guard = guarded_by(guard, entry.seen, made_at)
    return Change(
        seq=0,
        line=entry.line,
        stream=entry.stream,
        procedure=entry.procedure,
        key=entry.key,
        mode=entry.mode,
        deletes=deletes,
        fields={} if deletes else {each.name: each.after for each in entry.fields},
        row=entry.row,
        process_id=entry.process_id,
        guard=guard if undone is None else undone.guard or guard,
        undoes=None if undone is None else undone.keys,
        vouched=None if undone is None else undone.vouched,
    )
