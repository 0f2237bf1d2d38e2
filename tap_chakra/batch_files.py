"""The files of Singer BATCH messages: parquet, typed from the account, and JSON lines.

pyarrow is imported only for parquet: it is slow to import.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from chakra_api.wire_json import encode
from tap_chakra.rows import compile_row

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Sequence
    from typing import IO

    from chakra_api.account import Procedure
    from chakra_api.client import Row
    from chakra_api.people import Directory
    from tap_chakra.rows import RowTyper

FASTEST = 1
"""A level of gzip: more of it costs more time than the rows themselves."""


class JsonLines:
    """Typed records, one a line.

    Args:
        procedure: Its attributes and states.
        directory: The users.
    """

    def __init__(self, procedure: Procedure, directory: Directory) -> None:
        self.typed: RowTyper = compile_row(procedure, directory)
        self.misfits: Counter[str] = self.typed.misfits
        self.coerced: Counter[str] = self.typed.coerced

    def ending(self, compression: str | None) -> str:
        """How the name of a file ends."""
        return "json.gz" if compression == "gzip" else "json"

    def write(
        self,
        file: IO[bytes],
        records: Sequence[Row],
        left_out: Collection[str],
        compression: str | None,
    ) -> None:
        """Write records without the columns that are not wanted."""
        wanted = [
            {name: value for name, value in record.items() if name not in left_out}
            if left_out
            else record
            for record in records
        ]
        lines = b"".join([encode(record) + b"\n" for record in wanted])
        file.write(gzip.compress(lines, FASTEST) if compression == "gzip" else lines)


class Parquet:
    """Rows as they came, typed column by column.

    Args:
        procedure: Its attributes and states.
        directory: The users.
    """

    def __init__(self, procedure: Procedure, directory: Directory) -> None:
        from tap_chakra.arrow import TableBuilder, plain_shape  # noqa: PLC0415 - see above

        self._builder = TableBuilder(procedure, directory, plain_shape(procedure, "structs"))
        self.misfits: Counter[str] = self._builder.misfits
        self.coerced: Counter[str] = self._builder.coerced

    def typed(self, row: Row) -> Row:
        """The row itself: columns are typed when they are written."""
        return row

    def ending(self, compression: str | None) -> str:  # noqa: ARG002 - as for the other format
        """How the name of a file ends."""
        return "parquet"

    def write(
        self,
        file: IO[bytes],
        records: Sequence[Row],
        left_out: Collection[str],
        compression: str | None,
    ) -> None:
        """Write rows without the columns that are not wanted."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - see above

        table = self._builder(records)
        wanted = [name for name in table.column_names if name not in left_out]
        pq.write_table(table.select(wanted), file, compression=compression or "snappy")


def files_of(kind: str, procedure: Procedure, directory: Directory) -> JsonLines | Parquet:
    """What writes the files of a format, `parquet` or `jsonl`."""
    return (Parquet if kind == "parquet" else JsonLines)(procedure, directory)
