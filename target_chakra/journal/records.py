"""The values that go into the journal and come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from target_chakra.changes import Key, Kind, Known, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.batches import Batch, Settlement
    from target_chakra.changes import Action, Change, Fields, Reject
    from target_chakra.lifecycle import Outcome
    from target_chakra.moments import Moment


class RunKind(str, Enum):
    """What a run was begun for."""

    RUN = "run"
    DRY = "dry"
    PLAN = "plan"
    APPLY = "apply"
    UNDO = "undo"
    RETRY = "retry"
    MIRROR = "mirror-commit"
    DOCTOR = "doctor"
    PROBE = "write-probe"

    @property
    def writes_nothing(self) -> bool:
        """Whether it looks and decides only: nothing is sent, and the journal keeps its line."""
        return self in (RunKind.DRY, RunKind.PLAN, RunKind.DOCTOR)

    @property
    def says_nothing(self) -> bool:
        """Whether nothing follows from it for later runs: it wrote no row of any stream."""
        return self.writes_nothing or self is RunKind.PROBE


@dataclass(frozen=True, slots=True)
class CurrentRun:
    """The run that holds the journal, and the account whose entries it sees.

    Attributes:
        account: The team that it writes to; empty before the run has begun.
        number: Its number in the journal; 0 before it has begun.
    """

    account: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A value that ChakraHQ is known to hold for a key.

    Attributes:
        key: What names the process.
        known: What is known.
    """

    key: Key
    known: Known


def created_by(stream: str, fields: Fields, process_id: str = "") -> Known:
    """What is known of a key whose create was carried out, though no answer said so."""
    return Known(
        process_id=process_id,
        fields=fields,
        learned={},
        deleted=False,
        stream=stream,
        created=True,
        began=None,
        ended=None,
    )


@dataclass(frozen=True, slots=True)
class Unknown:
    """A row whose outcome nobody knows; until it is free it may still be written.

    Attributes:
        action: What was sent.
        reason: Why it is not known.
        free: Until when its process is held.
    """

    action: Action
    reason: str
    free: Moment

    @property
    def names(self) -> tuple[Key, ...]:
        """What names its process; empty for a row without a key."""
        change = self.action.change
        return names_of(change.procedure, change.key, self.action.process_id)

    @property
    def created(self) -> Known | None:
        """What is known of its key if its create was carried out; None if it is no create."""
        action = self.action
        if action.kind is not Kind.CREATE or action.change.key is None:
            return None
        return created_by(action.change.stream, action.fields)


@dataclass(frozen=True, slots=True)
class UnknownRow:
    """A process that an unknown row of an earlier run holds.

    Attributes:
        id: Of the unknown row in the journal.
        names: The process's names; empty for a row without a key.
        twin: The hash of a row without a key.
        free: Until when it is held.
        created: What is known of its key if its create was carried out; None if it is no create.
    """

    id: int
    names: tuple[Key, ...]
    twin: str | None
    free: Moment
    created: Known | None = None


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch of an earlier run that is not settled.

    Attributes:
        batch: The batch.
        outcomes: The outcomes it has already, by position.
    """

    batch: Batch
    outcomes: Mapping[int, Outcome]


class Claim(Enum):
    """What a row of a mirror says of its process."""

    CAME = "came"
    """The row came, whatever becomes of it: its process is present."""
    FOUND = "found"
    """The process is as the row wants it."""
    SENT = "sent"
    """It was sent, and nobody knows whether it was written."""
    WRITTEN = "written"
    """The stream wrote it."""
    GONE = "gone"
    """It is deleted."""
    GONE_BY_OTHERS = "gone by others"
    """It is deleted by another stream than the one that owns it."""


@dataclass(frozen=True, slots=True)
class Lately:
    """A row that an earlier run wrote so lately that lists may not show it yet.

    Attributes:
        procedure: ShortId.
        settlement: What became of it.
        began: When its job was taken, epoch milliseconds of the server; None if not known.
        left: Seconds until lists have caught up.
    """

    procedure: str
    settlement: Settlement
    began: int | None
    left: float


@dataclass(frozen=True, slots=True)
class Owned:
    """What a row of a mirror says of a process.

    Attributes:
        stream: Its stream.
        key: What names the process.
        claim: What it says.
        process_id: The process, as far as it is known.
    """

    stream: str
    key: Key
    claim: Claim
    process_id: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a mirrored stream said last of what exists.

    Attributes:
        name: The load or the version that it is known again by; empty where there is none.
        runs: The runs that brought rows of it, in order.
    """

    name: str
    runs: tuple[int, ...]

    @property
    def first(self) -> int:
        """The first run that brought rows of it."""
        return self.runs[0]

    @property
    def last(self) -> int:
        """The last one."""
        return self.runs[-1]


@dataclass(frozen=True, slots=True)
class KeptFields:
    """Fields of a process that were left as others changed them.

    Attributes:
        change: What was asked for.
        process_id: The process.
        held: What ChakraHQ holds in them, by destination.
    """

    change: Change
    process_id: str | None
    held: Fields


class StreamKey(NamedTuple):
    """A key, as the rows of one stream have it: those of another may hold other fields."""

    stream: str
    key: Key


@dataclass(frozen=True, slots=True)
class Entry:
    """What is stored when rows are settled.

    Attributes:
        now_ms: Our clock.
        outcomes: JSON of a batch's outcomes; None where rows were never sent.
        confirmations: Values that ChakraHQ holds now.
        rejects: Rows that can't be written.
        unknowns: Rows of which nobody knows.
        owned: What rows of mirrors say of their processes.
        overtaken: Keys whose open rejects, of the same stream, are older than what was settled now.
        resolved: Unknown rows for whose process a later row was settled.
        refused: Positions in a batch that were rejected: they may be sent again.
        server_ms: ChakraHQ's clock, epoch milliseconds; None if it tells no time.
        kept: Fields that were left as others changed them.
    """

    now_ms: int
    outcomes: bytes | None = None
    confirmations: tuple[Confirmation, ...] = ()
    rejects: tuple[Reject, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    owned: tuple[Owned, ...] = ()
    overtaken: tuple[StreamKey, ...] = ()
    resolved: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    server_ms: int | None = None
    kept: tuple[KeptFields, ...] = ()
