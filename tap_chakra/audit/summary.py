"""The sum of an audit: counts, days, columns and examples. Its size does not grow with the rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.exit_codes import ExitCode
from chakra_api.values.timestamps import DAY_MS, iso_day
from tap_chakra.audit.verdicts import DIFFERENCES, RowVerdict, Verdict, Versions

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES: Final = 10
"""Ids that are kept of each verdict."""
UNDATED: Final = "unknown"
"""The day of a row whose creation nobody knows."""


class Summary:
    """What an audit found, so far.

    Attributes:
        counts: Rows by verdict.
        days: The same by day of creation (UTC), those that agree left out.
        columns: Stale rows by the columns that differ.
        ages: Stale rows by which side is newer: `older`, `newer`, `same time`, `no time`.
        examples: The first ids of each verdict.
        versions: What the table held beside one row for each id.
        here: Rows that the scan read.
        there: Rows of the table.
    """

    def __init__(self) -> None:
        self.counts: Counter[Verdict] = Counter()
        self.days: dict[str, Counter[Verdict]] = {}
        self.columns: Counter[str] = Counter()
        self.ages: Counter[str] = Counter()
        self.examples: dict[Verdict, list[str]] = {}
        self.versions = Versions()
        self.here = self.there = 0

    def add(self, found: RowVerdict) -> None:
        """Count a row."""
        self.counts[found.verdict] += 1
        if found.verdict is Verdict.AGREES:
            return
        self.days.setdefault(day_of(found.created), Counter())[found.verdict] += 1
        shown = self.examples.setdefault(found.verdict, [])
        if len(shown) < EXAMPLES:
            shown.append(found.id)
        if found.verdict is Verdict.STALE:
            self.columns.update(found.columns)
            self.ages[_age(found)] += 1

    @property
    def agrees(self) -> bool:
        """Whether the two agree, but for what changed meanwhile."""
        return not self.versions.without_id and not any(self.counts[each] for each in DIFFERENCES)


def day_of(created: int | None) -> str:
    """The day of an instant, `2026-01-05`, in UTC."""
    return UNDATED if created is None else iso_day(created // DAY_MS)


def _age(found: RowVerdict) -> str:
    here, there = found.updated_here, found.updated_there
    if here is None or there is None:
        return "no time"
    if here == there:
        return "same time"
    return "older" if there < here else "newer"


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit of one procedure came to.

    Attributes:
        procedure: ShortId.
        stream: Its stream.
        table: As the user named it.
        summary: The sum.
        compared: Columns that were compared, ours → theirs.
        coarser: Those that were compared less finely than ChakraHQ tells, each with how.
        left_out: Columns that were not compared, each with the reason.
        only_there: Columns of the table that are nothing of ChakraHQ's.
        began: When the audit began by ChakraHQ's clock, epoch milliseconds.
        unsure: Why the scan was not complete; empty if it was.
        seconds: How long it took.
    """

    procedure: str
    stream: str
    table: str
    summary: Summary
    compared: Mapping[str, str]
    coarser: Mapping[str, str]
    left_out: Mapping[str, str]
    only_there: tuple[str, ...]
    began: int = 0
    unsure: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def exit_code(self) -> ExitCode:
        """What the audit's end means; with no value compared, nothing agrees."""
        if self.unsure:
            return ExitCode.INCOMPLETE
        return ExitCode.DONE if self.summary.agrees and self.compared else ExitCode.DIFFERS
