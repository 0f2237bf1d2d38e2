"""Reads the rows of a BATCH message's files, each value as exactly as a RECORD would carry it.

The SDK's own readers make numbers of JSON lines decimals of another spelling, and objects of
Python of what parquet holds: a row must mean the same by whichever way it comes.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, cast

from singer_sdk.helpers._batch import BatchFileFormat

from chakra_api.values import exact_json
from chakra_plugin.warehouses.arrow_rows import parquet_rows
from target_chakra.singer.input import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from singer_sdk.helpers._batch import BaseBatchFileEncoding


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
        yield from parquet_rows(file)
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
