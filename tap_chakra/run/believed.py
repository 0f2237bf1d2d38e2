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


def believed(bookmark: Bookmark, now: int, lookback_ms: int) -> tuple[Bookmark, str]:
    """The part of a bookmark that can be true, and a sentence on what can't; empty if all can.

    The instant that the last scan is known by stays: what follows must come behind it.

    Args:
        bookmark: As STATE has it.
        now: The server's time, epoch milliseconds.
        lookback_ms: The overlap of runs: clocks may differ by as much.
    """
    latest = now + max(lookback_ms, LEAST_TOLERANCE_MS)
    point = bookmark.resume_point
    if point is not None and point.unfinished.began > latest:
        ahead: int | None = point.unfinished.began
        bookmark = replace(bookmark, resume_point=None)
        follows = "that scan begins anew"
    else:
        ahead, follows = None, ""
    if bookmark.narrow is not None and bookmark.narrow > latest:
        ahead, follows = bookmark.narrow, "what changed since the last full scan is read again"
        bookmark = replace(bookmark, narrow=None)
    if bookmark.since is not None and bookmark.since > latest:
        ahead, follows = bookmark.since, "everything is read and emitted again"
        bookmark = replace(bookmark, since=None, narrow=None)
    said = (
        ""
        if ahead is None
        else (
            f"its STATE says {iso_ms(ahead)}, which lies in the future: ChakraHQ's clock says"
            f" {iso_ms(now)}. No scan can have begun then, so {follows}"
        )
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
