"""A batch, the actions that travel to ChakraHQ together, and the settlement of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.changes import Action, Failed, Halted, Kind, PlanningEvent
    from target_chakra.lifecycle import BatchState, Outcome
    from target_chakra.moments import Moment


@dataclass(frozen=True, slots=True)
class Batch:
    """Actions of one procedure and kind that travel together.

    Attributes:
        id: In the journal.
        procedure: ShortId.
        kind: What ChakraHQ is asked to do.
        actions: In the order that they are sent in.
        state: Where it is.
        job: Id of its job; None until it is known.
        sent: When it left; None before that.
        server: A time of the server before it left, epoch milliseconds; None if not known.
        shape: The form in which its items were sent.
    """

    id: int
    procedure: str
    kind: Kind
    actions: tuple[Action, ...]
    state: BatchState
    job: str | None = None
    sent: Moment | None = None
    server: int | None = None
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an action.

    Attributes:
        action: The action.
        outcome: What became of it.
        process_id: The process, as far as it is known.
        reason: Why it was rejected, or is unknown.
        stored: What ChakraHQ made of fields, where a read back showed it.
        is_over: Whether its job is over, so that nothing of it can come any more.
        is_hidden: Whether it was created, as far as ChakraHQ's word goes, and is not shown.
    """

    action: Action
    outcome: Outcome
    process_id: str | None = None
    reason: str = ""
    stored: Mapping[str, object] | None = None
    is_over: bool = False
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows of a batch have an outcome.

    Attributes:
        batch: The batch, with the state that it is in now.
        done: What became of its actions, by position.
        ended: When its job ended, epoch milliseconds of the server; None if not known.
    """

    batch: Batch
    done: Mapping[int, Settlement]
    ended: int | None


@dataclass(frozen=True, slots=True)
class Released:
    """Nothing happened to a batch: its rows may be planned anew.

    Attributes:
        batch: The batch, with the actions that have no outcome yet.
    """

    batch: Batch


SendingEvent: TypeAlias = "Settled | Released | Halted | Failed"
"""What sending reports."""
Event: TypeAlias = "PlanningEvent | SendingEvent"
"""What the stages of a run return to the writer."""
