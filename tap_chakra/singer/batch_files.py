"""The files of Singer BATCH messages: parquet, typed from the account, and JSON lines.

pyarrow is imported only for parquet: it is slow to import.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
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
    from chakra_api.values.times import Times

FASTEST_LEVEL = 1
"""A level of gzip: more of it costs more time than the rows themselves."""


@dataclass(frozen=True, slots=True)
class Typing:
    """What the rows of a stream are typed from.

    Attributes:
        procedure: Its attributes and states.
        directory: The users.
        times: What times mean in the account.
        deselected: Paths of properties that are left out.
    """

    procedure: Procedure
    directory: Directory
    times: Times
    deselected: tuple[tuple[str, ...], ...] = ()


class JsonLines:
    """Typed records, one a line.

    Args:
        typing: What they are typed from.
    """

    def __init__(self, typing: Typing) -> None:
        self._deselected = typing.deselected
        self._typer = compile_row(
            typing.procedure, typing.directory, typing.times, typing.deselected
        )
        self.misfits: Counter[str] = self._typer.misfits
        self.coerced: Counter[str] = self._typer.coerced
        self.zoneless: Counter[str] = self._typer.zoneless
        self.nul: Counter[str] = self._typer.nul

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
        compression: str | None,
    ) -> None:
        """Write records."""
        lines = b"".join([encode(left_out(record, self._deselected)) + b"\n" for record in records])
        file.write(gzip.compress(lines, FASTEST_LEVEL) if compression == "gzip" else lines)


class Parquet:
    """Rows as they came, typed column by column.

    Args:
        typing: What they are typed from.
    """

    def __init__(self, typing: Typing) -> None:
        from tap_chakra.tables.table_builder import TableBuilder, plain_layout  # noqa: PLC0415 - see above

        self._deselected = typing.deselected
        layout = plain_layout(typing.procedure, "structs")
        self._builder = TableBuilder(
            typing.procedure, typing.directory, layout, typing.times, typing.deselected
        )
        self.misfits: Counter[str] = self._builder.misfits
        self.coerced: Counter[str] = self._builder.coerced
        self.zoneless: Counter[str] = self._builder.zoneless
        self.nul: Counter[str] = self._builder.nul

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
        compression: str | None,
    ) -> None:
        """Write rows."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - see above

        table = _selected(self._builder(records), self._deselected)
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


def files_of(kind: str, typing: Typing) -> JsonLines | Parquet:
    """What writes the files of a format, `parquet` or `jsonl`."""
    return (Parquet if kind == "parquet" else JsonLines)(typing)
