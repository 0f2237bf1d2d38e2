"""Makes tables of the rows of pages, a block of rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa

from tap_chakra.second.frames import whole_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.answers import ProcessPage, Row
    from tap_chakra.tables.table_builder import TableBuilder

BLOCK_ROWS: Final = 1000
BLOCK_BYTES: Final = 4 << 20


class Tables(Protocol):
    """Rows of pages that are no table yet."""

    def __len__(self) -> int:
        """How many there are."""

    def add(self, page: ProcessPage, positions: Sequence[int], size: int) -> None:
        """Take rows of a page.

        Args:
            page: The page.
            positions: Positions of the rows in it.
            size: Bytes of the rows as they came, about.
        """

    def taken(self) -> pa.Table:
        """All of them as one table; there are none then."""


class PageTables:
    """Rows of pages that become tables in this process.

    Rows become columns a block at a time, while the machine still has them at hand: ten
    thousand at once cost nearly twice as much each.

    Args:
        builder: Makes the tables.
    """

    def __init__(self, builder: TableBuilder) -> None:
        self._builder = builder
        self._rows: list[Row] = []
        self._tables: list[pa.Table] = []
        self._count = self._unbuilt = 0

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def add(self, page: ProcessPage, positions: Sequence[int], size: int) -> None:
        """Take rows of a page; see `Tables`."""
        if page.heads:
            self.add_rows(whole_rows(page.body, positions), size)
        else:
            self.add_rows([page.rows[at] for at in positions], size)

    def add_rows(self, rows: Sequence[Row], size: int) -> None:
        """Take rows as they came.

        Args:
            rows: The rows.
            size: Their bytes, about.
        """
        self._rows += rows
        self._count += len(rows)
        self._unbuilt += size
        if len(self._rows) >= BLOCK_ROWS or self._unbuilt >= BLOCK_BYTES:
            self._build()

    def taken(self) -> pa.Table:
        """All of them as one table; there are none then."""
        if self._rows or not self._tables:
            self._build()
        tables, self._tables, self._count = self._tables, [], 0
        return pa.concat_tables(tables)

    def _build(self) -> None:
        self._tables.append(self._builder(self._rows))
        self._rows, self._unbuilt = [], 0
