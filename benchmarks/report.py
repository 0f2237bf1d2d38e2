"""What came out, as Markdown: figures beside their targets, and a table for each part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that has a target.

    Attributes:
        name: What was measured.
        value: As the table shows it.
        target: The same.
        met: Whether it is reached.
    """

    name: str
    value: str
    target: str
    met: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        head: Its columns.
        rows: A text for each column.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """As Markdown; the first column is text, the others numbers."""
        rule = ["---", *("---:" for _ in self.head[1:])]
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.head, rule, *self.rows))


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the benchmark measured.

    Attributes:
        title: Its heading.
        figures: Those with a target.
        tables: All numbers.
        notes: How they came about.
        picture: What the picture shows of it, by the name of its panel.
    """

    title: str
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    picture: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def markdown(self) -> str:
        """Its section."""
        blocks = [f"## {self.title}", *(table.markdown() for table in self.tables), *self.notes]
        return "\n\n".join(blocks)


def figures_table(parts: Iterable[Part]) -> str:
    """The figures of all parts beside their targets."""
    rows = [
        (figure.name, figure.value, figure.target, "yes" if figure.met else "**no**")
        for part in parts
        for figure in part.figures
    ]
    return Table(("figure", "measured", "target", "reached"), tuple(rows)).markdown()


def document(machine: str, parts: Iterable[Part]) -> str:
    """The whole page."""
    listed = list(parts)
    blocks = [
        "# The tap, measured",
        "Written by `make bench`.",
        machine,
        "![Rows per second, CPU, memory and requests over time](tap.png)",
        figures_table(listed),
        *(part.markdown() for part in listed),
    ]
    return "\n\n".join(blocks) + "\n"
