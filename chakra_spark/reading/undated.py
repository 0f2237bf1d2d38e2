"""The rows without a usable `createdAt`, which are in no part: one task looks for them, too.

A scan finds them by the number of rows that it read. Nobody has read the parts here, so the rows
that have a date are counted, by the places of the listing that a filter leaves. Servers that take
a missing date for an instant, or for every one, show them where no row that has one can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.where import created_between
from chakra_spark.reading.row_count import count_rows
from tap_chakra.reading.undated import Seen, undated_of, undated_pages
from tap_chakra.reading.window_reader import LIMIT, row_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor

    from chakra_api.endpoints.client import ProcessPage, Row
    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import Lister

NEVER: Final = 200_000_000_000_000
"""Epoch milliseconds, in the year 8307: no row is created then."""
SECOND_MS: Final = 1000


def undated_rows(
    lister: Lister, began: int, executor: Executor, around: int
) -> Iterator[list[Row]]:
    """The rows without a usable `createdAt`, each once, an answer's at a time.

    Args:
        lister: Lists the processes of a procedure.
        began: The server's time now, epoch milliseconds.
        executor: The readers: all that is asked for is asked by one of them.
        around: About how many rows the listing has.
    """
    read = _by_readers(lister, executor)
    found = set[str]()
    for where in (created_between(NEVER, None), created_between(None, 1)):
        skip = 0
        while fresh := _fresh((page := read(where, skip=skip)).rows, found):
            yield fresh
            skip += len(page.rows)
    began -= began % SECOND_MS  # what a server that tells seconds apart counts the same
    dated = count_rows(lister, created_between(1, began), executor, around=around)
    if dated is None:  # it skips no rows that far: all that it shows is the beginning
        yield _fresh(read(None).rows, found)
        return
    seen = Seen(began, dated + len(found), 0, frozenset(found))
    for page in undated_pages(read, seen):
        yield _fresh(page.rows, found)


def _by_readers(lister: Lister, executor: Executor) -> Lister:
    """The lister as it is asked beside a scan: by its readers, as one question among theirs."""

    def asked(where: Where | None, *, skip: int = 0, limit: int = LIMIT) -> ProcessPage:
        return executor.submit(lister, where, skip=skip, limit=limit).result()

    return asked


def _fresh(rows: Iterable[Row], found: set[str]) -> list[Row]:
    """Those of the rows without a usable `createdAt` that were not found before."""
    fresh = {row_id(row): row for row in undated_of(rows) if row_id(row) not in found}
    found.update(fresh)
    return list(fresh.values())
