"""A page of the warehouse that needs no server: leads over time, owners, what the last runs did.

One HTML file that fetches nothing. It reads the table `process_lead` as any loader leaves it, its
columns in whichever spelling.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from chakra_plugin.pages.environment import render
from chakra_plugin.pages.instants import utc
from chakra_plugin.pages.page_file import write_page
from chakra_plugin.pages.parts import (
    Bars,
    Column,
    Fact,
    Facts,
    Page,
    Said,
    Section,
    Series,
    Table,
    Tone,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chakra_plugin.pages.parts import Cell, Part

HUES = 8
MOST_OWNERS = 20
NOBODY = "(nobody)"


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the tap or of the target.

    Attributes:
        name: Which, and when.
        rows: What it read, or was given.
        moved: What it emitted, or wrote.
        seconds: How long it took.
        said: What came of it.
    """

    name: str
    rows: int
    moved: int
    seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class Leads:
    """A table of leads.

    Attributes:
        warehouse: The DuckDB file.
        table: Its name.
    """

    warehouse: Path
    table: str = "chakra.process_lead"

    def counted(self, *columns: str) -> list[tuple[Any, ...]]:
        """How many living leads there are of each value of these columns.

        Args:
            columns: ChakraHQ's names of fields, or `month` for that of their creation.
        """
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            names = [row[0] for row in connection.execute(f"describe {self.table}").fetchall()]
            asked = ", ".join(_expression(column, names) for column in columns)
            places = ", ".join(str(place + 1) for place in range(len(columns)))
            gone = next((name for name in names if name.lower() == "_sdc_deleted_at"), None)
            living = f'where "{gone}" is null' if gone else ""
            return connection.execute(
                f"select {asked}, count(*) from {self.table} {living}"  # noqa: S608 - our own names
                f" group by {places} order by {places}"
            ).fetchall()


def _expression(column: str, names: Sequence[str]) -> str:
    if column == "month":
        return f"strftime({_expression('createdAt', names)}::timestamp, '%Y-%m')"
    (name,) = (each for each in names if each.lower().replace("_", "") == column.lower())
    return f'"{name}"'


def dashboard(leads: Leads, runs: Sequence[Run]) -> Page:
    """The page.

    Args:
        leads: Where the leads are.
        runs: What the last runs did, the last one first.
    """
    by_status = dict(leads.counted("status"))
    total = sum(by_status.values())
    completed = by_status.get("COMPLETED", 0)
    figures = (
        Fact("leads", total),
        Fact("open", by_status.get("OPEN", 0)),
        Fact("completed", completed),
        Fact("conversion", _share(completed, total)),
    )
    return Page(
        "Leads",
        f"From {leads.table} of {leads.warehouse.name}",
        [
            Section("Now", (Facts(figures, large=True),)),
            Section("Leads by state over time", (_over_time(leads.counted("month", "stateName")),)),
            Section("Conversion by owner", tuple(_owners(leads))),
            Section("What the last runs did", (_runs(runs),)),
        ],
        "Made by the demo. It needs no server, and fetches nothing.",
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "no leads"


def _over_time(rows: Iterable[tuple[str, str | None, int]]) -> Part:
    counts: dict[str, dict[str, int]] = {}
    months: dict[str, None] = {}
    for month, state, count in rows:
        months[month] = None
        counts.setdefault(state or "(none)", {})[month] = count
    if not counts:
        return Said("There are no leads.", Tone.NOTICE)
    states = sorted(counts, key=lambda state: -sum(counts[state].values()))
    series = [
        Series(state, [counts[state].get(month, 0) for month in months], number % HUES + 1)
        for number, state in enumerate(states)
    ]
    return Bars("Leads by the month of their creation", list(months), series, "leads")


def _owners(leads: Leads) -> Iterator[Part]:
    owned: dict[str, dict[str, int]] = {}
    for owner, status, count in leads.counted("assignedToUsername", "status"):
        owned.setdefault(owner or NOBODY, {})[status or ""] = count
    sizes = {owner: sum(counts.values()) for owner, counts in owned.items()}
    most = sorted(owned, key=lambda owner: (-sizes[owner], owner))[:MOST_OWNERS]
    rows: list[tuple[Cell, ...]] = [
        (
            owner,
            sizes[owner],
            owned[owner].get("OPEN", 0),
            owned[owner].get("COMPLETED", 0),
            owned[owner].get("CANCELLED", 0),
            _share(owned[owner].get("COMPLETED", 0), sizes[owner]),
        )
        for owner in most
    ]
    numbers = ("leads", "open", "completed", "cancelled", "conversion")
    columns = (Column("owner"), *(Column(name, is_number=True) for name in numbers))
    yield Table("Owners", columns, rows)
    if len(owned) > len(most):
        yield Said(f"The {len(most)} with the most leads, of {len(owned)}.")


def _runs(runs: Sequence[Run]) -> Part:
    if not runs:
        return Said("Nothing is known of any run.", Tone.NOTICE)
    columns = (
        Column("run"),
        Column("rows", is_number=True),
        Column("moved", is_number=True),
        Column("seconds", is_number=True),
        Column("what came of it"),
    )
    rows = [(run.name, run.rows, run.moved, round(run.seconds, 1), run.said) for run in runs]
    return Table("Runs, the last one first", columns, rows)


def tap_runs(report: Path) -> list[Run]:
    """The runs of the tap that its report tells of, the last one first.

    Args:
        report: The file of the setting `report_path`.
    """
    if not report.exists():
        return []
    told = json.loads(report.read_text())
    now = {
        each["stream"]: (each["rows"], each["emitted"], each["complete"])
        for each in told["streams"]
        if each["reads"]
    }
    return [_tap_run(told, now), *(_tap_run(run, run["streams"]) for run in told["earlier"][::-1])]


def _tap_run(told: Mapping[str, Any], streams: Mapping[str, Sequence[Any]]) -> Run:
    complete = all(each[2] for each in streams.values())
    code = told["exit_code"]
    said = f"exit code {code}" if code else "complete" if complete else "not complete"
    return Run(
        f"tap-chakra, {utc(told['began_ms'])}",
        sum(each[0] or 0 for each in streams.values()),
        sum(each[1] or 0 for each in streams.values()),
        told["seconds"],
        said,
    )


def target_run(receipt: Mapping[str, Any]) -> Run:
    """A run of the target, as its receipt tells of it."""
    outcomes = {what: count for what, count in receipt["outcomes"].items() if count}
    said = ", ".join(f"{count:,} {what}" for what, count in outcomes.items())
    written = sum(outcomes.get(what, 0) for what in ("created", "updated", "deleted"))
    name = f"target-chakra, run {receipt['run']}"
    return Run(name, receipt["rows_in"], written, receipt["seconds"], said or "nothing to do")


def write_dashboard(path: Path, leads: Leads, runs: Sequence[Run]) -> None:
    """Write the page.

    Args:
        path: The file; a page of ours that is there is replaced.
        leads: Where the leads are.
        runs: What the last runs did, the last one first.

    Raises:
        SettingsError: Something else is there.
    """
    write_page(path, render(dashboard(leads, runs)))
