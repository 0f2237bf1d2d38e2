"""The states of a row, of a batch and of a call, and one table each of what may follow what.

Pure, and without exception: an event that the table does not hold for a state is a bug of ours;
it raises `IllegalTransition` and changes nothing.

A batch, and each row in it::

    (waiting) ─plan──► intended ─send──► sending ─accept──► submitted ─settle──► settled
                          │               │   │                 │                  ▲
                          └────release────┤   └───lose──► lost ◄┘lose              │
                            refuse────────┤                │ └────────settle───────┘
                                          ▼                ▼
                                       released ◄──release─┘

A row of a settled batch has an outcome. A row of a released one waits again: nothing happened
to it. An outcome that is unknown stays so in its run; what may follow is in `sending/recovery.py`.

A call, one row's own, that nothing can read back::

    (none) ─intend──► intended ─leave──► left ─answer──► made
       ▲                 │                │ │
       └─────release─────┴────refuse──────┘ └─lose──► unknown ──its user says──► made, or none
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from chakra_api.errors import IllegalTransition

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(str, Enum):
    """What became of a row. Each row that came in has exactly one (design decision 6)."""

    CREATED = "created"
    MERGED = "merged"
    UPDATED = "updated"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    """Nothing was sent, since all that differs was changed by somebody else."""
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """It was sent, and nobody will ever know; listed until its user says, or its row comes again"""
    IN_FLIGHT = "in flight"
    """It was sent, and the run ended before its outcome was known: the next run follows it."""
    NOT_SENT = "not sent"
    """The run ended before it, or its process is held; its source brings it again."""


SETTLED: Final = frozenset(Outcome) - {Outcome.UNKNOWN, Outcome.IN_FLIGHT, Outcome.NOT_SENT}
"""Outcomes that let a STATE pass (design decision 5); superseded only if its successor's does."""


WROTE: Final = frozenset({Outcome.CREATED, Outcome.MERGED, Outcome.UPDATED, Outcome.DELETED})
"""Outcomes of rows that changed a process."""


class BatchState(str, Enum):
    """Where a batch is."""

    INTENDED = "intended"
    SENDING = "sending"
    SUBMITTED = "submitted"
    LOST = "lost"
    SETTLED = "settled"
    RELEASED = "released"


class BatchEvent(str, Enum):
    """What happens to a batch."""

    SEND = "send"
    ACCEPT = "accept"
    LOSE = "lose"
    REFUSE = "refuse"
    SETTLE = "settle"
    RELEASE = "release"


BATCH_TRANSITIONS: Final[Mapping[tuple[BatchState, BatchEvent], BatchState]] = {
    (BatchState.INTENDED, BatchEvent.SEND): BatchState.SENDING,
    # Never left: nothing happened, its rows are planned anew.
    (BatchState.INTENDED, BatchEvent.RELEASE): BatchState.RELEASED,
    (BatchState.SENDING, BatchEvent.ACCEPT): BatchState.SUBMITTED,
    # Refused as a whole: nothing was done; halved, or its only row rejected.
    (BatchState.SENDING, BatchEvent.REFUSE): BatchState.RELEASED,
    # The answer was lost, or the run died before it came: only reading back can tell.
    (BatchState.SENDING, BatchEvent.LOSE): BatchState.LOST,
    # Certainly never left (no connection): as before sending.
    (BatchState.SENDING, BatchEvent.RELEASE): BatchState.RELEASED,
    # Its job was accepted and can't be followed any more: read back, as with a lost answer.
    (BatchState.SUBMITTED, BatchEvent.LOSE): BatchState.LOST,
    (BatchState.SUBMITTED, BatchEvent.SETTLE): BatchState.SETTLED,
    # Its job ended and nothing of it can be seen: the shape was wrong, and another is tried.
    (BatchState.SUBMITTED, BatchEvent.RELEASE): BatchState.RELEASED,
    (BatchState.LOST, BatchEvent.SETTLE): BatchState.SETTLED,
    # Read back as it was before, past the horizon: it may be sent again.
    (BatchState.LOST, BatchEvent.RELEASE): BatchState.RELEASED,
}


class CallState(str, Enum):
    """Where a call is."""

    INTENDED = "intended"
    LEFT = "left"
    MADE = "made"
    UNKNOWN = "unknown"


OPEN: Final = (
    BatchState.INTENDED,
    BatchState.SENDING,
    BatchState.SUBMITTED,
    BatchState.LOST,
)
"""States in which a batch still holds its processes."""


def after(state: BatchState, event: BatchEvent) -> BatchState:
    """The state that an event leads to.

    Raises:
        IllegalTransition: The table does not hold it.
    """
    following = BATCH_TRANSITIONS.get((state, event))
    if following is None:
        raise IllegalTransition(f"A batch that is {state.value} can't {event.value}")
    return following
