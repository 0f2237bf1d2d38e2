"""The files of Singer BATCH messages: JSON lines and parquet, which hold what RECORDs would.

singer-sdk's own writers pass by stream maps and flattening, guess the types of a parquet file from
the rows in it, and heed no `compression: none`.

pyarrow is imported only for parquet: it is slow to import.
"""

from __future__ import annotations

import gzip
import os
import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from singer_sdk.contrib.msgspec import encoder
from singer_sdk.helpers._batch import SDKBatchMessage

from chakra_api.errors import NO_ROOM, OutputFault, SettingsError
from tap_chakra.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa
    from singer_sdk.helpers._batch import BatchConfig

    from chakra_api.endpoints.client import Row
    from chakra_api.errors import ChakraError
    from tap_chakra.tables.table_builder import TableBuilder

FASTEST_LEVEL: Final = 1
"""A level of gzip: more of it costs more time than the rows themselves."""
PARQUET: Final = "parquet"
BATCH_BYTES: Final = 12 << 20
"""Bytes of rows, as they came, at which a file is cut, however few rows they are."""
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]")
"""What the name of a stream may hold and no name of a file should: URLs escape it, or mean it."""
_LONGEST: Final = 150
"""Characters of a stream's name that the name of a file shows."""


class FileNames:
    """Names of the files of a run, of letters, digits, dots, `_` and `-`: no two are the same.

    One for all streams, since an alias may send several out under one name.

    Args:
        run: What tells the files of this run from those of others.
    """

    def __init__(self, run: str) -> None:
        self._run = run
        self._numbers = count(1)

    def next(self, stream: str, ending: str) -> str:
        """The name of the next file.

        Args:
            stream: The name under which the records go out.
            ending: What comes behind the last dot: `json.gz`.
        """
        # Each odd character becomes its number between two dots, so two streams stay two.
        shown = _ODD.sub(lambda odd: f".{ord(odd[0]):x}.", stream)[:_LONGEST]
        return f"tap-chakra--{shown}-{self._run}-{next(self._numbers)}.{ending}"


class FileContent(Protocol):
    """What is kept of the rows of one stream until a file is written."""

    def __len__(self) -> int:
        """How many rows are kept."""

    def ending(self, compression: str | None) -> str:
        """How the name of a file ends."""

    def taken(self, compression: str | None) -> bytes:
        """The content of a file of all rows that are kept; none is kept then."""


