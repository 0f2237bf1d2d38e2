"""How long a listing is: no endpoint counts, so places in it are asked for until one is its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import BadRequest, ReportedErrors

if TYPE_CHECKING:
    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import Lister

GROWTH: Final = 8
"""How many times as far to look each time, as long as there are rows."""

LONGEST: Final = 1 << 40
"""Rows that no listing has: a server that shows one there skips nothing."""


def listing_length(
    lister: Lister, where: Where | None = None, *, roughly: float = 0.0
) -> int | None:
    """How many rows a listing has; None if the server does not skip so many.

    About 2 log2(n) requests of a row each. Rows that come or go meanwhile may count or not.

    Args:
        lister: Lists the processes of a procedure.
        where: What to list; None for all.
        roughly: Share of the length by which it may be too small: 0.1 saves half of the requests.
    """
    known, beyond = 0, 1
    try:
        while lister(where, skip=beyond - 1, limit=1).rows:
            if beyond > LONGEST:
                return None
            known, beyond = beyond, beyond * GROWTH
        while beyond - known > max(1.0, known * roughly):
            middle = (known + beyond) // 2
            if lister(where, skip=middle - 1, limit=1).rows:
                known = middle
            else:
                beyond = middle
    except (BadRequest, ReportedErrors):
        return None
    return known
