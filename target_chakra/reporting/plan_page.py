"""The page of a plan: what it comes to, and its lines to search and to choose from."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from chakra_api.values.counts import counted
from chakra_plugin.pages.instants import utc
from chakra_plugin.pages.parts import (
    Column,
    Fact,
    Facts,
    Page,
    Said,
    SearchTable,
    Section,
    Table,
    Tone,
)
from target_chakra.plans.entries import REJECT
from target_chakra.plans.shown import shown_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chakra_plugin.pages.parts import Cell
    from target_chakra.plans.entries import Entry
    from target_chakra.plans.metadata import PlanFacts
    from target_chakra.plans.summary import Summary

MOST_LINES: Final = 20_000
"""Lines of the search table: a line for each field of an action."""


def plan_page(facts: PlanFacts, summary: Summary, entries: Iterable[Entry], command: str) -> Page:
    """The page of a plan.

    Args:
        facts: What it says of itself.
        summary: What it comes to.
        entries: Its lines; the first of many are shown.
        command: What carries it out.
    """
    lines = list(islice(_lines(facts, entries), MOST_LINES + 1))
    is_cut = len(lines) > MOST_LINES
    note = f"The first {MOST_LINES:,} lines; all of them are in the file." if is_cut else ""
    return Page(
        f"Plan of run {facts.run}",
        f"For the account {facts.account} at {facts.api_url}, made {utc(facts.made_at)}. Nothing of"
        " it was written when it was made.",
        (
            Section("What it comes to", (_figures(facts), *_totals(facts, summary))),
            Section("Its lines", (_table(lines[:MOST_LINES], note),)),
        ),
        f"Carry it out with: {command}",
    )


def _figures(facts: PlanFacts) -> Facts:
    tones = {"rejects": Tone.BAD, "deletes": Tone.NOTICE, "not_planned": Tone.NOTICE}
    shown = [
        Fact(name.replace("_", " "), count, tones.get(name, Tone.PLAIN) if count else Tone.PLAIN)
        for name, count in facts.counts.items()
    ]
    return Facts((Fact("rows in", facts.rows_in), *shown), large=True)


def _totals(facts: PlanFacts, summary: Summary) -> Iterator[Said | Table]:
    yield Said(
        f"It takes about {counted(facts.requests, 'request')} in {counted(facts.jobs, 'job')}, and"
        f" {facts.minutes:g} min at the pace of the run that made it."
    )
    if summary.fields:
        columns = (
            Column("field"),
            Column("procedure"),
            Column("changed", is_number=True),
            Column("filled", is_number=True),
            Column("cleared", is_number=True),
            Column("largest change"),
        )
        rows, shown = [], shown_by(facts, "")
        for each in summary.fields:
            largest = each.largest
            by = ""
            if largest is not None:
                ends = (largest.change.before, largest.change.after)
                before, after = (shown(each.procedure, each.name, value) for value in ends)
                by = f"{before} → {after} ({largest.key})"
            counts = (each.changed, each.filled, each.cleared)
            rows.append((each.name, each.procedure, *counts, by))
        yield Table("Fields that are changed", columns, rows)
    if summary.reasons:
        heads = (Column("reason"), Column("rows", is_number=True))
        yield Table("Why rows would be rejected", heads, summary.reasons.most_common())


def _table(lines: list[tuple[Cell, ...]], note: str) -> SearchTable:
    columns = (
        Column("number", is_number=True),
        Column("kind", choose=True),
        Column("procedure", choose=True),
        Column("key"),
        Column("field", choose=True),
        Column("before"),
        Column("after"),
        Column("stream", choose=True),
        Column("line", is_number=True),
    )
    return SearchTable("What would be done, field by field", columns, lines, note)


def _lines(facts: PlanFacts, entries: Iterable[Entry]) -> Iterator[tuple[Cell, ...]]:
    shown = shown_by(facts, "")
    for entry in entries:
        head = (entry.number, entry.kind, entry.procedure, str(entry.key or ""))
        place = (entry.stream, entry.line or None)
        if entry.kind == REJECT:
            yield (*head, "", "", entry.reason, *place)
        for each in entry.fields:
            ends = (each.before, each.after)
            before, after = (shown(entry.procedure, each.name, value) for value in ends)
            yield (*head, each.name, before, after, *place)
