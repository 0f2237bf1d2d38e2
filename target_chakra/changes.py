"""The values that pass between mapping, planning, sending and the account of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from chakra_api.values.writing import OnlyHeld
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.errors import ChakraError
    from target_chakra.guards import Guard
    from target_chakra.lifecycle import Outcome

MEND: Final = "Correct the row in the source, or send it again with target-chakra retry"
"""What to do about a row that ChakraHQ refuses."""
Fields: TypeAlias = "Mapping[str, object]"
"""Destination → value as it goes over the wire. `data.city`, `state`, `record.phone` …"""


class Mode(str, Enum):
    """What a stream asks for."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    MIRROR = "mirror"


class Kind(str, Enum):
    """What ChakraHQ is asked to do. Deletes travel as bulk updates (contract 4.10)."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    CALL = "call"
    """To make what is no process: a task, a message, a photo."""

    @property
    def makes_new(self) -> bool:
        """Whether it finds nothing in place of what it sends."""
        return self in (Kind.CREATE, Kind.CALL)


OF_PROCESSES: Final = tuple(kind for kind in Kind if kind is not Kind.CALL)
"""What is asked of processes."""


class AskedBy(Enum):
    """What asks for a change."""

    ROW = "row"
    """A row of this run."""
    EARLIER_RUN = "earlier run"
    """A row of an earlier run, which left its action in flight."""
    MIRROR = "mirror"
    """The end of a mirrored stream, which no longer brings the row."""

    @property
    def is_row(self) -> bool:
        """Whether it is a row of this run, which gets an outcome."""
        return self is AskedBy.ROW

    @property
    def may_come_again(self) -> bool:
        """Whether it is a row whose source brings it again, so that it is never planned anew."""
        return self is AskedBy.EARLIER_RUN


class Key(NamedTuple):
    """Names a process; it is not one.

    Attributes:
        procedure: ShortId of the procedure.
        attribute: ShortId of the attribute, or `id`.
        value: As it goes over the wire.
    """

    procedure: str
    attribute: str
    value: str | int

    def __str__(self) -> str:
        return f"{self.attribute}={shown_key(self.value)}"


def shown_key(value: str | int) -> str:
    """A key as a message shows it: quoted where blanks or characters would not be seen."""
    text = str(value)
    is_seen = text.isprintable() and text == text.strip() and "  " not in text
    return text if is_seen else repr(text)


def text_key(key: Key) -> Key:
    """A key as the journal spells it."""
    return Key(key.procedure, key.attribute, str(key.value))


def names_of(procedure: str, key: Key | None, process_id: str | None) -> tuple[Key, ...]:
    """The names of a process that a row of it is known again by; empty if it has none."""
    by_id = (Key(procedure, "id", process_id),) if process_id else ()
    return (key, *by_id) if key else by_id


@dataclass(frozen=True, slots=True)
class Refusal:
    """A create that ChakraHQ refused: its key is looked up once more.

    Attributes:
        reason: What ChakraHQ says.
        job: The job that refused it; None if it was refused at once.
        looks: How often the key was looked up since, and not found.
    """

    reason: str
    job: str | None
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What a row asks for.

    Attributes:
        seq: Number of the row in this run, from 1; of no meaning where no row asks for it.
        line: Number of the input line, from 1.
        stream: The stream that it came on.
        procedure: ShortId of the procedure.
        key: What it names its process by; None for an insert without a key.
        mode: What the stream asks for.
        deletes: Whether this row is marked as deleted.
        fields: What ChakraHQ should hold, by destination; `OnlyHeld` where it must hold it already.
        row: The row as it came, for the rejects.
        parts: The changes that were combined into this one, in order; empty for a single one.
        alone: Whether it must not be combined (again).
        origin: The file that the row came in, where its source may send that again with the same
            lines; empty where rows are known again by their values alone.
        asked_by: What asks for it.
        refused: That its create was refused before.
        process_id: The only process that may be written; None for any that its key names.
        guard: What ChakraHQ must still hold, of a change that was decided on before; None of one
            that is decided on by what is held.
        undoes: Keys that its process was written by, of a change that takes a run back; else None.
        vouched: What is known of its process, in place of what the journal knows by its key.
    """

    seq: int
    line: int
    stream: str
    procedure: str
    key: Key | None
    mode: Mode
    deletes: bool
    fields: Fields
    row: Mapping[str, object]
    parts: tuple[Change, ...] = ()
    alone: bool = False
    origin: str = ""
    asked_by: AskedBy = AskedBy.ROW
    refused: Refusal | None = None
    process_id: str | None = None
    guard: Guard | None = None
    undoes: tuple[Key, ...] | None = None
    vouched: Known | None = None

    @property
    def values(self) -> Fields:
        """What ChakraHQ holds by now, by destination."""
        if not self.alone:  # what may only agree with what is held is never combined
            return self.fields
        return {
            name: value.value if isinstance(value, OnlyHeld) else value
            for name, value in self.fields.items()
        }

    @property
    def singles(self) -> tuple[Change, ...]:
        """The rows that this change stands for, in order."""
        return self.parts or (self,)

    @property
    def row_number(self) -> int:
        """Number of the row of this run that asks for it; 0 if none does."""
        return self.seq if self.asked_by.is_row else 0


