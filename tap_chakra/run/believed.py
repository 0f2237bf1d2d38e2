"""A bookmark that can't be true is not believed: none lies in the future of the server's clock.

A bookmark is the server's time at which a scan began. One that lies ahead of that same clock comes
from a clock that was wrong, or was written by hand. Nothing changed since an instant to come, so a
run that followed it would emit no row, and move it back over changes that nobody has read. So
everything is read in its place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_api.values.timestamps import iso_ms

if TYPE_CHECKING:
    from tap_chakra.run.bookmark import Bookmark

LEAST_TOLERANCE_MS: Final = 60_000
"""Milliseconds by which the clocks of a server's machines may differ, at least."""

RELEASED: Final = (
    "scans are dated by ChakraHQ's clock again. If the warehouse holds rows of complete_scans or"
    " scanned_ids, or versions of a FULL_TABLE stream, of a later date, delete those there: they"
    " pass for newer"
)
"""What follows where the last scan is known by an instant to come."""


def believed(bookmark: Bookmark, now: int, lookback_ms: int) -> tuple[Bookmark, str]:
    """The part of a bookmark that can be true, and a sentence on what can't; empty if all can.

    The instant that the last scan is known by stays as long as clocks may differ by as much: what
    follows must come behind it. Further ahead it would date all scans to come, so it goes; what
    was loaded under that date passes for newer until the user takes it out, which is said.

    Args:
        bookmark: As STATE has it.
        now: The server's time, epoch milliseconds.
        lookback_ms: The overlap of runs: clocks may differ by as much.
    """
    latest = now + max(lookback_ms, LEAST_TOLERANCE_MS)
    ahead: list[int] = []
    follows: list[str] = []
    point = bookmark.resume_point
    if point is not None and point.unfinished.began > latest:
        ahead.append(point.unfinished.began)
        follows.append("that scan begins anew")
        bookmark = replace(bookmark, resume_point=None)
    since, narrow, began = bookmark.since, bookmark.narrow, bookmark.began
    if since is not None and since > latest:
        ahead.append(since)
        follows.append("everything is read and emitted again")
        bookmark = replace(bookmark, since=None, narrow=None)
    elif narrow is not None and narrow > latest:
        ahead.append(narrow)
        follows.append("what changed since the last full scan is read again")
        bookmark = replace(bookmark, narrow=None)
    if began is not None and began > latest:
        ahead.append(began)
        follows.append(RELEASED)
        bookmark = replace(bookmark, began=now)
    said = (
        f"its STATE says {iso_ms(max(ahead))}, which lies in the future: ChakraHQ's clock says"
        f" {iso_ms(now)}. No scan can have begun then, so {', and '.join(follows)}"
        if ahead
        else ""
    )
    return _not_ahead(bookmark, now), said


def _not_ahead(bookmark: Bookmark, now: int) -> Bookmark:
    """The bookmark without the little by which clocks differ: the overlap is taken from now."""
    since, narrow = bookmark.since, bookmark.narrow
    return replace(
        bookmark,
        since=None if since is None else min(since, now),
        narrow=None if narrow is None else min(narrow, now),
    )
