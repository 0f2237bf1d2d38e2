"""What the steps of a write probe work with: they send, wait, follow jobs, and can be stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError, NotFound
from chakra_api.exit_codes import ExitCode
from target_chakra.changes import Action, Change, Key, Kind, Mode
from target_chakra.sending.entry_matching import read_entry
from target_chakra.sending.item_shapes import OBJECT, SINGLE, item
from target_chakra.sending.job_polling import JobVerdict, job_verdict, look_of, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.clock import Clock
    from chakra_api.endpoints.answers import Row
    from chakra_api.endpoints.client import ChakraClient
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.sending.entry_matching import Entry
    from target_chakra.sending.job_polling import Look

MISSING_TRIES: Final = 8
"""How often a job that is not there yet is looked for (Q31)."""
_SOON: Final = 0.1
"""Seconds after which a job of one item is looked at first."""


class ProbeStopped(ChakraError):
    """A signal ended a write probe."""

    exit_code = ExitCode.STOPPED


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job that was followed to its end, or given up.

    Attributes:
        looks: What was seen of it, in order.
        verdict: How it ended; running if it was given up.
        entries: Of it, in their order; empty if it shows none.
        total: Entries that it says to have; None if it does not say.
    """

    looks: tuple[Look, ...]
    verdict: JobVerdict
    entries: tuple[Entry, ...] = ()
    total: int | None = None

    @property
    def seconds(self) -> float:
        """Until its end was seen."""
        return self.looks[-1].elapsed if self.looks else 0.0

    @property
    def failed(self) -> int:
        """Entries that were refused, as its counts say."""
        return self.looks[-1].failed if self.looks else 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why entries were refused, each reason once."""
        return tuple(dict.fromkeys(e.outcome.message for e in self.entries if e.outcome.message))


@dataclass(frozen=True, slots=True)
class Workbench:
    """What the steps of a write probe work with.

    Attributes:
        client: Talks to the account.
        procedure: The procedure that is probed.
        clock: Time.
        leaving: Called before each write leaves; what it raises keeps it from leaving.
        stopped: Whether an end was asked for.
        patience: Seconds for a job to end, and for lists to show a write.
    """

    client: ChakraClient
    procedure: OpenProcedure
    clock: Clock
    leaving: Callable[[], None]
    stopped: Callable[[], bool]
    patience: float

    @property
    def name(self) -> str:
        """ShortId of the procedure."""
        return self.procedure.name

    def heed(self) -> None:
        """Go no further if an end was asked for.

        Raises:
            ProbeStopped: It was.
        """
        if self.stopped():
            raise ProbeStopped("The write probe was stopped", "Begin it again if you want to")

    def pause(self, seconds: float) -> None:
        """Wait."""
        self.heed()
        self.clock.sleep(seconds)

    def item(self, kind: Kind, shape: str, fields: Mapping[str, object], names: Key) -> Row:
        """An item of a bulk request, as a run would send it.

        Args:
            kind: What is asked for.
            shape: Its shape.
            fields: Destination → value.
            names: The process that it is of.
        """
        change = Change(0, 0, "", self.name, names, Mode.UPSERT, kind is Kind.DELETE, fields, {})
        return item(Action(change, kind, None, fields, None), shape, self.procedure.primary_key)

    def create(self, shape: str, body: Row) -> tuple[str, JobSeen | None]:
        """Create a process: its id where the answer or the job names it, and the job, if any.

        Raises:
            ChakraError: It was refused, or the answer was lost.
        """
        self.heed()
        if shape == SINGLE:
            row = self.client.create_process(self.name, body, self.leaving)
            return str(row.get("id") or ""), None
        wrapped = shape == OBJECT
        taken = self.client.bulk_create(self.name, [body], self.leaving, wrapped=wrapped)
        job = self.follow(taken.job_id, 1)
        ids = [each.outcome.process_id for each in job.entries if each.outcome.process_id]
        return next(iter(ids), ""), job

    def update(self, items: list[Row]) -> JobSeen:
        """Submit a bulk update, and follow its job.

        Raises:
            ChakraError: It was refused, or the answer was lost.
        """
        self.heed()
        taken = self.client.bulk_update(self.name, items, self.leaving)
        return self.follow(taken.job_id, len(items))

    def follow(self, job_id: str, count: int) -> JobSeen:
        """Follow a job until it is over, or patience is."""
        began = self.clock.monotonic()
        looks: tuple[Look, ...] = ()
        missing = 0
        self.pause(_SOON)
        while True:
            elapsed = self.clock.monotonic() - began
            try:
                status = self.client.job(job_id)
            except NotFound:
                missing += 1
                if missing > MISSING_TRIES:
                    return JobSeen(looks, JobVerdict.RUNNING)
            else:
                looks = (*looks, look_of(status.row, status.counts, elapsed))
                verdict = job_verdict(looks, count)
                if verdict is not JobVerdict.RUNNING:
                    return self._ended(job_id, count, looks, verdict)
            if elapsed > self.patience:
                return JobSeen(looks, JobVerdict.RUNNING)
            self.pause(min(wait(looks, count), 1.0))

    def _ended(
        self, job_id: str, count: int, looks: tuple[Look, ...], verdict: JobVerdict
    ) -> JobSeen:
        try:
            found = self.client.job_entries_all(job_id, count)
        except ChakraError:
            return JobSeen(looks, verdict)
        return JobSeen(looks, verdict, tuple(map(read_entry, found.entries)), found.total)