def deletion_of(stream: str, key: Key, process_id: str | None) -> Change:
    """A delete that no row asks for, of a process that the stream wrote."""
    return Change(
        seq=0,
        line=0,
        stream=stream,
        procedure=key.procedure,
        key=key,
        mode=Mode.MIRROR,
        deletes=True,
        fields={},
        row={},
        asked_by=AskedBy.MIRROR,
        process_id=process_id,
    )


@dataclass(frozen=True, slots=True)
class Reject:
    """A change that can't be carried out as it is.

    Attributes:
        change: What the row asked for.
        reason: What is wrong with it.
        next_step: What to do about it.
        job: The job that refused it; None if it was never sent.
        is_hidden: Whether its process is hidden, so that an unknown row of it stays unknown.
        kind: What is wrong, in words without any value.
        about: The column or the field that it is about; empty where it is about none.
    """

    change: Change
    reason: str
    next_step: str
    job: str | None = None
    is_hidden: bool = False
    kind: RejectKind = RejectKind.OTHER
    about: str = ""

    @property
    def brief(self) -> str:
        """Why, without any value of the row: for places that are read by many."""
        return f"{self.kind.value}: {self.about}" if self.about else self.kind.value


def why_refused(error: ChakraError) -> str:
    """Why a row is a reject that ChakraHQ refused."""
    return f"ChakraHQ refuses it: {error.cause}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal confirmed of a key.

    Attributes:
        process_id: The process that it named; empty if that is not known.
        fields: What was written last, by destination.
        learned: What ChakraHQ made of it, where that differs.
        deleted: Whether we deleted it.
        stream: The stream that wrote it.
        created: Whether that stream created it.
        began: When the job that wrote it was taken, epoch milliseconds of the server.
        ended: When that job ended, the same.
        replaced: What was written last where ChakraHQ holds something else by now: what people
            changed, and what an undo took back.
        of_job: The fields that this job wrote; None for all that were written last.
    """

    process_id: str
    fields: Fields
    learned: Fields
    deleted: bool
    stream: str
    created: bool
    began: int | None
    ended: int | None
    replaced: Fields = field(default_factory=dict)
    of_job: tuple[str, ...] | None = None

    @property
    def written(self) -> Fields:
        """What was written last, by destination, whether or not ChakraHQ holds it still."""
        return {**self.fields, **self.replaced} if self.replaced else self.fields

    @property
    def is_hidden(self) -> bool:
        """Whether ChakraHQ said that it was created, or may have been, and never showed it."""
        return self.created and not (self.process_id or self.fields or self.deleted)


@dataclass(frozen=True, slots=True)
class Action:
    """A change that is to be sent.

    Attributes:
        change: What the row asks for, combined with those it superseded.
        kind: What ChakraHQ is asked to do.
        process_id: The process; None for a create, and where it was not looked up.
        fields: Only what differs; all of them for a create.
        before: What ChakraHQ held in those fields, by destination; None if it was not looked up.
        twin: Of a create without a key: the hash that its repetition is known by.
        known: What the journal knew of its key when it was planned.
        kept: Fields that are left alone, since others wrote them: what they hold, by destination.
        is_whole: Whether the journal is to know all fields of the change, sent or not.
        learned: What ChakraHQ was found to make of values that were sent before.
        seen: Of a delete in a plan: what tells later whether others wrote the process, see
            `lookups/touched.py`; None if it was not looked up.
    """

    change: Change
    kind: Kind
    process_id: str | None
    fields: Fields
    before: Fields | None
    twin: str | None = None
    known: Known | None = None
    kept: Fields = field(default_factory=dict)
    is_whole: bool = False
    learned: Fields = field(default_factory=dict)
    seen: Fields | None = None


def is_looked_up_again(action: Action) -> bool:
    """Whether the key of a refused action may exist by now, so that it is looked up once more."""
    change = action.change
    return (
        action.kind is Kind.CREATE
        and change.key is not None
        and change.refused is None
        and action.before is not None
        and change.asked_by.is_row
    )


def singly(change: Change) -> tuple[Change, ...]:
    """The parts of a combined change, each to be tried alone."""
    return tuple(replace(part, alone=True) for part in change.parts)


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is to be sent.

    Attributes:
        change: What the row asked for.
        outcome: What became of it.
        process_id: The process, if there is one.
        learned: What ChakraHQ was found to make of values that were sent.
        created: What is known of its key, where it is what an unknown row asked to be created.
        kept: Fields that are left alone, since others wrote them: what they hold, by destination.
        is_whole: Whether the journal is to know the fields of the change.
        known: What the journal knew of its key when that was decided.
    """

    change: Change
    outcome: Outcome
    process_id: str | None = None
    learned: Mapping[str, object] = field(default_factory=dict)
    created: Known | None = None
    kept: Fields = field(default_factory=dict)
    is_whole: bool = False
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A change ends without a word in the journal: not sent, or unknown.

    Attributes:
        change: What the row asked for.
        outcome: What became of it.
    """

    change: Change
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Halted:
    """Nothing more can be written to a procedure in this run.

    Attributes:
        procedure: ShortId.
        error: Why.
    """

    procedure: str
    error: ChakraError


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing more can be written at all in this run.

    Attributes:
        error: Why.
    """

    error: ChakraError


PlanningEvent: TypeAlias = "Action | Done | Reject | Ended | Halted | Failed"
"""What planning decides: an action is to be sent, and holds its process."""
