"""Finds out how finely this server tells instants apart (contract Q13, probe P3).

Rows that were just seen are asked for again by the narrowest window that should hold them. The
first way of asking that brings them, and nothing else, is proven. The default is the coarsest.

Whole seconds are asked for without the seconds beside them, which are read twice then, only where
`>` leaves out all of a second of which `>=` brought a row: else a row at the very beginning of one
might be in no window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.endpoints.where import bound
from tap_chakra.reading.row_times import created_at
from tap_chakra.reading.window_reader import FilterNotHonoured, read_window, row_id, row_ids
from tap_chakra.timeline.windows import Grain, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from chakra_api.endpoints.client import Row
    from tap_chakra.reading.window_reader import Lister

EXACT = Grain(width=1, pad=0)
BY_MILLISECOND = Grain(width=1, pad=1)
WHOLE_SECONDS = Grain(width=1000, pad=0)
BY_SECOND = Grain(width=1000, pad=1000)
GRAINS = (EXACT, BY_MILLISECOND, WHOLE_SECONDS, BY_SECOND)

CLOSE_MS = 4 * BY_SECOND.width
"""Rows that are farther apart are not found by one window, whatever it is padded with."""

MOST_WITNESSES = 3
"""Rows asked for again by each way of asking; all but one must come (one may be deleted)."""


def proven_grain(lister: Lister, rows: Sequence[Row], executor: Executor) -> Grain | None:
    """The finest grain that this server honours; None if it does not filter on `createdAt`.

    Where nothing is proven and rows of the answer are gone, those of a new one are asked for.

    Args:
        lister: Lists the processes of the procedure that the rows come from.
        rows: Rows of a recent answer.
        executor: Asks for several of them at a time.
    """
    grain = _proven_by(rows, lister, executor)
    if grain is not None:
        return grain
    now = lister(None).rows
    gone = {wanted for wanted, _ in _witnesses(rows)} - set(row_ids(now))
    return _proven_by(now, lister, executor) if gone else None


def _proven_by(rows: Sequence[Row], lister: Lister, executor: Executor) -> Grain | None:
    """The finest grain by which these rows are found; None if none is."""
    witnesses = _witnesses(rows)
    if not witnesses:
        return BY_SECOND
    created = [at for row in rows if (at := created_at(row))]
    first, last = min(created), max(created)
    if last - first <= CLOSE_MS and not _excludes(lister, first, last):
        return None
    for grain in GRAINS:
        if _holds(lister, witnesses, grain, executor) and (
            grain is not WHOLE_SECONDS or _compares_seconds(lister, witnesses, executor)
        ):
            return grain
    return None


def _witnesses(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Rows of different instants, not at a full second, spread over what was seen."""
    by_instant: dict[int, str] = {}
    for row in rows:
        created = created_at(row)
        if created:
            by_instant.setdefault(created, row_id(row))
    telling = [at for at in sorted(by_instant) if at % 1000 not in {0, 999}] or list(by_instant)
    step = max(1, len(telling) // MOST_WITNESSES)
    return [(by_instant[at], at) for at in telling[::step][:MOST_WITNESSES]]


def _excludes(lister: Lister, first: int, last: int) -> bool:
    """Whether rows created between two instants are left out of what lies before and after them.

    Where all rows seen lie close together, a narrow window finds no others even without a filter.
    """
    for window in (Window(None, first - CLOSE_MS), Window(last + CLOSE_MS, None)):
        try:
            read_window(lister, window, BY_SECOND)
        except FilterNotHonoured:
            return False
    return True


def _holds(
    lister: Lister, witnesses: list[tuple[str, int]], grain: Grain, executor: Executor
) -> bool:
    """Whether all but one of the witnesses are where they should be, with no stranger."""
    lowers = [grain.floor(created) for _, created in witnesses]
    windows = [Window(lower, lower + grain.width) for lower in lowers]
    asked = [executor.submit(read_window, lister, window, grain) for window in windows]
    missing = 0
    for (wanted, _), future in zip(witnesses, asked, strict=True):
        try:
            answer = future.result()
        except FilterNotHonoured:
            return False
        seen = any(row_id(row) == wanted for row in answer.rows)
        missing += not seen and answer.whole
    return missing <= min(1, len(witnesses) - 1)


def _compares_seconds(lister: Lister, witnesses: list[tuple[str, int]], executor: Executor) -> bool:
    """Whether `>` leaves out the whole second of each witness: then `>=` holds all of it."""
    begins = [WHOLE_SECONDS.floor(created) for _, created in witnesses]
    beyond = [
        {"createdAt": {">": bound(begin), "<": bound(begin + WHOLE_SECONDS.width)}}
        for begin in begins
    ]
    return not any(page.rows for page in executor.map(lister, beyond))
