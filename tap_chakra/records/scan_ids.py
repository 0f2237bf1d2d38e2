"""What is known of deleted rows without emitting everything: ids that scans saw, whole scans.

A row that a complete scan did not see, and that no later one has seen, is gone. Two narrow
streams say that much; docs/how-to/deleted-rows.md has the SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.timestamps import iso_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Row = dict[str, object]

IDS: Final = "scanned_ids"
SCANS: Final = "complete_scans"

_TEXT: Final = {"type": ["string"]}
_STARTED: Final = {"type": ["string"], "format": "date-time"}

IDS_SCHEMA: Final[Row] = {
    "type": "object",
    "properties": {
        "procedure": {**_TEXT, "description": "ShortId of the procedure."},
        "id": {**_TEXT, "description": "Id of a process that a scan saw."},
        "scan_started_at": {**_STARTED, "description": "When the last such scan began."},
    },
}
IDS_KEYS: Final = ("procedure", "id")

SCANS_SCHEMA: Final[Row] = {
    "type": "object",
    "properties": {
        "procedure": {**_TEXT, "description": "ShortId of the procedure."},
        "scan_started_at": {**_STARTED, "description": "When the scan began."},
        "rows": {"type": ["integer"], "description": "Rows that it saw."},
    },
}
SCANS_KEYS: Final = ("procedure", "scan_started_at")


def id_records(procedure: str, began: int, ids: Iterable[str]) -> Iterator[Row]:
    """One record for each id that a scan saw.

    Args:
        procedure: ShortId.
        began: When the scan began, epoch milliseconds.
        ids: The ids.
    """
    started = iso_ms(began)
    for each in ids:
        yield {"procedure": procedure, "id": each, "scan_started_at": started}


def scan_record(procedure: str, began: int, rows: int) -> Row:
    """The record of a scan that saw all rows there are.

    Args:
        procedure: ShortId.
        began: When it began, epoch milliseconds.
        rows: How many it saw.
    """
    return {"procedure": procedure, "scan_started_at": iso_ms(began), "rows": rows}
