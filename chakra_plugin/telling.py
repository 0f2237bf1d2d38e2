"""The one place from which commands print: for people, and JSON for machines.

`tests/house/test_printing.py` holds every room to it.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import click

from chakra_api.printable import printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Sequence


def tell(line: str, *, err: bool = False) -> None:
    """Print a line for a person; what is not seen in it as its escape.

    Args:
        line: What to print.
        err: Whether to standard error.
    """
    click.echo(printable(line), err=err)


def tell_json(lines: str, *, err: bool = False) -> None:
    """Print JSON; it means what it meant, and holds nothing that a terminal obeys.

    Args:
        lines: One object, or several lines of one.
        err: Whether to standard error.
    """
    shown = "\n".join(printable_json(line) for line in lines.split("\n"))
    click.echo(shown, err=err)


def tell_csv(cells: Sequence[str]) -> None:
    """Print a record of CSV (RFC 4180); what is not seen in a cell as its escape."""
    written = io.StringIO()
    csv.writer(written).writerow([printable(cell) for cell in cells])
    click.echo(written.getvalue(), nl=False)


def tell_page(text: str) -> None:
    """Print a text of ours of several lines."""
    click.echo("\n".join(map(printable, text.split("\n"))))
