"""Background jobs: bulk requests carried out later, entry by entry (contract 3.5, 4.9, 4.10).

A job's entries fall due evenly over its duration. Nothing runs between requests: `advance` does
what has fallen due, in the order of the due times, so the outcome is that of a server that works
all the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

from chakra_sandbox import exact_json
from chakra_sandbox.messages import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chakra_sandbox.knobs import Knobs
    from chakra_sandbox.rows.making import Draw
    from chakra_sandbox.writes.writer import Plan

Outcome = Literal["NOT_STARTED", "SUCCESS", "ERROR", "INVALID"]
_NO_ROW = 404


class Work(Protocol):
    """What one entry does."""

    def plan(self, now_ms: int) -> Plan | None:
        """Plan it; None if there is nothing to do. Raises `Rejection`."""

    def carry_out(self, plan: Plan, now_ms: int) -> None:
        """Do what was planned."""


@dataclass(slots=True)
class Entry:
    """One item of a job.

    Attributes:
        id: uuid.
        index: Its place in the batch, from 0.
        item: As it was sent.
        work: What it does; None if it was rejected at submission.
        outcome: As the API names it.
        message: Why it failed.
        process_id: The process it wrote.
        updated_ms: Of its outcome.
    """

    id: str
    index: int
    item: object
    work: Work | None
    outcome: Outcome = "NOT_STARTED"
    message: str | None = None
    process_id: str | None = None
    updated_ms: int = 0


@dataclass(slots=True)
class Job:
    """A bulk request that was accepted.

    Attributes:
        id: uuid.
        procedure: shortId.
        created_ms: When it was submitted.
        entries: In the order sent.
        duration_ms: From start to end.
        started_ms: None while it waits for other jobs.
        completed_ms: None until it is done.
        polls: How often it was looked at.
    """

    id: str
    procedure: str
    created_ms: int
    entries: list[Entry]
    duration_ms: int
    started_ms: int | None = None
    completed_ms: int | None = None
    polls: int = 0
    done: int = 0
    pending: list[Entry] = field(default_factory=list)

    def next_due_ms(self) -> int:
        """Return when the next entry of a running job falls due."""
        start = self.started_ms or 0
        if not self.pending:
            return start + self.duration_ms
        return start + self.duration_ms * (self.done + 1) // len(self.pending)

    def counts(self, in_work: int = 0) -> dict[str, int]:
        """Count entries by outcome; `in_work` of those not started are in no count."""
        counts = {"INVALID": 0, "NOT_STARTED": 0, "SUCCESS": 0, "ERROR": 0}
        for entry in self.entries:
            counts[entry.outcome] += 1
        running = self.started_ms is not None and self.completed_ms is None
        if running:
            counts["NOT_STARTED"] = max(0, counts["NOT_STARTED"] - in_work)
        return counts


class JobBoard:
    """All jobs: waiting, running and done."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._jobs: dict[str, Job] = {}
        self._waiting: list[Job] = []
        self._running: list[Job] = []

    def submit(self, procedure: str, entries: Sequence[Entry], knobs: Knobs, now_ms: int) -> Job:
        """Accept a job; it starts at once unless it must wait for others."""
        job = Job(self._draw.uuid(), procedure, now_ms, list(entries), knobs.job_duration_ms)
        job.pending = [entry for entry in entries if entry.work is not None]
        self._jobs[job.id] = job
        self._waiting.append(job)
        self._start(knobs, now_ms)
        return job

    def find(self, job_id: str, knobs: Knobs, now_ms: int) -> Job:
        """Find a job that may be seen.

        Raises:
            Rejection: 404.
        """
        job = self._jobs.get(job_id)
        if job is None or now_ms < job.created_ms + knobs.job_visible_after_ms:
            raise Rejection(_NO_ROW, f"No background job {job_id}")
        ended, ttl = job.completed_ms, knobs.job_ttl_s
        if ended is not None and ttl is not None and now_ms > ended + ttl * 1000:
            raise Rejection(_NO_ROW, f"No background job {job_id}")
        return job

    def jobs(self) -> Iterable[Job]:
        """Go through all jobs, oldest first."""
        return self._jobs.values()

    def advance(self, knobs: Knobs, now_ms: int) -> None:
        """Do what has fallen due by now."""
        while self._running:
            job = min(self._running, key=Job.next_due_ms)
            due_ms = job.next_due_ms()
            if due_ms > now_ms:
                return
            self._step(job, knobs, due_ms)
            if job.completed_ms is not None:
                self._running.remove(job)
                self._start(knobs, due_ms)

    def _start(self, knobs: Knobs, now_ms: int) -> None:
        """Start every waiting job that may run now, oldest first."""
        for job in list(self._waiting):
            if knobs.max_running_jobs and len(self._running) >= knobs.max_running_jobs:
                return
            busy = {other.procedure for other in self._running}
            if knobs.job_order == "fifo" and job.procedure in busy:
                continue
            self._waiting.remove(job)
            self._running.append(job)
            job.started_ms = now_ms

    def _step(self, job: Job, knobs: Knobs, due_ms: int) -> None:
        if knobs.job_atomic:
            if due_ms < (job.started_ms or 0) + job.duration_ms:
                job.done += 1
                return
            self._do_all(job, knobs, due_ms)
        elif job.done < len(job.pending):
            self._do(job.pending[job.done], knobs, due_ms)
            job.done += 1
        if job.done >= len(job.pending):
            job.completed_ms = due_ms

    def _do(self, entry: Entry, knobs: Knobs, now_ms: int) -> None:
        plan = self._plan(entry, knobs, now_ms)
        if entry.outcome == "NOT_STARTED":
            _finish(entry, plan, now_ms)

    def _plan(self, entry: Entry, knobs: Knobs, now_ms: int) -> Plan | None:
        """Plan an entry; marks it if that fails."""
        entry.updated_ms = now_ms
        if knobs.entry_error_rate and self._draw.chance(knobs.entry_error_rate):
            entry.outcome, entry.message = "ERROR", "Internal error"
            return None
        text = next((each for each in knobs.refused_texts if each in _written(entry.item)), None)
        if text is not None:
            entry.outcome, entry.message = "ERROR", f"{text} is not wanted here"
            return None
        try:
            return entry.work.plan(now_ms) if entry.work else None
        except Rejection as rejection:
            entry.outcome = knobs.bulk_missing if rejection.status == _NO_ROW else "ERROR"
            entry.message = rejection.message
            return None

    def _do_all(self, job: Job, knobs: Knobs, now_ms: int) -> None:
        """Do all entries or none."""
        job.done = len(job.pending)
        planned = [self._plan(entry, knobs, now_ms) for entry in job.pending]
        keys = [plan.new_key for plan in planned if plan is not None and plan.new_key is not None]
        repeats = len(keys) != len(set(keys))
        if not repeats and all(entry.outcome == "NOT_STARTED" for entry in job.entries):
            for entry in job.pending:
                # Planned again: an entry before it may have changed the same row.
                self._do(entry, replace(knobs, entry_error_rate=0.0), now_ms)
            return
        for entry in job.pending:
            if entry.outcome == "NOT_STARTED":
                entry.outcome, entry.message = "ERROR", "Undone: another entry of the job failed"
                entry.updated_ms = now_ms


def _written(item: object) -> str:
    return exact_json.dumps(item).decode()


def _finish(entry: Entry, plan: Plan | None, now_ms: int) -> None:
    entry.outcome, entry.updated_ms = "SUCCESS", now_ms
    if plan is not None and entry.work is not None:
        entry.work.carry_out(plan, now_ms)
        entry.process_id = plan.row["id"]
