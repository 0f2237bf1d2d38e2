"""Sends the batches of a procedure, and reads what became of them: the tasks of worker threads.

They only talk to ChakraHQ; what they bring back is decided on and journaled elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.errors import NotFound, ReportedErrors, Unreadable
from chakra_api.values.times import FIRST_MS_OF_ACCOUNTS
from chakra_api.values.timestamps import parse_timestamp
from target_chakra.changes import Kind
from target_chakra.mapping.destination_names import bare_name
from target_chakra.sending.item_shapes import OBJECT, SINGLE, identifier, item
from target_chakra.sending.outcomes import Outcomes
from target_chakra.sending.read_back import ReadBack
from target_chakra.sending.recovery import Sight, sight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.clock import Clock
    from target_chakra.batches import Batch
    from target_chakra.changes import Action
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.sending.outcomes import Conclusion, End


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
        self._single = SingleWrites(procedure, self._read_back)

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
            (action,) = batch.actions  # more would be called written, and never sent
            return self._single.write(action, items[0], leaving)
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
    # One of another unit, or of no year that there is, says nothing.
    taken = parse_timestamp(created) if type(created) is int else None
    return taken if taken is not None and taken >= FIRST_MS_OF_ACCOUNTS else None


class SingleWrites:
    """Carries out writes of one process a request: no job, and often the process as answer.

    Their promises are those of bulk requests: a lost answer is read back. Whether an update takes
    an assignee is not documented (contract 4.5), so an answer that shows that it did not is a
    refusal, and one that shows nothing is read back as a lost one is.

    Args:
        procedure: The procedure.
        read_back: Sees what ChakraHQ holds now.
    """

    def __init__(self, procedure: OpenProcedure, read_back: ReadBack) -> None:
        self._procedure = procedure
        self._read_back = read_back

    def write(
        self, action: Action, body: dict[str, object], leaving: Callable[[], None]
    ) -> Accepted:
        """Create, update or delete one process.

        Args:
            action: What is to be done.
            body: What is sent of it.
            leaving: Called when it leaves; what it raises keeps it from leaving.

        Raises:
            ChakraError: It was not done, or whether it was is not known.
        """
        if action.kind is Kind.CREATE:
            row = self._procedure.client.create_process(self._procedure.name, body, leaving)
            return Accepted("", None, str(row.get("id") or ""))
        if action.kind is Kind.DELETE:
            return self._delete(action, leaving)
        return self._update(action, body, leaving)

    def _delete(self, action: Action, leaving: Callable[[], None]) -> Accepted:
        client, name = self._procedure.client, self._procedure.name
        named, value = identifier(action)
        try:
            if named == "id":
                client.delete_process(name, str(value), leaving)
            else:
                client.delete_process_by_key(name, (named, str(value)), leaving)
        except NotFound:
            # As it should be; or this account has no such endpoint, and nothing was deleted.
            (seen,) = self._read_back.caught_up({0: action}).values()
            if any(not each.deleted for each in seen):
                raise
        return Accepted("", None)

    def _update(
        self, action: Action, body: dict[str, object], leaving: Callable[[], None]
    ) -> Accepted:
        client, name = self._procedure.client, self._procedure.name
        named, value = identifier(action)
        if named == "id":
            row = client.update_process(name, str(value), body, leaving)
        else:
            row = client.update_process_by_key(name, (named, str(value)), body, leaving)
        if not isinstance(row.get("data"), dict):
            # No process is answered so, too, where none is there (Q19): as good as lost.
            raise Unreadable(f"ChakraHQ does not show what an update in '{name}' wrote")
        self._refuse_ignored(action, row)
        return Accepted("", None)

    def _refuse_ignored(self, action: Action, row: Mapping[str, object]) -> None:
        """Refuse an answer that shows fields as they were.

        Raises:
            ReportedErrors: It names them.
        """
        held, comparable = self._procedure.read(row), self._procedure.destinations.comparable
        if action.before is None or sight(action, (held,), comparable) is Sight.AS_SENT:
            return
        ignored = [
            bare_name(name)
            for name, value in action.fields.items()
            if comparable(name, held.value(name)) == comparable(name, action.before.get(name))
            and comparable(name, held.value(name)) != comparable(name, value)
        ]
        if ignored:
            raise ReportedErrors(
                f"ChakraHQ took the update, and left {', '.join(ignored)} as before",
                "Leave it out of the mapping, or write in bulk: bulk: auto",
            )
