"""Tables and colour for people: where somebody looks, a table as wide as the terminal; else text.

Whether a command prints for people or JSON for scripts is its own to decide (`somebody_looks`).
Colour goes to terminals alone; `NO_COLOR` and `TERM=dumb` keep it off, `FORCE_COLOR` has it also
where nobody looks. Whatever a text holds is shown, and does nothing: markup means nothing in it,
and what is not seen stands as its escape.
"""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click

from chakra_api.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Tone(Enum):
    """What a text says by its colour, beside its words; the terminal's own colours."""

    PLAIN = ""
    GOOD = "green"
    WARNING = "yellow"
    BAD = "red"
    FAINT = "dim"
    HEADING = "bold"


@dataclass(frozen=True, slots=True)
class Toned:
    """A text with a tone."""

    text: str
    tone: Tone


_SHORT: Final = 20
"""Characters of a column that is never wrapped."""
Cell: TypeAlias = "str | Toned"
"""What stands in one place of a table."""


def somebody_looks(*, err: bool = False) -> bool:
    """Whether standard output is a terminal.

    Args:
        err: Whether standard error is asked about.
    """
    stream = sys.stderr if err else sys.stdout
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it was closed
        return False


def has_colour(*, err: bool = False) -> bool:
    """Whether colour is wanted on standard output, or on standard error."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return somebody_looks(err=err) and os.environ.get("TERM") not in {"dumb", "unknown"}


def tell_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    numeric: Collection[int] = (),
    err: bool = False,
) -> None:
    """Print a table; where nobody looks as aligned text, one line a row, nothing cut or wrapped.

    Args:
        headers: What stands above each column.
        rows: The cells of each row, as many as there are headers.
        numeric: Which columns hold numbers, from 0: those stand to the right.
        err: Whether to standard error.
    """
    if somebody_looks(err=err):
        shown = _table(headers, rows, numeric, err=err)
    else:
        shown = _aligned(headers, rows, numeric, err=err)
    click.echo(shown, err=err, color=True)


def tell_toned(parts: Sequence[Cell], *, err: bool = False) -> None:
    """Print a line for a person, parts of it in their tone.

    Args:
        parts: What the line is made of, blanks included.
        err: Whether to standard error.
    """
    click.echo("".join(_toned(part, err=err) for part in parts), err=err, color=True)


def _aligned(
    headers: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    numeric: Collection[int],
    *,
    err: bool,
) -> str:
    from rich.cells import cell_len  # noqa: PLC0415 - a plain run needs none of it

    lines: list[Sequence[Cell]] = [[Toned(each, Tone.HEADING) for each in headers], *rows]
    widths = _widths(lines)
    shown = []
    for line in lines:
        cells = []
        for at, (cell, width) in enumerate(zip(line, widths, strict=True)):
            blank = " " * (width - cell_len(_text(cell)))
            toned = _toned(cell, err=err)
            cells.append(blank + toned if at in numeric else toned + blank)
        shown.append("  ".join(cells).rstrip())
    return "\n".join(shown)


def _widths(lines: Sequence[Sequence[Cell]]) -> list[int]:
    """The width of each column: its widest cell."""
    from rich.cells import cell_len  # noqa: PLC0415 - a plain run needs none of it

    return [max(map(cell_len, map(_text, column))) for column in zip(*lines, strict=True)]


def _table(
    headers: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    numeric: Collection[int],
    *,
    err: bool,
) -> str:
    from rich import box  # noqa: PLC0415 - a plain run needs none of it
    from rich.table import Table  # noqa: PLC0415 - the same

    console = _console(err=err)
    lines = box.SIMPLE_HEAD if _is_unicode(err=err) else box.ASCII
    bold = Tone.HEADING.value
    table = Table(box=lines, show_edge=False, pad_edge=False, header_style=bold)
    for at, (header, width) in enumerate(zip(headers, _widths([headers, *rows]), strict=True)):
        # What does not fit goes on below: a key or an id that is cut is of no use. What is short
        # stays whole.
        least = width if at in numeric or width <= _SHORT else None
        justify: Any = "right" if at in numeric else "left"
        table.add_column(_rich(header), justify=justify, overflow="fold", min_width=least)
    for row in rows:
        table.add_row(*map(_rich, row))
    console.print(table, crop=False)
    written = console.file
    assert isinstance(written, io.StringIO)  # noqa: S101 - made below
    return "\n".join(line.rstrip() for line in written.getvalue().strip("\n").split("\n"))


def _console(*, err: bool) -> Any:  # noqa: ANN401 - rich's, imported late
    from rich.console import Console  # noqa: PLC0415 - a plain run needs none of it

    return Console(
        file=io.StringIO(),
        width=None,
        force_terminal=has_colour(err=err),
        color_system="standard" if has_colour(err=err) else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )


def _rich(cell: Cell) -> Any:  # noqa: ANN401 - rich's, imported late
    from rich.text import Text  # noqa: PLC0415 - a plain run needs none of it

    return Text(_text(cell), style=cell.tone.value if isinstance(cell, Toned) else "")


def _text(cell: Cell) -> str:
    return printable(cell.text if isinstance(cell, Toned) else cell)


_ESCAPES = {
    Tone.GOOD: "\x1b[32m",
    Tone.WARNING: "\x1b[33m",
    Tone.BAD: "\x1b[31m",
    Tone.FAINT: "\x1b[2m",
    Tone.HEADING: "\x1b[1m",
}


def _toned(cell: Cell, *, err: bool) -> str:
    text = _text(cell)
    if isinstance(cell, str) or cell.tone is Tone.PLAIN or not has_colour(err=err):
        return text
    return f"{_ESCAPES[cell.tone]}{text}\x1b[0m"


def _is_unicode(*, err: bool) -> bool:
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or ""
    return str(encoding).lower().startswith("utf")
