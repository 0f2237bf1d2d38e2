"""The bookmark of a stream, to and from Singer STATE.

STATE of a process stream (times in ISO 8601 with `Z`)::

    {"replication_key": "updatedAt",
     "replication_key_value": "2026-01-05T09:15:00.000Z",    the beginning of the last complete scan
     "last_complete_scan": {"began": "2026-01-05T09:15:00.000Z", "rows": 20000}}

`replication_key_value` is there only where the stream runs INCREMENTAL. A scan that was not
complete changes nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from chakra_api.timestamps import iso_ms, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

REPLICATION_KEY = "updatedAt"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a stream is known to be complete.

    Attributes:
        since: The instant from which changes are still to be read, epoch milliseconds.
        rows: How many rows the last complete scan saw; None if there was none.
        began: When it began, epoch milliseconds.
    """

    since: int | None = None
    rows: int | None = None
    began: int | None = None


def from_state(stream: str, state: Mapping[str, object]) -> Bookmark:
    """Read the bookmark of a stream.

    Raises:
        SettingsError: The state was not written by this tap.
    """
    scan = state.get("last_complete_scan")
    if scan is not None and not isinstance(scan, dict):
        raise _foreign(stream, "last_complete_scan", scan)
    scan = scan or {}
    rows = scan.get("rows")
    if rows is not None and not isinstance(rows, int):
        raise _foreign(stream, "last_complete_scan.rows", rows)
    key = state.get("replication_key")
    if key not in {None, REPLICATION_KEY}:
        raise _foreign(stream, "replication_key", key)
    return Bookmark(
        _instant(stream, "replication_key_value", state.get("replication_key_value")),
        rows,
        _instant(stream, "last_complete_scan.began", scan.get("began")),
    )


def _instant(stream: str, name: str, value: object) -> int | None:
    if value is None:
        return None
    instant = parse_timestamp(value)
    if instant is None:
        raise _foreign(stream, name, value)
    return instant


def _foreign(stream: str, name: str, value: object) -> SettingsError:
    return SettingsError(
        f"The state of stream '{stream}' holds {name}={value!r:.60}, which this tap never wrote",
        "Pass the state that an earlier run of tap-chakra printed, or none to read everything",
    )


def to_state(bookmark: Bookmark) -> dict[str, object]:
    """The STATE of a stream; empty where nothing was completed yet."""
    state: dict[str, object] = {}
    if bookmark.since is not None:
        state["replication_key"] = REPLICATION_KEY
        state["replication_key_value"] = iso_ms(bookmark.since)
    if bookmark.rows is not None and bookmark.began is not None:
        state["last_complete_scan"] = {"began": iso_ms(bookmark.began), "rows": bookmark.rows}
    return state


def sees_enough(rows: int, bookmark: Bookmark, min_share: float) -> bool:
    """Whether a scan saw enough rows to say anything about deleted ones (design decision 8).

    A key whose role was narrowed sees fewer rows without any sign of it.
    """
    return bookmark.rows is None or rows >= bookmark.rows * min_share
