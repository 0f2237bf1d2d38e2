"""Reads the rows of a BATCH message's files, each value as exactly as a RECORD would carry it.

The SDK's own readers make numbers of JSON lines decimals of another spelling, and objects of
Python of what parquet holds: a row must mean the same by whichever way it comes.
"""

from __future__ import annotations

import base64
import gzip
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast

from singer_sdk.helpers._batch import BatchFileFormat

from chakra_api.values import exact_json
from target_chakra.singer.input import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from singer_sdk.helpers._batch import BaseBatchFileEncoding

ROWS_AT_ONCE: Final = 1_000
"""Rows of a parquet file that are held."""


def rows_of(file: IO[bytes], encoding: BaseBatchFileEncoding) -> Iterator[object]:
    """The rows of a file, in order, their values as JSON has them; never the whole file at once.

    Args:
        file: The file, open for reading.
        encoding: How it is written.

    Raises:
        Exception: Any of the readers of files: it is not whole, or not what it should be.
    """
    if encoding.format == BatchFileFormat.JSONL:
        if encoding.compression == "gzip":
            with gzip.open(file) as unzipped:
                yield from _json_rows(cast("IO[bytes]", unzipped))
        else:
            yield from _json_rows(file)
    elif encoding.format == BatchFileFormat.PARQUET:
        yield from _parquet_rows(file)
    else:
        raise ValueError(f"the format {encoding.format} is not known")


def _json_rows(lines: IO[bytes]) -> Iterator[object]:
    number = 0
    while line := lines.readline(MOST_BYTES + 1):
        number += 1
        if len(line) > MOST_BYTES:
            # What a small file was packed from may be without end.
            raise ValueError(f"line {number} has more than {MOST_BYTES >> 20} MB")
        if not line.isspace():
            yield exact_json.loads(line, constants=True)


def _parquet_rows(file: Any) -> Iterator[object]:  # noqa: ANN401 - whatever pyarrow reads
    import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to import
    import pyarrow.parquet as pq  # noqa: PLC0415

    for batch in pq.ParquetFile(file).iter_batches(ROWS_AT_ONCE):
        table = pa.Table.from_batches([batch])
        for at, field in enumerate(table.schema):
            if pa.types.is_timestamp(field.type):
                # Python's times hold no nanoseconds; what is finer than a millisecond is cut.
                kind = pa.timestamp("us", field.type.tz)
                table = table.set_column(at, field.name, table.column(at).cast(kind, safe=False))
        for row in table.to_pylist():
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
