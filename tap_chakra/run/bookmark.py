"""The bookmark of a stream and the progress of its scan, to and from Singer STATE.

STATE of a process stream (times in ISO 8601 with `Z`; those in `done` and `walked` in epoch
milliseconds, None for an open end)::

    {"account": "7b0e2c4d-91a3-4f57-8d2e-c5a6f1b30912",     the team whose rows it speaks of
     "replication_key": "updatedAt",
     "replication_key_value": "2026-01-05T09:15:00.000Z",    the beginning of the last full scan
     "last_complete_scan": {"began": "2026-01-05T09:15:00.000Z", "rows": 20000},
     "last_narrow_scan": {"began": "2026-01-05T10:15:00.000Z"},      of a run that reads less
     "scan": {"began": "2026-01-05T11:15:00.000Z",           only while a full scan is unfinished
              "rows": 1200, "lead": 0, "emits_since": null, "created_after": null,
              "versioned": false,
              "done": [[null, 1764547200123, 700], [1764633600456, 1764633700000, 100]],
              "walked": [[1764633700000, 1764633800000, 400, 1764633802000, 20, 1]]}}

Where a run read less than everything by the user's settings, `last_complete_scan` holds
`created_after` and `created_before`, of which rows alone it speaks, and `start_date`, before which
rows were not emitted; `last_narrow_scan` holds the range, too. A run of another range does not
follow a bookmark that does not hold it (`run/modes.py`).

`replication_key_value` is there once a full scan was complete, of a FULL_TABLE run, too, which does
not read from it. A scan that was not complete changes nothing of it. Every row that existed all
through the scan and was created in one of the `done` ranges (lower bound, upper bound, rows in it)
was emitted before that STATE, if it is one to be emitted; in the `walked` ones, too, if the order
of the server holds (`timeline/walk.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from chakra_api.values.timestamps import iso_ms, parse_timestamp
from tap_chakra.run import ranges, resume
from tap_chakra.run.ranges import UNKNOWN, WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_chakra.run.ranges import RowRange
    from tap_chakra.run.resume import ResumePoint

REPLICATION_KEY = "updatedAt"
ACCOUNT = "account"
STATE_NAMES = (
    "replication_key",
    "replication_key_value",
    "last_complete_scan",
    "last_narrow_scan",
    "scan",
)
"""What the STATE of a process stream holds of its scans."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a stream is known to be complete.

    Attributes:
        since: The instant from which changes are still to be read, epoch milliseconds.
        rows: How many rows the last complete scan saw; None if there was none.
        began: When it began, epoch milliseconds; no two full scans have the same.
        narrow: When the last complete run began that read less than everything, epoch
            milliseconds; None if none did since the last full scan.
        resume_point: Where to resume an unfinished full scan; None if there is none.
        range: The rows that `since` speaks of.
        narrow_range: The rows that `narrow` speaks of.
        start: Rows last changed before were not emitted, as `start_date` said, epoch
            milliseconds; None if none were left out.
    """

    since: int | None = None
    rows: int | None = None
    began: int | None = None
    narrow: int | None = None
    resume_point: ResumePoint | None = None
    range: RowRange = WHOLE
    narrow_range: RowRange = WHOLE
    start: int | None = None


def from_state(stream: str, state: Mapping[str, object]) -> Bookmark:
    """Read the bookmark of a stream.

    Raises:
        SettingsError: The state was not written by this tap.
    """
    scan = _object(stream, state, "last_complete_scan")
    narrow = _object(stream, state, "last_narrow_scan")
    rows = scan.get("rows")
    if rows is not None and not isinstance(rows, int):
        raise _foreign(stream, "last_complete_scan.rows", rows)
    key = state.get("replication_key")
    if key is not None and key != REPLICATION_KEY:
        raise _foreign(stream, "replication_key", key)
    began = _instant(stream, "last_complete_scan.began", scan.get("began"))
    speaks_of = _range(stream, "last_complete_scan", scan)
    if speaks_of == WHOLE and began is not None and rows is None:
        speaks_of = UNKNOWN  # a scan of everything tells its rows
    return Bookmark(
        _instant(stream, "replication_key_value", state.get("replication_key_value")),
        rows,
        began,
        _instant(stream, "last_narrow_scan.began", narrow.get("began")),
        _resume_point(stream, state.get("scan")),
        speaks_of,
        _range(stream, "last_narrow_scan", narrow),
        _instant(stream, "last_complete_scan.start_date", scan.get("start_date")),
    )


def refuse_other_account(stream: str, state: Mapping[str, object], team_id: str | None) -> None:
    """Refuse a state whose bookmark speaks of rows of another account: all others would be missed.

    One that names no account was written before states did, and is believed.

    Args:
        stream: Whose state it is.
        state: As it was given.
        team_id: Of the account that is read; None if its configuration gives none.

    Raises:
        SettingsError: It is of another account.
    """
    held = state.get(ACCOUNT)
    if held is None or team_id is None or held == team_id:
        return
    raise SettingsError(
        f"The state of stream '{stream}' is of another account (the team {held}), and this key is"
        f" of the team {team_id}",
        "Use a key of that account; or, to read this one, begin without that state: a state file"
        " of its own (in Meltano an environment, in dlt a pipeline name), and a schema of its own"
        " in the warehouse",
    )


def keep_account(state: dict[str, object], team_id: str | None) -> None:
    """Put into a stream's state of which account it speaks, if that is known."""
    if team_id is not None:
        state[ACCOUNT] = team_id


def _object(stream: str, state: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = state.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _foreign(stream, name, value)
    return value


def _range(stream: str, name: str, value: Mapping[str, object]) -> RowRange:
    try:
        return ranges.from_state(value)
    except ValueError:
        raise _foreign(stream, name, value) from None


def _resume_point(stream: str, value: object) -> ResumePoint | None:
    try:
        return None if value is None else resume.from_state(value)
    except (TypeError, ValueError, LookupError, AttributeError):
        raise _foreign(stream, "scan", value) from None


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
    if bookmark.began is not None:
        start = bookmark.start
        state["last_complete_scan"] = {
            "began": iso_ms(bookmark.began),
            **({} if bookmark.rows is None else {"rows": bookmark.rows}),
            **ranges.to_state(bookmark.range),
            **({} if start is None else {"start_date": iso_ms(start)}),
        }
    if bookmark.narrow is not None:
        bounds = ranges.to_state(bookmark.narrow_range)
        state["last_narrow_scan"] = {"began": iso_ms(bookmark.narrow), **bounds}
    if bookmark.resume_point is not None:
        state["scan"] = resume.to_state(bookmark.resume_point)
    return state


def sees_enough(rows: int, bookmark: Bookmark, min_share: float) -> bool:
    """Whether a scan saw enough rows to say anything about deleted ones (design decision 8).

    A key whose role was narrowed sees fewer rows without any sign of it.
    """
    return bookmark.rows is None or rows >= bookmark.rows * min_share
