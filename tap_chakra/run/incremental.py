"""Which of the rows read to emit: those changed since the last complete scan (design decision 2).

The API documents no filter on `updatedAt` (contract Q14), so the tap scans everything and emits
what changed. The bookmark is the server's time at which the last complete scan began; what
changed at or after it, less an overlap, is emitted again. A row whose `updatedAt` can't be used
is always emitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_SKEW_MS = 3_600_000
"""Milliseconds by which the clock behind `updatedAt` may lead the `Date` header.

A row further ahead than this tells of an imported value, not of a clock."""


@dataclass(frozen=True, slots=True)
class Since:
    """What to emit.

    Attributes:
        threshold: Rows changed at or after this instant are emitted, epoch milliseconds; None
            emits every row.
    """

    threshold: int | None = None

    @property
    def emits_all(self) -> bool:
        """Whether every row is emitted."""
        return self.threshold is None

    def emits(self, updated: int | None) -> bool:
        """Whether a row with this `updatedAt` (None if unusable) is emitted."""
        return self.threshold is None or not updated or updated >= self.threshold


def since(bookmark: int | None, start_date: int | None, lookback_ms: int) -> Since:
    """Which rows a run emits that follows a bookmark.

    Args:
        bookmark: The beginning of the last complete scan, epoch milliseconds.
        start_date: The user's `start_date`, epoch milliseconds; rows changed before it are
            never emitted, and no overlap is taken from it.
        lookback_ms: The overlap, milliseconds.
    """
    candidates = [start_date, None if bookmark is None else bookmark - lookback_ms]
    return Since(max((c for c in candidates if c is not None), default=None))


def lead_of(updated: Iterable[int | None], server_time: int | None) -> int:
    """Milliseconds by which the `updatedAt` of any row is ahead of its answer's `Date`.

    0 where none is, where the header is unknown, or where all are too far ahead to be a clock. The
    header has no fraction of a second, so up to one is no lead.

    Args:
        updated: Of the rows of one answer, epoch milliseconds; None where unusable.
        server_time: The answer's `Date`, epoch milliseconds.
    """
    if server_time is None:
        return 0
    begin = server_time + 1000
    ahead = [at - begin for at in updated if at is not None and at > begin]
    return max((lead for lead in ahead if lead <= MOST_SKEW_MS), default=0)


def next_bookmark(began: int, lead: int) -> int:
    """The bookmark after a complete scan: its beginning, less the lead that was seen."""
    return began - lead


def distinct_beginning(began: int, last: int | None) -> int:
    """The instant that a scan is known by: its beginning, later than that of the last full one.

    The `Date` header has no fraction of a second and servers' clocks differ, so two scans may
    seem to begin at once, or the second before the first. Versions of rows, and what is said of
    deleted ones, need them in their order.

    Args:
        began: The scan's beginning by the server's clock, epoch milliseconds.
        last: The instant that the last complete full scan is known by; None if there was none.
    """
    return began if last is None else max(began, last + 1)
