"""Hands rows and lines over to a second process, which writes them in that order."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import orjson

from tap_chakra.lines.second_process import LINES
from tap_chakra.second.frames import BEGIN, COUNTS, ROWS, rows_frame
from tap_chakra.second.python_process import Purpose, PythonProcess, has_second_core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.answers import ProcessPage
    from tap_chakra.second.beginning import Beginning

_PURPOSE: Final = Purpose(
    "tap_chakra.lines.second_process",
    "writes the lines",
    "second_process_from: 0 has this process alone read, type and write",
)


class SecondProcess:
    """The process that types and writes. All that this one prints from now on goes through it.

    Every method may raise what those of `PythonProcess` do.

    Raises:
        NotStarted: There can be none: no further process, no memory, no such module.
    """

    def __init__(self) -> None:
        self._begun: Beginning | None = None
        sys.stdout.flush()
        self._process = PythonProcess(_PURPOSE)

    def begin(self, beginning: Beginning) -> None:
        """Rows of another stream come from now on."""
        self._process.send(BEGIN, beginning.encoded(self._begun))
        self._begun = beginning

    def rows(
        self, page: ProcessPage, positions: Sequence[int], version: int | None, extracted: str
    ) -> None:
        """Have rows of a page, as they came, typed and written as RECORD lines.

        Args:
            page: The page that the rows are from.
            positions: Positions of the rows in it.
            version: The version of the stream; None for none.
            extracted: When they came, ISO 8601.
        """
        self._process.send(ROWS, *rows_frame(page, positions, (version, extracted)))

    def lines(self, lines: bytes) -> None:
        """Have whole lines written."""
        self._process.send(LINES, lines)

    def counts(self) -> dict[str, dict[str, int]]:
        """What was counted of this stream's values, once all before it is written."""
        self._process.send(COUNTS, b"")
        counted: dict[str, dict[str, int]] = orjson.loads(self._process.answered_line())
        return counted

    def close(self, patience: float | None = None) -> None:
        """Wait until everything is written.

        Args:
            patience: Seconds after which a loader that takes its time is waited for no longer:
                the process goes on writing. None to wait as long as it takes.
        """
        self._process.close(patience)


def can_hand_over() -> bool:
    """Whether there is a second core, and a standard output that can be shared."""
    return sys.stdout is sys.__stdout__ and has_second_core()
