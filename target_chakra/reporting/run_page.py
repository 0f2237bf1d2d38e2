"""The page of a run: its sections, made of what the journal tells."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING, Final

from chakra_plugin.pages.instants import utc
from chakra_plugin.pages.parts import (
    Bars,
    Column,
    Fact,
    Facts,
    Page,
    Said,
    SearchTable,
    Section,
    Series,
    Table,
    Tone,
)
from target_chakra.lifecycle import Outcome
from target_chakra.reporting.over_time import charts
from target_chakra.reporting.run_end import end_said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chakra_plugin.pages.parts import Part
    from target_chakra.history.reject_groups import RejectGroup
    from target_chakra.history.reports import RejectLine, RunLine, UnknownLine
    from target_chakra.history.run_details import JobLine, RunDetails

MOST_ROWS: Final = 5_000
"""Rejects whose rows are shown, where they are asked for."""
MOST_UNKNOWN: Final = 1_000
MOST_FIELDS: Final = 200
SLOWEST: Final = 10
HUES: Final[Mapping[str, int]] = {
    Outcome.CREATED.value: 2,
    Outcome.MERGED.value: 4,
    Outcome.UPDATED.value: 1,
    Outcome.DELETED.value: 6,
    Outcome.UNCHANGED.value: 5,
    Outcome.SUPERSEDED.value: 5,
    Outcome.REJECTED.value: 8,
    Outcome.UNKNOWN.value: 3,
    Outcome.KEPT.value: 7,
    Outcome.IN_FLIGHT.value: 5,
    Outcome.NOT_SENT.value: 5,
}
_TONES: Final[Mapping[str, Tone]] = {
    Outcome.REJECTED.value: Tone.BAD,
    Outcome.UNKNOWN.value: Tone.BAD,
    Outcome.IN_FLIGHT.value: Tone.NOTICE,
    Outcome.NOT_SENT.value: Tone.NOTICE,
}


def run_page(details: RunDetails, rows: Sequence[RejectLine] | None, command: str) -> Page:
    """A run as a page.

    Args:
        details: What the journal tells of it.
        rows: Its rejects with their rows; None where no value of a row is to be shown.
        command: What made the page.
    """
    run = details.run
    sections = [Section("Outcome", tuple(_outcome(run)))]
    if details.rejected:
        sections.append(Section("Rejects", (_rejects(details),)))
    if details.unknowns:
        sections.append(Section("Unknown rows", (_unknowns(details.unknowns, rows is not None),)))
    if details.kept:
        sections.append(
            Section("Kept as people changed it", tuple(_kept(details, rows is not None)))
        )
    if drawn := tuple(charts(details)):
        sections.append(Section("Over time", drawn))
    if details.fields:
        sections.append(Section("Fields written", (_fields(details),)))
    if details.jobs:
        sections.append(Section("Jobs", tuple(_jobs(details.jobs))))
    if details.earlier:
        sections.append(Section("Runs before", (_before([*details.earlier, run]),)))
    if rows:
        sections.append(Section("Rejected rows", (_rows(rows, details.rejected),)))
    lead = f"To the account {run.account}, begun {utc(run.began_ms)}"
    shown = "with" if rows is not None else "without"
    foot = f"Made by {command}, {shown} values of rows. Keys of rejected rows are in it."
    return Page(f"Run {run.id} of target-chakra", lead, sections, foot)


def counts_of(run: RunLine) -> Mapping[str, int]:
    """The rows of a run by outcome: as its receipt says, else as far as they are recorded."""
    told = run.receipt.get("outcomes")
    found = told if isinstance(told, dict) else run.recorded
    counts = {str(name): count for name, count in found.items() if isinstance(count, int)}
    if run.exit_code is None and run.in_flight:
        counts[Outcome.IN_FLIGHT.value] = run.in_flight
    return counts


def _outcome(run: RunLine) -> Iterator[Part]:
    yield from end_said(run)
    counts = counts_of(run)
    large = [Fact("rows in", _number(run, "rows_in"))] if "rows_in" in run.receipt else []
    large += [
        Fact(name, count, _TONES.get(name, Tone.PLAIN)) for name, count in counts.items() if count
    ]
    planned = run.receipt.get("dry_run")
    if isinstance(planned, dict):
        large += [Fact(f"{kind}s it would send", count) for kind, count in planned.items()]
    yield Facts(large, large=True)
    yield Facts(tuple(_costs(run)))
    streams = run.receipt.get("streams")
    if isinstance(streams, dict) and len(streams) > 1:
        yield _streams(streams)
    yield from _others(run.receipt)


def _costs(run: RunLine) -> Iterator[Fact]:
    yield Fact("begun for", run.kind)
    if run.ended_ms is not None:
        yield Fact("ended", utc(run.ended_ms))
    if run.exit_code is not None:
        yield Fact("exit code", run.exit_code)
    for name, shown in (
        ("seconds", "seconds"),
        ("jobs", "jobs"),
        ("requests", "requests"),
        ("requests_repeated", "of these repeated"),
        ("waited_for_pace", "seconds waited for the pace, all threads together"),
    ):
        if name in run.receipt:
            yield Fact(shown, _number(run, name))
    if run.load:
        yield Fact("load", run.load)


def _number(run: RunLine, name: str) -> int | float | None:
    value = run.receipt.get(name)
    return value if isinstance(value, (int, float)) else None


def _streams(streams: Mapping[str, object]) -> Table:
    names = [each.value for each in Outcome]
    told = {name: each for name, each in streams.items() if isinstance(each, dict)}
    counts = {name: each.get("outcomes") or {} for name, each in told.items()}
    used = [name for name in names if any(each.get(name) for each in counts.values())]
    columns = (Column("stream"), *(Column(name, is_number=True) for name in ("rows in", *used)))
    rows = [
        (name, each.get("rows_in"), *(counts[name].get(outcome, 0) for outcome in used))
        for name, each in told.items()
    ]
    return Table("Streams", columns, rows)


def _others(receipt: Mapping[str, object]) -> Iterator[Part]:
    """What a receipt tells besides: skipped streams, what a mirror deleted."""
    for name, caption in (("mirror_deletes", "Deletes of the mirror"), ("skipped", "Skipped rows")):
        counts = receipt.get(name)
        if isinstance(counts, dict) and any(counts.values()):
            facts = [Fact(str(each), count) for each, count in counts.items() if count]
            yield Said(f"{caption}:")
            yield Facts(facts)


def _rejects(details: RunDetails) -> Table:
    columns = (
        Column("reason"),
        Column("rows", is_number=True),
        Column("still open", is_number=True),
        Column("next step"),
        Column("examples"),
    )
    groups = [
        (each.reason, each.count, each.open, each.next_step, _examples(each))
        for each in details.rejects
    ]
    return Table("Reasons, the commonest first; … stands for a value", columns, groups)


def _examples(group: RejectGroup) -> str:
    return "; ".join(
        f"{each.stream} line {each.line}{f', {each.key}' if each.key else ''}"
        + (f" [{each.closed}]" if each.closed else "")
        for each in group.examples
    )


def _rows(rows: Sequence[RejectLine], total: int) -> SearchTable:
    columns = (
        Column("line", is_number=True),
        Column("stream", choose=True),
        Column("key"),
        Column("reason"),
        Column("next step"),
        Column("row"),
    )
    cells = [
        (each.line, each.stream, each.key, each.reason, each.next_step, _json(each.row))
        for each in rows
    ]
    note = "" if len(rows) == total else f"The first {len(rows):,} of {total:,}."
    return SearchTable("Rejected rows", columns, cells, note)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _unknowns(unknowns: Sequence[UnknownLine], with_rows: bool) -> SearchTable:  # noqa: FBT001 - one call
    names = ("number", "stream", "line", "key", "asked for")
    last = ("reason", "sent") if with_rows else ()
    columns = tuple(Column(name, name in ("number", "line"), name == "stream") for name in names)
    cells = [
        (each.id, each.stream, each.line, each.key, each.kind)
        + ((each.reason, _json(each.fields)) if with_rows else ())
        for each in unknowns[:MOST_UNKNOWN]
    ]
    left = len(unknowns) > MOST_UNKNOWN
    note = f"The first {MOST_UNKNOWN:,} of {len(unknowns):,}." if left else ""
    shown = (*columns, *(Column(name) for name in last))
    return SearchTable("It is not known whether these were written", shown, cells, note)


def _kept(details: RunDetails, with_rows: bool) -> Iterator[Part]:  # noqa: FBT001 - one call
    columns = (Column("field"), Column("procedure"), Column("left alone", is_number=True))
    counts = [(field, procedure, count) for procedure, field, count in details.kept]
    yield Table("Fields that somebody changed since they were written", columns, counts)
    last = ("ChakraHQ holds", "the row wanted") if with_rows else ()
    names = (
        Column("line", is_number=True),
        Column("stream", choose=True),
        Column("key"),
        Column("field", choose=True),
        *(Column(name) for name in last),
    )
    cells = [
        (each.line, each.stream, each.key, each.field)
        + ((_json(each.held), _json(each.wanted)) if with_rows else ())
        for each in details.kept_first
    ]
    total = sum(count for _, _, count in details.kept)
    note = "" if len(cells) == total else f"The first {len(cells):,} of {total:,}."
    yield SearchTable("Where", names, cells, note)


def _fields(details: RunDetails) -> SearchTable:
    columns = (
        Column("field"),
        Column("procedure", choose=True),
        Column("changed", is_number=True),
        Column("of these emptied", is_number=True),
        Column("in new processes", is_number=True),
    )
    cells = [
        (each.field, each.procedure, each.updated, each.emptied, each.created)
        for each in details.fields[:MOST_FIELDS]
    ]
    return SearchTable("How many processes each field was written in", columns, cells)


def _jobs(jobs: Sequence[JobLine]) -> Iterator[Part]:
    seconds = sorted(
        (each.settled_ms - each.sent_ms) / 1000
        for each in jobs
        if each.settled_ms is not None and each.sent_ms is not None
    )
    facts = [Fact("batches", len(jobs)), Fact("rows", sum(each.size for each in jobs))]
    if seconds:
        facts.append(Fact("seconds per job, the median", round(median(seconds), 1)))
        facts.append(Fact("seconds of the slowest", round(seconds[-1], 1)))
    open_ones = [each for each in jobs if each.state not in ("settled", "released")]
    if open_ones:
        facts.append(Fact("not settled", len(open_ones), Tone.BAD))
    yield Facts(facts)
    columns = (
        Column("job"),
        Column("kind"),
        Column("procedure"),
        Column("rows", is_number=True),
        Column("seconds", is_number=True),
        Column("state"),
        Column("outcomes"),
    )
    slowest = sorted(jobs, key=_duration, reverse=True)[:SLOWEST]
    yield Table("The slowest", columns, [_job_cells(each) for each in slowest], folded=True)


def _duration(job: JobLine) -> float:
    if job.sent_ms is None:
        return -1.0
    return float("inf") if job.settled_ms is None else (job.settled_ms - job.sent_ms) / 1000


def _job_cells(job: JobLine) -> tuple[str | int | float | None, ...]:
    seconds = None if job.sent_ms is None or job.settled_ms is None else round(_duration(job), 1)
    outcomes = ", ".join(f"{count:,} {name}" for name, count in job.outcomes.items())
    return (job.job or "none told", job.kind, job.procedure, job.size, seconds, job.state, outcomes)


def _before(runs: Sequence[RunLine]) -> Bars:
    counts = [counts_of(each) for each in runs]
    names = [each.value for each in Outcome if any(found.get(each.value) for found in counts)]
    series = [
        Series(name, [found.get(name, 0) for found in counts], HUES.get(name, 5))
        for name in names
        if name not in (Outcome.UNCHANGED.value, Outcome.SUPERSEDED.value)
    ]
    labels = [_run_label(each) for each in runs]
    return Bars(
        "Rows by outcome, without those that were unchanged or superseded",
        labels,
        series,
        "rows",
        (f"run {runs[0].id}", f"run {runs[-1].id}, this one"),
    )


def _run_label(run: RunLine) -> str:
    return f"run {run.id}, {utc(run.began_ms)}, {run.kind}"
