"""A table of results in a file, fit to be loaded: parquet, CSV or JSON lines, by its name.

It has its name once all of it is on the disk, and is its owner's alone. Rows go out as they come,
so that memory does not grow with them.
"""

from __future__ import annotations

import contextlib
import csv
import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from chakra_api.errors import SettingsError
from chakra_api.values.timestamps import iso_ms
from chakra_api.wire.wire_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import TextIO

    from typing_extensions import Self

_AT_ONCE: Final = 5_000
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


class Holds(Enum):
    """What a column of results holds."""

    TEXT = "text"
    TEXTS = "texts"
    """A list of texts; in CSV joined by commas."""
    TIME = "time"
    """Epoch milliseconds; in CSV and JSON lines ISO 8601."""
    NUMBER = "number"
    """A whole number."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of results.

    Attributes:
        name: Its name.
        holds: What its values are; any may be None.
    """

    name: str
    holds: Holds = Holds.TEXT


class _Writer(Protocol):
    def write(self, rows: Sequence[Mapping[str, object]]) -> None: ...

    def close(self) -> None: ...


class ResultsFile:
    """Writes results; use it as a context: the file is there if that ends well.

    Args:
        path: The file; `.parquet`, `.csv` or `.jsonl`.
        columns: Its columns, in order.

    Raises:
        SettingsError: It is none of these, or can't be written.
    """

    def __init__(self, path: Path, columns: Sequence[ResultColumn]) -> None:
        makes = _WRITERS.get(path.suffix.lower())
        if makes is None:
            raise SettingsError(
                f"The results file '{path}' is of no form that can be written",
                f"End its name in {', '.join(_WRITERS)}",
            )
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._rows: list[Mapping[str, object]] = []
        try:
            with contextlib.suppress(FileNotFoundError):
                self._part.unlink()
            number = os.open(self._part, _NEW, 0o600)
        except OSError as error:
            raise SettingsError(
                f"The results file '{path}' can't be written: {error.strerror}",
                "Name a file in a folder where this user may write",
            ) from None
        os.close(number)
        self._writer = makes(self._part, columns)

    def add(self, row: Mapping[str, object]) -> None:
        """Write a row, by column; what it has no value for is empty.

        Raises:
            OSError: The disk is full.
        """
        self._rows.append(row)
        if len(self._rows) >= _AT_ONCE:
            self._write()

    def _write(self) -> None:
        self._writer.write(self._rows)
        self._rows = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._write()
            self._writer.close()
            if kind is None:
                self._part.replace(self._path)
        finally:
            with contextlib.suppress(OSError):
                self._part.unlink()


class _Csv:
    """CSV with a header."""

    def __init__(self, path: Path, columns: Sequence[ResultColumn]) -> None:
        self._columns = columns
        self._file: TextIO = path.open("w", encoding="utf-8", newline="", errors="replace")
        self._csv = csv.writer(self._file)
        self._csv.writerow([each.name for each in columns])

    def write(self, rows: Sequence[Mapping[str, object]]) -> None:
        for row in rows:
            self._csv.writerow([_cell(row.get(each.name), each.holds) for each in self._columns])

    def close(self) -> None:
        self._file.close()


class _JsonLines:
    """A JSON object a line."""

    def __init__(self, path: Path, columns: Sequence[ResultColumn]) -> None:
        self._columns = columns
        self._file = path.open("wb")

    def write(self, rows: Sequence[Mapping[str, object]]) -> None:
        for row in rows:
            line = {each.name: _json(row.get(each.name), each.holds) for each in self._columns}
            self._file.write(encode(line) + b"\n")

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Parquet, with a type for each column, also where there are no rows."""

    def __init__(self, path: Path, columns: Sequence[ResultColumn]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - a plain run needs none of it
        from pyarrow import parquet  # noqa: PLC0415 - the same

        self._arrow = pa
        types: dict[Holds, Any] = {
            Holds.TEXT: pa.string(),
            Holds.TEXTS: pa.list_(pa.string()),
            Holds.TIME: pa.timestamp("ms", tz="UTC"),
            Holds.NUMBER: pa.int64(),
        }
        self._schema = pa.schema([pa.field(each.name, types[each.holds]) for each in columns])
        self._writer = parquet.ParquetWriter(path, self._schema)

    def write(self, rows: Sequence[Mapping[str, object]]) -> None:
        pa = self._arrow
        arrays = [
            pa.array([_storable(row.get(field.name)) for row in rows], field.type)
            for field in self._schema
        ]
        if rows:
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _storable(value: object) -> object:
    """A value as Arrow takes it: half an emoji, which JSON can hold, is no UTF-8."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return list(value) if isinstance(value, tuple) else value


def _cell(value: object, holds: Holds) -> object:
    if holds is Holds.TEXTS and isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return _json(value, holds)


def _json(value: object, holds: Holds) -> object:
    return iso_ms(value) if holds is Holds.TIME and isinstance(value, int) else value


_WRITERS: Final[dict[str, Callable[[Path, Sequence[ResultColumn]], _Writer]]] = {
    ".parquet": _Parquet,
    ".csv": _Csv,
    ".jsonl": _JsonLines,
}
