"""Finds out whether this server filters on `updatedAt`, which no document offers (Q14, probe P2).

About a hundred rows are read by a window of time, cut in two where their `updatedAt` are farthest
apart around the median, and asked for again by either half: exactly the right ids must come.
A server that ignores the filter, knows no such field or compares it otherwise fails that.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.where import all_of, compare, created_between, iso_ms
from chakra_api.errors import BadRequest, ReportedErrors
from tap_chakra.reading.row_times import created_at, updated_at
from tap_chakra.reading.window_reader import row_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.client import ProcessPage, Row
    from chakra_api.endpoints.where import Operator, Where
    from tap_chakra.reading.window_reader import Lister

HALVES: Final[tuple[tuple[Operator, bool], ...]] = ((">=", True), ("<", False))
FEWEST_ROWS = 10
"""Rows that a window must hold to prove anything."""

MOST_NARROWINGS = 5
"""Windows that are tried to find one which holds about a hundred rows."""

MOST_TRIES = 3
"""Proofs that are tried: a row that is changed or deleted meanwhile spoils one."""


def filters_on_updated(lister: Lister, sample: ProcessPage) -> bool:
    """Whether the server filters on `updatedAt`. At most a dozen requests.

    Args:
        lister: Lists the processes of a procedure.
        sample: A recent answer without a filter.

    Raises:
        ChakraError: A request failed for another reason than the filter.
    """
    base = _telling_window(lister, sample)
    return base is not None and any(_holds(lister, base) for _ in range(MOST_TRIES))


def _telling_window(lister: Lister, sample: ProcessPage) -> Where | None:
    """A filter on `createdAt` that finds a fair number of rows, and fewer than an answer holds."""
    if not sample.is_full:
        return {} if len(sample.rows) >= FEWEST_ROWS else None
    created = sorted(at for row in sample.rows if (at := created_at(row)))
    for narrowing in range(MOST_NARROWINGS):
        if not created:
            return None
        base = created_between(created[0], created[-1] + 1)
        page = lister(base)
        if len(page.rows) >= FEWEST_ROWS and not page.is_full:
            return base
        keep = len(created) * 3 // 4 if not narrowing else len(created) // 2
        created = created[: keep or 1]
    return None


def _holds(lister: Lister, base: Where) -> bool:
    rows = lister(base or None).rows
    cut = _cut(rows)
    if cut is None:
        return False
    for operator, later in HALVES:
        try:
            page = lister(all_of(base, compare("updatedAt", operator, iso_ms(cut))))
        except (BadRequest, ReportedErrors):
            return False
        expected = {row_id(row) for row in rows if (_updated(row) >= cut) is later}
        if {row_id(row) for row in page.rows} != expected:
            return False
    return True


def _cut(rows: Sequence[Row]) -> int | None:
    """An instant that parts these rows about evenly, as far from any of them as possible."""
    times = sorted({_updated(row) for row in rows})
    quarter = len(times) // 4
    middle = times[quarter : len(times) - quarter]
    gaps = [(after - before, before, after) for before, after in pairwise(middle)]
    if not gaps:
        return None
    _, before, after = max(gaps)
    return (before + after + 1) // 2


def _updated(row: Row) -> int:
    return updated_at(row) or 0
