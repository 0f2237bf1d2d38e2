"""Finds the rows that no window holds: those without a usable `createdAt`.

No documented filter finds them (contract Q16), so they are looked for in the listing without one.
If it holds no more rows than were read, there are none. Else they are likely at an end of it, where
a sorting server puts them: one that is proven to list by `createdAt` puts them nowhere else. If
rows that came meanwhile do not explain what is left over, the listing is compared with that of all
rows that have one, and only where it is longer is it looked through for them, page by page: a
server goes over all rows that each page skips. Where it does not skip as many rows as were read,
only its beginning is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.endpoints.where import created_between
from chakra_api.errors import BadRequest, ReportedErrors
from chakra_api.values.timestamps import parse_timestamp
from tap_chakra.reading.listing_length import listing_length
from tap_chakra.reading.window_reader import LIMIT, row_id, row_ids
from tap_chakra.timeline.windows import EARLIEST_BOUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chakra_api.endpoints.client import ProcessPage, Row
    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import Lister


LOOK_BACK_GROWTH = 4
"""How many times as far back to look for the end of a listing each time."""

OVERLAP_ROWS = 10
"""Rows of a page that are asked for again with the next one: a deletion moves what follows."""

PAGES_ON_TRUST = 10
"""Pages after which a listing has to show that it has an end."""

MOST_ROWS_MORE = 10_000
"""Rows that may come to a listing while it is read, beside as many as it has."""

MOST_SHORT_PAGES = 10
"""Pages behind the length of a listing that are not full before it is left: rows come as fast as
they are read, and a server that always says that there are more would be asked for ever."""

MOST_LOOKS = 4
"""How often rows are counted that come or go with every request."""


def is_dated(row: Row) -> bool:
    """Whether a row has a `createdAt` that a window can hold."""
    created = row.get("createdAt")
    if type(created) is int:
        return created != 0
    return bool(parse_timestamp(created))


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows that a scan has read by windows.

    Attributes:
        began: When the scan began, epoch milliseconds.
        rows: How many rows it read.
        late: How many of those were created at or after its beginning.
        undated: Ids of those without a usable `createdAt`: a server may take 0 for an instant.
        upper: The bound of the windows: rows from there on were left out, epoch milliseconds; None
            for no bound.
        page: Rows that a page is likely to hold.
        at_head: Whether the first answer showed some without a usable `createdAt`.
        in_order: Whether the server is proven to list by `createdAt`.
    """

    began: int
    rows: int
    late: int
    undated: frozenset[str] = frozenset()
    upper: int | None = None
    page: int = LIMIT
    at_head: bool = False
    in_order: bool = False


def undated_pages(lister: Lister, seen: Seen) -> Iterator[ProcessPage]:
    """Answers that may hold rows without a usable `createdAt`.

    Args:
        lister: Lists the processes of the procedure.
        seen: The rows that were read of it.
    """
    beyond = 0 if seen.upper is None else listing_length(lister, created_between(seen.upper, None))
    dated = seen.rows + (beyond or 0)
    tail = _Tail(lister, dated, seen.page)
    found = set[str]()
    for page in tail.pages():
        found.update(row_id(row) for row in undated_of(page.rows))
        yield page
    # Rows that were read may be gone: then the length says nothing of those at the head.
    if tail.length is not None and tail.length <= dated and not (found or seen.at_head):
        return
    for page in _head_pages(lister):
        found.update(row_id(row) for row in undated_of(page.rows))
        yield page
    found -= seen.undated
    if tail.length is None or seen.in_order:
        return
    if tail.length <= dated + len(found) + _came_since(lister, seen):
        return
    if not _are_all_dated(lister, tail.length, len(found)):
        yield from _all_pages(lister)


