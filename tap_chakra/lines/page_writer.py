"""Writes the rows of one stream as RECORD lines, an answer's at a time: here, or handed over."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from tap_chakra.lines.record_lines import RecordLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.answers import ProcessPage
    from tap_chakra.lines.record_names import RecordNames
    from tap_chakra.lines.second_process_client import SecondProcess
    from tap_chakra.records.row_parser import RowParser
    from tap_chakra.second.beginning import Beginning


class Output(Protocol):
    """Standard output."""

    def write_lines(self, lines: bytes) -> None:
        """Write whole lines."""

    def second(self, rows: int) -> SecondProcess | None:
        """The second process, if there is to be one by now; `rows` more have come."""


class PageWriter:
    """Types and writes rows.

    Args:
        parser: Types them here.
        beginning: What the second process types them from.
        output: Where the lines go.
        renames: Gives records the names that they go out with.
    """

    def __init__(
        self, parser: RowParser, beginning: Beginning, output: Output, renames: RecordNames
    ) -> None:
        self._output = output
        self._renames = renames
        self._parser = parser
        self._beginning = beginning
        self._lines = RecordLines(beginning.stream)
        self._second: SecondProcess | None = None

    @property
    def misfits(self) -> Counter[str]:
        """Values that went to `_extra_data`, by attribute or root field."""
        return self._counted("misfits")

    @property
    def coerced(self) -> Counter[str]:
        """Values that were spelled otherwise than their type, by the same."""
        return self._counted("coerced")

    @property
    def zoneless(self) -> Counter[str]:
        """Times that named no zone, by the same."""
        return self._counted("zoneless")

    @property
    def nul(self) -> Counter[str]:
        """Texts that lost U+0000, by the same."""
        return self._counted("nul")

    def write(
        self, page: ProcessPage, positions: Sequence[int], version: int | None, extracted: str
    ) -> None:
        """Write rows, as they came, as RECORD lines.

        Args:
            page: The page that the rows are from.
            positions: Positions of the rows in it.
            version: The version of the stream; None for none.
            extracted: When they came, ISO 8601.
        """
        if self._second is None:
            self._second = self._output.second(len(positions))
            if self._second is not None:
                self._second.begin(self._beginning)
        if self._second is not None:
            self._second.rows(page, positions, version, extracted)
        else:
            records = self._renames(encoded_records(self._parser, page, positions))
            self._output.write_lines(self._lines.lines(records, version, extracted))

    def _counted(self, name: str) -> Counter[str]:
        here: Counter[str] = getattr(self._parser.typer, name)
        return here if self._second is None else here + Counter(self._second.counts()[name])


def encoded_records(
    parser: RowParser, page: ProcessPage, positions: Sequence[int]
) -> Sequence[bytes]:
    """The records of rows of a page, as JSON.

    Args:
        parser: Types them.
        page: The page.
        positions: Positions of the rows in it that are meant.
    """
    if page.body or page.heads:
        return parser.records(page.body, positions)
    return [parser.record(page.rows[at]) for at in positions]
