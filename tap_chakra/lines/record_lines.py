"""Singer RECORD lines, a page of records at a time: what is the same in all of them is made once.

For streams whose records go out as they were typed, but for properties that are not selected. The
types are ours (`records/row_typer.py`), so nothing is left for a record's own message to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable


class RecordLines:
    """Writes the records of one stream.

    Args:
        stream: The name that the lines carry.
    """

    def __init__(self, stream: str) -> None:
        self._begin = b'{"type":"RECORD","stream":' + orjson.dumps(stream) + b',"record":'

    def lines(self, records: Iterable[bytes], version: int | None, extracted: str) -> bytes:
        """The lines of these records.

        Args:
            records: Typed records, as JSON.
            version: The version that they carry; None for none.
            extracted: When they came, ISO 8601.
        """
        end = b',"time_extracted":' + orjson.dumps(extracted) + b"}\n"
        if version is not None:
            end = b',"version":%d' % version + end
        begin = self._begin
        return b"".join([begin + record + end for record in records])
