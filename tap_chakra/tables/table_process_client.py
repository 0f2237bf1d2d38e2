"""Hands rows over to a second process, which makes tables of them."""

from __future__ import annotations

from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow as pa

from tap_chakra.second.frames import BEGIN, COUNTS, ROWS, rows_frame
from tap_chakra.second.python_process import Purpose, PythonProcess
from tap_chakra.tables.table_process import TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.answers import ProcessPage
    from tap_chakra.second.beginning import Beginning

PURPOSE: Final = Purpose(
    "tap_chakra.tables.table_process",
    "makes the tables",
    "second_process_from=0 has this process alone read and type",
)


class TableProcess:
    """The process that makes tables, for all streams of a run: they take turns.

    Raises:
        NotStarted: There can be none: no further process, no memory, no such module.
    """

    def __init__(self) -> None:
        self._process = PythonProcess(PURPOSE)
        self._begun: Beginning | None = None
        self._numbers = count()
        self._turn = Lock()

    def begin(self, beginning: Beginning, layout: Sequence[Any]) -> HandedOver:
        """Have tables made of a stream.

        Args:
            beginning: What its rows are typed from.
            layout: Of its attributes; see `spelled_layout`.
        """
        with self._turn:
            number = next(self._numbers)
            head = orjson.dumps([number, layout]) + b"\n"
            self._process.send(BEGIN, head, beginning.encoded(self._begun))
            self._begun = beginning
        return HandedOver(self, number)

    def rows(self, page: ProcessPage, positions: Sequence[int], said: tuple[int, int]) -> None:
        """Hand over rows of a page.

        Args:
            page: The page.
            positions: Positions of the rows in it.
            said: The stream's number, and the bytes of the rows, about.
        """
        with self._turn:
            self._process.send(ROWS, *rows_frame(page, positions, said))

    def table(self, number: int) -> pa.Table:
        """The table of all rows of a stream that came since its last one."""
        with self._turn:
            self._process.send(TABLE, b"%d" % number)
            return pa.ipc.open_stream(self._process.answered()).read_all()

    def counts(self, number: int) -> dict[str, dict[str, int]]:
        """What was counted of a stream's values."""
        with self._turn:
            self._process.send(COUNTS, b"%d" % number)
            counted: dict[str, dict[str, int]] = orjson.loads(self._process.answered_line())
        return counted

    def close(self) -> None:
        """End it: all that anybody wants of it was taken."""
        self._process.abandon()


class HandedOver:
    """Rows of pages that become tables in a second process; see `Tables`.

    Every method may raise what those of `PythonProcess` do.

    Args:
        process: The second process.
        number: Of the stream.
    """

    def __init__(self, process: TableProcess, number: int) -> None:
        self._process = process
        self._number = number
        self._count = 0

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def add(self, page: ProcessPage, positions: Sequence[int], size: int) -> None:
        """Take rows of a page; see `Tables`."""
        if positions:
            self._process.rows(page, positions, (self._number, size))
            self._count += len(positions)

    def taken(self) -> pa.Table:
        """All of them as one table; there are none then.

        Raises:
            RuntimeError: It has not as many rows: a fault of ours.
        """
        table = self._process.table(self._number)
        if table.num_rows != self._count:
            raise RuntimeError(
                f"{self._count} rows were handed over, and {table.num_rows} came back"
            )
        self._count = 0
        return table

    def counts(self) -> dict[str, dict[str, int]]:
        """What was counted of this stream's values, by what is counted."""
        return self._process.counts(self._number)
