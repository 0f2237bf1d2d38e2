"""The files of Singer BATCH messages: parquet, typed from the account, and JSON lines.

pyarrow is imported only for parquet: it is slow to import.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from chakra_api.wire.wire_json import encode
from tap_chakra.records.row_typer import compile_row
from tap_chakra.records.selection import left_out

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Sequence
    from typing import IO

    import pyarrow as pa

    from chakra_api.account.account import Procedure
    from chakra_api.account.people import Directory
    from chakra_api.endpoints.client import Row

FASTEST_LEVEL = 1
"""A level of gzip: more of it costs more time than the rows themselves."""


class JsonLines:
    """Typed records, one a line.

    Args:
        procedure: Its attributes and states.
        directory: The users.
    """

    def __init__(self, procedure: Procedure, directory: Directory) -> None:
        self._typer = compile_row(procedure, directory)
        self.misfits: Counter[str] = self._typer.misfits
        self.coerced: Counter[str] = self._typer.coerced

    def kept(self, rows: Sequence[Row]) -> list[Row]:
        """What is kept of rows until a file is written: their typed records."""
        return [*map(self._typer, rows)]

    def ending(self, compression: str | None) -> str:
        """How the name of a file ends."""
        return "json.gz" if compression == "gzip" else "json"

    def write(
        self,
        file: IO[bytes],
        records: Sequence[Row],
        deselected: Collection[tuple[str, ...]],
        compression: str | None,
    ) -> None:
        """Write records without the properties at these paths."""
        lines = b"".join([encode(left_out(record, deselected)) + b"\n" for record in records])
        file.write(gzip.compress(lines, FASTEST_LEVEL) if compression == "gzip" else lines)


class Parquet:
    """Rows as they came, typed column by column.

    Args:
        procedure: Its attributes and states.
        directory: The users.
    """

    def __init__(self, procedure: Procedure, directory: Directory) -> None:
        from tap_chakra.tables.table_builder import TableBuilder, plain_layout  # noqa: PLC0415 - see above

        self._builder = TableBuilder(procedure, directory, plain_layout(procedure, "structs"))
        self.misfits: Counter[str] = self._builder.misfits
        self.coerced: Counter[str] = self._builder.coerced

    def kept(self, rows: Sequence[Row]) -> list[Row]:
        """What is kept of rows until a file is written: the rows; columns are typed then."""
        return [*rows]

    def ending(self, compression: str | None) -> str:  # noqa: ARG002 - as for the other format
        """How the name of a file ends."""
        return "parquet"

    def write(
        self,
        file: IO[bytes],
        records: Sequence[Row],
        deselected: Collection[tuple[str, ...]],
        compression: str | None,
    ) -> None:
        """Write rows without the properties at these paths."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - see above

        table = _selected(self._builder(records), deselected)
        pq.write_table(table, file, compression=compression or "snappy")


def _selected(table: pa.Table, deselected: Collection[tuple[str, ...]]) -> pa.Table:
    """The table without columns, and without fields of columns that are objects."""
    import pyarrow as pa  # noqa: PLC0415 - see above

    for name in {path[0] for path in deselected} & {*table.column_names}:
        column = table[name].combine_chunks()
        whole = (name,) in deselected or not pa.types.is_struct(column.type)
        kept = (
            []
            if whole
            else [field for field in column.type if (name, field.name) not in deselected]
        )
        place = table.column_names.index(name)
        if not kept:
            table = table.remove_column(place)
            continue
        parts = [column.field(field.name) for field in kept]
        fewer = pa.StructArray.from_arrays(parts, fields=kept, mask=column.is_null())
        table = table.set_column(place, name, fewer)
    return table


def files_of(kind: str, procedure: Procedure, directory: Directory) -> JsonLines | Parquet:
    """What writes the files of a format, `parquet` or `jsonl`."""
    return (Parquet if kind == "parquet" else JsonLines)(procedure, directory)
