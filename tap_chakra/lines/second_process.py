"""The second process types rows and writes lines beside the process that reads.

One Python process can't use a second core. So a long read hands its rows over as they came, and
everything else that is to be printed as the lines that it is, in one order; this process writes to
the standard output that both share. What is handed over (`second_process_client.py`) are frames on
standard input.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

import orjson

from tap_chakra.lines.record_lines import RecordLines
from tap_chakra.lines.record_names import RecordNames
from tap_chakra.naming.column_names import ColumnNames, column_names
from tap_chakra.records.row_parser import RowParser
from tap_chakra.records.row_typer import COUNTED
from tap_chakra.records.schema import process_schema
from tap_chakra.second.beginning import Beginning
from tap_chakra.second.frames import (
    BEGIN,
    COUNTS,
    ROWS,
    rows_in,
    serve,
    whole_rows,
)
from tap_chakra.whole_files import write_all

if TYPE_CHECKING:
    from chakra_api.account.account import Account
    from chakra_api.account.people import Directory

LINES = b"L"
"""The kind of a frame that is lines."""


class Work:
    """What this process does with frames.

    Args:
        out: Where lines go.
        counts: Where counts go when they are asked for.
    """

    def __init__(self, out: int, counts: int) -> None:
        self._print = partial(write_all, partial(os.write, out))
        self._answer = partial(write_all, partial(os.write, counts))
        self._parser: RowParser | None = None
        self._lines = RecordLines("")
        self._renames = RecordNames(ColumnNames({}, {}))
        self._resolved: tuple[Account, Directory] | None = None

    def take(self, kind: bytes, body: bytes) -> None:
        """Do what a frame asks for."""
        if kind == LINES:
            self._print(body)
        elif kind == BEGIN:
            self._begin(Beginning.decoded(body))
        elif self._parser is not None and kind == ROWS:
            self._print(self._typed(self._parser, body))
        elif self._parser is not None and kind == COUNTS:
            said = {name: getattr(self._parser.typer, name) for name in COUNTED}
            self._answer(orjson.dumps(said) + b"\n")

    def _begin(self, beginning: Beginning) -> None:
        if self._resolved is None or beginning.config:
            self._resolved = beginning.resolved()
        procedure, directory, times = beginning.typing(self._resolved)
        self._parser = RowParser(procedure, directory, times, beginning.deselected)
        schema = process_schema(procedure)
        self._renames = RecordNames(column_names(beginning.column_names, schema))
        self._lines = RecordLines(beginning.stream)

    def _typed(self, parser: RowParser, body: bytes) -> bytes:
        (version, extracted), positions, content = rows_in(body)
        if positions is None:
            records = list(map(parser.record, whole_rows(content, None)))
        else:
            records = parser.records(content, positions)
        return self._lines.lines(self._renames(records), version, extracted)


def main(answers: int) -> None:
    """Work until the input ends.

    Args:
        answers: The open file to answer on.
    """
    serve(answers, Work(sys.stdout.fileno(), answers).take)
