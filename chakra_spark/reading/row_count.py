"""How many rows a listing has: several places of it are asked for at a time, and fewer in turn.

As `tap_chakra/reading/listing_length.py` finds it, one place after the other. Here tasks wait for
the answer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.errors import BadRequest, ReportedErrors

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import Lister

AT_A_TIME: Final = 8
"""Places that are asked for at a time."""
FIRST_LOOK: Final = 4_096
"""How far to look first where nobody knows better."""
LONGEST: Final = 1 << 40
"""Rows that no listing has: a server that shows one there skips nothing."""


def count_rows(
    lister: Lister,
    where: Where | None,
    executor: Executor,
    *,
    around: int = FIRST_LOOK // 2,
    roughly: float = 0.0,
) -> int | None:
    """How many rows a listing has; None if the server does not skip so many.

    Rows that come or go meanwhile may count or not.

    Args:
        lister: Lists the processes of a procedure.
        where: What to list; None for all.
        executor: Asks for several places at a time.
        around: About how many there are likely.
        roughly: Share of the number by which it may be too small.
    """
    known, beyond = 0, None
    ahead = max(AT_A_TIME, 2 * around)
    try:
        while beyond is None or beyond - known > max(1.0, known * roughly):
            if beyond is None and known > LONGEST:
                return None
            end = ahead if beyond is None else beyond - 1
            counts = sorted({known + -(-(end - known) * at // AT_A_TIME) for at in _ALL})
            there = executor.map(partial(_has, lister, where), counts)
            for count, has in zip(counts, there, strict=True):
                if has:
                    known = max(known, count)
                elif count > known:
                    beyond = count if beyond is None else min(beyond, count)
            ahead = known * AT_A_TIME
    except (BadRequest, ReportedErrors):
        return None
    return known


_ALL: Final = range(1, AT_A_TIME + 1)


def _has(lister: Lister, where: Where | None, count: int) -> bool:
    """Whether a listing has so many rows."""
    return bool(lister(where, skip=count - 1, limit=1).rows)
