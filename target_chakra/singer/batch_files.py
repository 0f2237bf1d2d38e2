"""Reads the rows of a BATCH message's files, each value as exactly as a RECORD would carry it.

The SDK's own readers make numbers of JSON lines decimals of another spelling, and objects of
Python of what parquet holds: a row must mean the same by whichever way it comes.
"""

from __future__ import annotations

import base64
import gzip
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from singer_sdk.helpers._batch import BatchFileFormat, StorageTarget

from chakra_api.values import exact_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    from singer_sdk.helpers._batch import BaseBatchFileEncoding


def rows_of(
    path: str, encoding: BaseBatchFileEncoding, storage: StorageTarget | None
) -> Iterator[object]:
    """The rows of a file, in order, their values as JSON has them.

    Args:
        path: The file, or its URL.
        encoding: How it is written.
        storage: Where it is, if the settings say so; else its URL does.

    Raises:
        Exception: Any of the readers of files: it is not there, or not whole.
    """
    head, tail = StorageTarget.split_url(_as_it_is_called(path))
    with (storage or StorageTarget.from_url(head)).open(tail, mode="rb") as file:
        if encoding.format == BatchFileFormat.JSONL:
            lines = cast("IO[bytes]", file)
            if encoding.compression == "gzip":
                with gzip.open(lines) as unzipped:
                    yield from _json_rows(unzipped)
            else:
                yield from _json_rows(lines)
        elif encoding.format == BatchFileFormat.PARQUET:
            yield from _parquet_rows(file)
        else:
            raise ValueError(f"the format {encoding.format} is not known")


def _as_it_is_called(url: str) -> str:
    """A URL with the path as the file is called: some taps escape it, and some do not."""
    scheme, _, path = url.partition("://")
    if scheme != "file" or Path(path).exists():
        return url
    return f"file://{unquote(path)}"


def _json_rows(lines: Iterable[bytes]) -> Iterator[object]:
    for line in lines:
        if not line.isspace():
            yield exact_json.loads(line, constants=True)


def _parquet_rows(file: Any) -> Iterator[object]:  # noqa: ANN401 - whatever pyarrow reads
    import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to import
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.read_table(file)
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            # Python's times hold no nanoseconds; what is finer than a millisecond is cut anyway.
            kind = pa.timestamp("us", field.type.tz)
            table = table.set_column(at, field.name, table.column(at).cast(kind, safe=False))
    for batch in table.to_batches():
        for row in batch.to_pylist():
            yield {name: plain(value) for name, value in row.items()}


def plain(value: object) -> object:
    """A value of Python as JSON has it: times are ISO 8601, decimals numbers, bytes base64."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if _is_whole(value) else exact_json.number_of(str(value))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def _is_whole(value: Decimal) -> bool:
    return value.is_finite() and value == value.to_integral_value()
