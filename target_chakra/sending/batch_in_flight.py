"""A batch on its way, as the thread that decides knows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_chakra.lifecycle import after

if TYPE_CHECKING:
    from target_chakra.batches import Batch
    from target_chakra.changes import Action
    from target_chakra.journal.journal import Journal
    from target_chakra.lifecycle import BatchEvent
    from target_chakra.sending.job_polling import Look


class Lineage:
    """What is known of a batch that was refused as a whole, and of its halves.

    Attributes:
        accepted: Whether any part of it was taken.
        refused_alone: Rows of it that were refused alone.
    """

    __slots__ = ("accepted", "refused_alone")

    def __init__(self) -> None:
        self.accepted = False
        self.refused_alone = 0


class BatchInFlight:
    """A batch on its way.

    Attributes:
        batch: The batch, as the journal has it.
        probing: Whether it is the first of its kind on the account, and is read back.
        lineage: Shared with the other parts of a batch that was refused as a whole.
        looks: The last looks at its job.
        missing: Looks at which its job was not there.
        tries: Failed tries to read its outcome.
        accepted: Whether ChakraHQ is known to have taken it.
        settled: Positions that have an outcome.
        seen_as_sent: Whether a row of it was read back as it was sent.
    """

    __slots__ = (
        "accepted",
        "batch",
        "lineage",
        "looks",
        "missing",
        "probing",
        "seen_as_sent",
        "settled",
        "tries",
    )

    def __init__(self, batch: Batch, *, probing: bool = False) -> None:
        self.batch = batch
        self.probing = probing
        self.lineage = Lineage()
        self.looks: tuple[Look, ...] = ()
        self.missing = 0
        self.tries = 0
        self.accepted = False
        self.seen_as_sent = False
        self.settled: set[int] = set()

    @property
    def open(self) -> dict[int, Action]:
        """Its actions that have no outcome yet, by position."""
        return {at: a for at, a in enumerate(self.batch.actions) if at not in self.settled}

    def waited(self, now_ms: int) -> float:
        """Seconds since it was sent, at a time in epoch milliseconds of our clock."""
        return max(0.0, (now_ms - (self.batch.sent or 0)) / 1000)


def move(journal: Journal, flight: BatchInFlight, event: BatchEvent) -> None:
    """Move a batch on, in the journal too."""
    advance(flight, event)
    journal.move(flight.batch)


def advance(flight: BatchInFlight, event: BatchEvent) -> None:
    """Move a batch on; its state is stored with the outcomes of its rows."""
    flight.batch = replace(flight.batch, state=after(flight.batch.state, event))