class JsonLines:
    """Records as JSON, one a line."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def __len__(self) -> int:
        """How many rows are kept."""
        return len(self._lines)

    def keep(self, record: Row) -> None:
        """Keep a record, as its RECORD message would hold it."""
        self._lines.append(encoder.encode(record))

    def keep_encoded(self, records: Sequence[bytes]) -> None:
        """Keep records that are JSON already."""
        self._lines += records

    def ending(self, compression: str | None) -> str:
        """How the name of a file ends."""
        return "json.gz" if compression == "gzip" else "json"

    def taken(self, compression: str | None) -> bytes:
        """The content of a file of all records that are kept."""
        lines, self._lines = b"".join([line + b"\n" for line in self._lines]), []
        return gzip.compress(lines, FASTEST_LEVEL) if compression == "gzip" else lines


class ParquetRecords:
    """Records as a table, with the types that the SCHEMA message announces.

    Args:
        stream: Its name, for errors.
        schema: The JSON Schema of its records.
    """

    def __init__(self, stream: str, schema: Mapping[str, Any]) -> None:
        self._stream = stream
        self._schema = schema
        self._records: list[Row] = []

    def __len__(self) -> int:
        """How many rows are kept."""
        return len(self._records)

    def keep(self, record: Row) -> None:
        """Keep a record."""
        self._records.append(record)

    def ending(self, compression: str | None) -> str:  # noqa: ARG002 - as for the other format
        """How the name of a file ends."""
        return "parquet"

    def taken(self, compression: str | None) -> bytes:
        """The content of a file of all records that are kept.

        Raises:
            SettingsError: A stream map made a value that does not fit its column.
        """
        from tap_chakra.tables.record_tables import Unfit, table_of  # noqa: PLC0415 - see above

        records, self._records = self._records, []
        try:
            table = table_of(self._schema, records)
        except Unfit as error:
            raise SettingsError(
                f"A value of '{self._stream}' does not fit its parquet column: {error}",
                "Put int(...), float(...), bool(...) or str(...) around the whole expression of"
                " its stream map: it gives the column its type",
            ) from None
        return _parquet(table, compression)


class ParquetRows:
    """Rows as they came, typed column by column.

    Args:
        builder: Makes tables of them.
        deselected: Paths of properties that are left out.
    """

    def __init__(self, builder: TableBuilder, deselected: Collection[tuple[str, ...]]) -> None:
        self._builder = builder
        self._deselected = deselected
        self._rows: list[Row] = []

    def __len__(self) -> int:
        """How many rows are kept."""
        return len(self._rows)

    def keep_rows(self, rows: Sequence[Row]) -> None:
        """Keep rows as they came."""
        self._rows += rows

    def ending(self, compression: str | None) -> str:  # noqa: ARG002 - as for the other format
        """How the name of a file ends."""
        return "parquet"

    def taken(self, compression: str | None) -> bytes:
        """The content of a file of all rows that are kept."""
        rows, self._rows = self._rows, []
        return _parquet(_selected(self._builder(rows), self._deselected), compression)


RecordContent = JsonLines | ParquetRecords


def record_content(kind: str, stream: str, schema: Mapping[str, Any]) -> RecordContent:
    """What keeps the records of a stream for files of a format, `parquet` or `jsonl`."""
    return ParquetRecords(stream, schema) if kind == PARQUET else JsonLines()


class BatchOutput:
    """Writes the files of one stream; one for each name under which its records go out.

    Args:
        config: The format, the place, and how many rows a file has.
        names: Names the files of the run.
        contents: What is kept for a file, by the name that goes out.
    """

    def __init__(
        self, config: BatchConfig, names: FileNames, contents: Mapping[str, FileContent]
    ) -> None:
        self._config = config
        self._names = names
        self._contents = contents

    @property
    def rows(self) -> int:
        """Rows that are kept: of the name that has most."""
        return max(map(len, self._contents.values()), default=0)

    @property
    def is_due(self) -> bool:
        """Whether there are enough for a file."""
        return self.rows >= self._config.batch_size

    def written(self) -> Iterator[SDKBatchMessage]:
        """Write what is kept; the messages that tell of it.

        Raises:
            OutputFault: There is no room for it.
            SettingsError: It can't be written there.
        """
        encoding = self._config.encoding
        for name, content in self._contents.items():
            if len(content):
                file = self._names.next(name, content.ending(encoding.compression))
                url = self._write(file, content.taken(encoding.compression))
                yield SDKBatchMessage(stream=name, encoding=encoding, manifest=[url])

    def _write(self, name: str, content: bytes) -> str:
        storage = self._config.storage
        name = f"{storage.prefix or ''}{name}"
        try:
            if storage.root.startswith("file://"):
                write_whole(Path(storage.root.removeprefix("file://"), name), content)
            else:
                with storage.open(name, "wb") as file:
                    file.write(content)
            return storage.get_url(name)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001
            # The writers of files, at whatever place, have errors of their own.
            raise _unwritten(name, storage.root, error) from None


def _unwritten(name: str, root: str, error: Exception) -> ChakraError:
    """What is said of a file that can't be written; nothing of it is left."""
    number = error.errno if isinstance(error, OSError) else None
    said = os.strerror(number) if number else error
    cause = f"The BATCH file '{name}' can't be written to '{root}': {said}"
    if number in NO_ROOM:
        return OutputFault(cause, "Make room there, then run it again to go on")
    return SettingsError(
        cause, "Set batch_config.storage.root to a folder, or a URL, that can be written to"
    )


def _parquet(table: pa.Table, compression: str | None) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - see above
    import pyarrow.parquet as pq  # noqa: PLC0415 - see above

    file = pa.BufferOutputStream()
    pq.write_table(table, file, compression=compression or "snappy")
    content: bytes = file.getvalue().to_pybytes()
    return content


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
