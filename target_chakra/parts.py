"""What a writer is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.clock import Clock
    from target_chakra.desk import Desk
    from target_chakra.journal import Journal
    from target_chakra.rejects import RejectsFile
    from target_chakra.workers import Workers

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Parts(Generic[State]):
    """What a writer is made of.

    Attributes:
        journal: Held, with its run begun.
        workers: Threads.
        clock: Now.
        desk: The desk of a procedure.
        emit: Passes a STATE on.
        rejects: Where rejected rows are written, beside the journal; None for nowhere.
    """

    journal: Journal
    workers: Workers
    clock: Clock
    desk: Callable[[str], Desk]
    emit: Callable[[State], None]
    rejects: RejectsFile | None
