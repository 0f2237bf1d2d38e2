"""Sends the batches of a procedure, and reads what became of them: the tasks of worker threads.

They only talk to ChakraHQ; what they bring back is decided on and journaled elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.values.times import FIRST_MS_OF_ACCOUNTS
from target_chakra.changes import Kind
from target_chakra.sending.item_shapes import OBJECT, SINGLE, item
from target_chakra.sending.outcomes import Outcomes
from target_chakra.sending.read_back import ReadBack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.clock import Clock
    from target_chakra.batches import Batch
    from target_chakra.changes import Action
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.sending.outcomes import Conclusion, End
    from target_chakra.sending.recovery import Sight


@dataclass(frozen=True, slots=True)
class Accepted:
    """A batch that ChakraHQ took.

    Attributes:
        job: Its job; empty if it was carried out at once.
        server_time: Of the server when it was taken, as its job says; None if it does not.
        process_id: The process that was created at once; empty if it is not named.
    """

    job: str
    server_time: int | None
    process_id: str = ""


class Submission:
    """Carries batches of one procedure to ChakraHQ.

    Args:
        procedure: The procedure.
        clock: For the waits while a write is not yet listed.
    """

    def __init__(self, procedure: OpenProcedure, clock: Clock) -> None:
        self._procedure = procedure
        self.client = procedure.client
        self._read_back = ReadBack(procedure, clock)
        self._outcomes = Outcomes(procedure, self._read_back)

    def submit(self, batch: Batch, leaving: Callable[[], None]) -> Accepted:
        """Send a batch, once.

        Args:
            batch: The batch.
            leaving: Called whenever it leaves; what it raises keeps it from leaving.

        Raises:
            ChakraError: It was not taken, or whether it was is not known.
        """
        name, primary_key = self._procedure.name, self._procedure.primary_key
        items = [item(action, batch.shape, primary_key) for action in batch.actions]
        if batch.shape == SINGLE:
            row = self.client.create_process(name, items[0], leaving)
            return Accepted("", None, str(row.get("id") or ""))
        if batch.kind is Kind.CREATE:
            wrapped = batch.shape == OBJECT
            taken = self.client.bulk_create(name, items, leaving, wrapped=wrapped)
        else:
            taken = self.client.bulk_update(name, items, leaving)
        return Accepted(taken.job_id, _created_at(taken.row))

    def conclude(self, batch: Batch, end: End) -> Conclusion:
        """Say what became of each row of a job that ended."""
        return self._outcomes.conclude(batch, end)

    def sights(self, actions: Mapping[int, Action]) -> dict[int, tuple[Sight, str | None]]:
        """What the processes of a lost batch say, and which they are, by position."""
        return self._read_back.sights(actions)


def _created_at(row: Mapping[str, object]) -> int | None:
    created = row.get("createdAt")
    return created if isinstance(created, int) and created >= FIRST_MS_OF_ACCOUNTS else None
