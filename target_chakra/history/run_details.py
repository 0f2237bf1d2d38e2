"""What the journal tells of one run in full: reasons of its rejects, fields, jobs, unknown rows.

Read row by row and counted, so that a run of a million rows takes no more memory than a small one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from chakra_api.course import course_of
from target_chakra.changes import Kind
from target_chakra.history.kept import first_kept, kept_counts
from target_chakra.history.reject_groups import RejectGroups
from target_chakra.journal.codec import settlements_of, value_of
from target_chakra.journal.records import RunKind
from target_chakra.journal_tables import tables as t
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_api.course import Course
    from target_chakra.history.kept import KeptLine
    from target_chakra.history.reject_groups import RejectGroup
    from target_chakra.history.reports import RejectLine, Reports, RunLine, UnknownLine

MOST_EARLIER: Final = 30
"""Runs before that are told of, to compare with."""
MOST_KEPT: Final = 1_000
"""Fields that were left alone and are told one by one."""
_CHUNK: Final = 20
"""Batches, or rejects, that are read at a time."""
_LOOKS: Final = {RunKind.DOCTOR.value, RunKind.PROBE.value}
_WRITTEN: Final = {Outcome.CREATED, Outcome.MERGED, Outcome.UPDATED}


@dataclass(frozen=True, slots=True)
class FieldCount:
    """How often a run wrote a field.

    Attributes:
        procedure: ShortId.
        field: What it is called on the wire.
        created: In processes that it created.
        updated: In processes that were there.
        emptied: Of those, where it wrote nothing.
    """

    procedure: str
    field: str
    created: int
    updated: int
    emptied: int


@dataclass(frozen=True, slots=True)
class JobLine:
    """A batch, and the job that carried it out.

    Attributes:
        procedure: ShortId.
        kind: create, update or delete.
        state: Where it is, a value of `BatchState`.
        size: Its rows.
        job: ChakraHQ's id of it; None if none was told.
        sent_ms: When it left, epoch milliseconds; None if it did not.
        settled_ms: When the last of its rows got an outcome; None if none has.
        outcomes: Its rows by outcome.
    """

    procedure: str
    kind: str
    state: str
    size: int
    job: str | None
    sent_ms: int | None
    settled_ms: int | None
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RunDetails:
    """One run in full.

    Attributes:
        run: The run.
        earlier: Those before it on the same account that were to write, oldest first.
        course: Its counts over time; None if it has none.
        rejects: Its rejects by reason, the commonest first.
        rejected: All of those.
        fields: What it wrote, by field, the commonest first.
        jobs: Its batches, in order.
        unknowns: Its rows of which nobody knows yet.
        kept: Procedure, field, and how many it left as others changed them.
        kept_first: The first `MOST_KEPT` of those.
    """

    run: RunLine
    earlier: tuple[RunLine, ...]
    course: Course | None
    rejects: tuple[RejectGroup, ...]
    rejected: int
    fields: tuple[FieldCount, ...]
    jobs: tuple[JobLine, ...]
    unknowns: tuple[UnknownLine, ...]
    kept: tuple[tuple[str, str, int], ...] = ()
    kept_first: tuple[KeptLine, ...] = ()


def run_details(reports: Reports, run: RunLine) -> RunDetails:
    """All that the journal tells of a run.

    Raises:
        JournalError: It can't be read.
    """
    earlier = [
        each
        for each in reports.runs()
        if each.id < run.id and each.account == run.account and not (each.dry or looks_only(each))
    ]
    groups = RejectGroups()
    for reject in reports.rejects_of(run.id):
        groups.note(reject)
    fields, jobs = _batches(reports, run.id)
    return RunDetails(
        run,
        tuple(earlier[-MOST_EARLIER:]),
        _course(reports, run.id),
        groups.all(),
        groups.total,
        fields,
        jobs,
        tuple(each for each in reports.unknowns() if each.run == run.id),
        *_kept(reports, run.id),
    )


def looks_only(run: RunLine) -> bool:
    """Whether a run was begun to find out about the account, and takes no rows."""
    return run.kind in _LOOKS


def rejects_in_full(reports: Reports, run: int, most: int) -> list[RejectLine]:
    """The first rejects of a run, with their rows."""
    found: list[RejectLine] = []
    for reject in reports.rejects_of(run):
        if len(found) >= most:
            break
        found.append(reject)
    return found


def _course(reports: Reports, run: int) -> Course | None:
    with reports.reading() as connection:
        told = connection.scalar(sa.select(t.runs.c.course).where(t.runs.c.id == run))
        return course_of(value_of(told.encode())) if told else None


def _kept(
    reports: Reports, run: int
) -> tuple[tuple[tuple[str, str, int], ...], tuple[KeptLine, ...]]:
    with reports.reading() as connection:
        counts = tuple(kept_counts(connection, run))
        return counts, tuple(first_kept(connection, run, MOST_KEPT)) if counts else ()


def _batches(reports: Reports, run: int) -> tuple[tuple[FieldCount, ...], tuple[JobLine, ...]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    jobs = []
    query = sa.select(t.batches).where(t.batches.c.run == run).order_by(t.batches.c.id)
    with reports.reading() as connection:
        for row in connection.execution_options(yield_per=_CHUNK).execute(query):
            outcomes: Counter[str] = Counter()
            for settlement in settlements_of(row):
                outcomes[settlement.outcome.value] += 1
                if settlement.outcome in _WRITTEN:
                    is_new = settlement.action.kind is Kind.CREATE
                    for name, value in settlement.action.fields.items():
                        counts[row.procedure, name, "created" if is_new else "updated"] += 1
                        counts[row.procedure, name, "emptied"] += value is None and not is_new
            jobs.append(_job(row, outcomes))
    return tuple(_fields(counts)), tuple(jobs)


def _job(row: sa.Row[tuple[object, ...]], outcomes: Mapping[str, int]) -> JobLine:
    return JobLine(
        row.procedure,
        row.kind,
        row.state,
        row.size,
        row.job,
        row.sent_ms,
        row.settled_ms,
        dict(outcomes),
    )


def _fields(counts: Mapping[tuple[str, str, str], int]) -> Iterator[FieldCount]:
    names = {(procedure, field) for procedure, field, _ in counts}
    made = [
        FieldCount(
            *name, *(counts.get((*name, how), 0) for how in ("created", "updated", "emptied"))
        )
        for name in names
    ]
    yield from sorted(
        made, key=lambda each: (-each.created - each.updated, each.procedure, each.field)
    )