def _are_all_dated(lister: Lister, length: int, but: int) -> bool:
    """Whether all rows of a listing have a usable `createdAt`, but for so many.

    All rows are counted between two counts of those that have one. Where the two agree, one look is
    enough. Where rows come or go with every request, they agree never: half of what lies between
    them came before all were counted, on the average of several looks.

    Args:
        lister: Lists it.
        length: About how many rows there are.
        but: How many are known to have none.
    """
    place = max(0, length - LIMIT // 2)
    dated = created_between(EARLIEST_BOUND, None)
    before = _rows_from(lister, dated, place)
    over: list[float] = []
    while len(over) < MOST_LOOKS:
        every, after = _rows_from(lister, None, place), _rows_from(lister, dated, place)
        if every is None or before is None or after is None:
            return False
        if before == after:
            return every - before <= but
        over.append(every - (before + after) / 2)
        before = after
    return sum(over) / len(over) < but + 0.5


def _rows_from(lister: Lister, where: Where | None, place: int) -> int | None:
    """How many rows are listed from a place on; None if a page does not show their end."""
    page = _page(lister, where, place)
    return len(page.rows) if page is not None and _ends(page) else None


def _head_pages(lister: Lister) -> Iterator[ProcessPage]:
    """The pages of the listing until one shows a row with a usable `createdAt`."""
    skip, end = 0, _End(lister)
    page: ProcessPage | None = lister(None)
    while page is not None and page.rows:
        yield page
        if not page.is_full or any(map(is_dated, page.rows)):
            return
        skip += _onward(page)
        page = _following(lister, page, skip) if end.may_follow(page, skip) else None


def _came_since(lister: Lister, seen: Seen) -> int:
    """Rows that came since the scan began and were not read; those beyond its end are counted."""
    if seen.upper is not None and seen.upper <= seen.began:
        return 0
    came = _page(lister, created_between(seen.began, seen.upper), 0)
    return 0 if came is None else max(0, len(came.rows) - seen.late)


class _Tail:
    """The end of a listing, which is about as long as it was when it was read.

    Attributes:
        length: Rows in all of it; None if the server does not skip so many.
    """

    def __init__(self, lister: Lister, expected: int, page: int) -> None:
        self._lister = lister
        self._expected = expected
        self._back = page - min(OVERLAP_ROWS, page // 3)  # its end is seen where none came
        self.length: int | None = 0

    def pages(self) -> Iterator[ProcessPage]:
        """The pages of the listing from shortly before its expected end on."""
        back = self._back
        skip = max(0, self._expected - back)
        page = _page(self._lister, None, skip)
        while page is not None and skip and not any(map(is_dated, page.rows[:1])):
            back *= LOOK_BACK_GROWTH
            skip = max(0, self._expected - back)
            page = _page(self._lister, None, skip)
        end = _End(self._lister)
        while page is not None and page.rows:
            yield page
            self.length = skip + len(page.rows)
            if _ends(page):
                return
            skip += _onward(page)
            page = _following(self._lister, page, skip) if end.may_follow(page, skip) else None
        if page is None:
            self.length = None


def _all_pages(lister: Lister) -> Iterator[ProcessPage]:
    skip, end = 0, _End(lister)
    page = _page(lister, None, skip)
    while page is not None and page.rows:
        yield page
        if _ends(page):
            return
        skip += _onward(page)
        page = _following(lister, page, skip) if end.may_follow(page, skip) else None


class _End:
    """Whether a listing that goes on and on has an end: one that skips nothing has none.

    Nor has one to which rows come as fast as they are read.

    Args:
        lister: Lists it.
    """

    def __init__(self, lister: Lister) -> None:
        self._lister = lister
        self._pages = self._short = 0
        self._length: int | None = None

    def may_follow(self, page: ProcessPage, skip: int) -> bool:
        """Whether a page at that place may be one of the listing.

        Args:
            page: The page before it.
            skip: The place.
        """
        self._pages += 1
        if self._pages < PAGES_ON_TRUST:
            return True
        if self._pages == PAGES_ON_TRUST:
            self._length = listing_length(self._lister)
        if self._length is None:
            return False
        self._short += skip >= self._length and not page.is_full
        return self._short <= MOST_SHORT_PAGES and skip <= 2 * self._length + MOST_ROWS_MORE


def _ends(page: ProcessPage) -> bool:
    """Whether nothing is listed behind a page: a server may hold fewer rows in one than asked."""
    return not page.is_full and page.has_more is not True


def _following(lister: Lister, before: ProcessPage, skip: int) -> ProcessPage | None:
    """The next page of the listing; None if the server does not skip so many rows, or none."""
    page = _page(lister, None, skip)
    if page is None or not page.rows or row_ids(page.rows) != row_ids(before.rows):
        return page
    return None


def _onward(page: ProcessPage) -> int:
    """Rows from the beginning of a page to that of the next one; full ones overlap."""
    if not page.is_full:
        return len(page.rows)
    return page.limit - min(OVERLAP_ROWS, page.limit // 3)


def undated_of(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows without a usable `createdAt`."""
    return tuple(row for row in rows if not is_dated(row))


def _page(lister: Lister, where: Where | None, skip: int) -> ProcessPage | None:
    """A page of the listing; None if the server does not skip so many rows."""
    try:
        return lister(where, skip=skip)
    except (BadRequest, ReportedErrors):
        return None
