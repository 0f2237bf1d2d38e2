"""What a page is made of: values, no markup. Every text may hold anything; it is shown as it is.

A page is sections, a section is parts. To show a listing of thousands of rows with a search box and
filters, give a `SearchTable`:

    SearchTable(
        "Actions of the plan",
        (Column("kind", choose=True), Column("key"), Column("field", choose=True),
         Column("before"), Column("after"), Column("line", is_number=True)),
        rows,
    )

and `write_page(path, render(Page(...)))` (`page_file.py`, `environment.py`). Its rows are JSON in
the page, and the first `SHOWN` are rows of the table, too, so that it reads without JavaScript; the
script draws those that match, `SHOWN` more at a time. 50,000 rows of six columns are 5 MB, found in
a blink; more than that nobody reads: give the first of them, and say so in `note`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN: Final = 100
"""Rows of a search table that are drawn at once."""

Cell: TypeAlias = "str | int | float | None"


class Tone(str, Enum):
    """How something is meant, said by colour beside the words; never by colour alone."""

    PLAIN = "plain"
    GOOD = "good"
    NOTICE = "notice"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence or two."""

    kind: ClassVar[str] = "said"
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Fact:
    """A thing and its value; a number gets its thousands apart.

    Attributes:
        name: What it is.
        value: How it is.
        tone: How that is meant.
        note: A few words more.
    """

    name: str
    value: Cell
    tone: Tone = Tone.PLAIN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """A few things and their values, side by side; large ones are the figures of a page."""

    kind: ClassVar[str] = "facts"
    facts: Sequence[Fact]
    large: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its header.
        is_number: Whether it is set to the right, and sorted by size.
        choose: Whether a search table offers its values to choose from; at most some dozens.
    """

    name: str
    is_number: bool = False
    choose: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A short table: the first column names its row.

    Attributes:
        caption: What it shows.
        columns: Its columns.
        rows: A cell for each column; a number gets its thousands apart.
        folded: Whether it is shown once it is asked for.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class SearchTable:
    """A long table with a search box, choices and sorting.

    Attributes:
        caption: What it shows.
        columns: Its columns.
        rows: A cell for each column.
        note: What is to be known of it: that it shows the first of many.
    """

    kind: ClassVar[str] = "search"
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, one for each place of a chart.

    Attributes:
        name: What is counted.
        values: One for each label of its chart.
        hue: 1 to 8; equal things have equal hues in all charts of a page.
    """

    name: str
    values: Sequence[float]
    hue: int = 1


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of bars, one upon the other where there are several series; its values as a table.

    Attributes:
        caption: What it shows.
        labels: Of the places, from left to right.
        series: What is drawn, from below.
        unit: What is counted: `rows`.
        ends: What stands under the chart at its left and right end.
    """

    kind: ClassVar[str] = "bars"
    caption: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    ends: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a strip, from 0 (left) to 1 (right).

    Attributes:
        begin: Where it begins.
        end: Where it ends; what is narrower than a hair is drawn as one.
        label: What it is.
        hue: 1 to 8.
    """

    begin: float
    end: float
    label: str
    hue: int = 1


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of spans."""

    name: str
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Strips:
    """Spans over time, strip under strip.

    Attributes:
        caption: What it shows.
        strips: From above.
        ends: What stands under it at its left and right end.
        legend: What each hue means.
    """

    kind: ClassVar[str] = "strips"
    caption: str
    strips: Sequence[Strip]
    ends: tuple[str, str]
    legend: Sequence[tuple[int, str]] = ()


Part: TypeAlias = "Said | Facts | Table | SearchTable | Bars | Strips"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and what stands under it."""

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        title: Its title, in the window and at its head.
        lead: Under its title: what it is of, and from when.
        sections: What follows.
        foot: Its last line: what made it, how to make it again.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    foot: str = ""
