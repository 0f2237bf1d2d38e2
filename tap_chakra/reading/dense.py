"""Reads an instant that holds more rows than one answer: a window that time can't cut.

Three ways, the surest first (design decision 1):

1. By `id`, where it is seen that this server compares ids as we do. An id never changes, so
   this is as sure as a window of time.
2. By fields that can change under the reader: status, then state, then assignee, each with a
   cell for "none of the known values". A row may move from a cell that is still to be read to
   one that was, so all cells are read again until a pass brings no id that was not known.
3. By offset, with the last row of each page asked for again at the head of the next: a row that
   moved breaks the overlap, and the pass begins again. Two passes must bring the same ids.

The first two are checked: behind as many rows as were found there must be nothing more. Where the
server does not skip so many, ranges of id are believed all the same: each was seen to hold what it
should. Cells are not, since a field that is not set may be in none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.endpoints.where import all_of, created_between, equals, none_of
from chakra_api.errors import BadRequest, ReportedErrors
from tap_chakra.reading.id_ranges import ask_or_none, by_ids, gather
from tap_chakra.reading.row_times import created_at
from tap_chakra.reading.window_reader import row_id, shows_all, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_api.endpoints.client import ProcessPage, Row
    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import Lister
    from tap_chakra.timeline.windows import Grain, Window

MOST_PASSES = 5
"""Passes over cells or pages before the window is given up as unsure."""

MOST_SHORT_PAGES = 20
"""Pages that are not full before a pass is given up: rows come as fast as they are read."""

MOST_ROWS_HELD = 500_000
"""Rows that are held at the most, where time can't cut them: a listing without end is given up."""

MOST_KNOWN_PAGES = 20
"""Pages of known rows alone before a pass is given up: the server does not skip what it is asked to
skip, and would show them for ever."""

MOST_ID_READS = 3
"""Readings by id before ids are said to hide rows: a row that came late looks hidden."""

INSTANTS_A_CHECK = 8
"""Instants that are read by id for each check that ids hide nothing."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The known values of fields that a dense window can be cut by, in the order to try.

    Attributes:
        values: Field name in `where` (contract 4.3) → the values known for it.
    """

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class DenseAnswer:
    """The rows of a dense window.

    Attributes:
        rows: The rows that lie in the window, each id once.
        created: Their `createdAt`, epoch milliseconds; 0 where unusable.
        complete: Whether nothing can have been missed.
        method: How it was read: `id`, `cells` or `pages`.
    """

    rows: tuple[Row, ...]
    created: tuple[int, ...]
    complete: bool
    method: str


class DenseReader:
    """Reads dense instants of one procedure. Safe for many threads.

    Args:
        lister: Lists the processes of the procedure.
        cells: Known values of fields that cut an instant where its ids can't.

    Attributes:
        began: When the scan began, epoch milliseconds; rows that came since may be missing.
    """

    def __init__(self, lister: Lister, cells: Cells) -> None:
        self._lister = lister
        self._cells = cells
        self._instants_by_id = 0
        self.began: int | None = None

    def read(self, window: Window, grain: Grain) -> DenseAnswer:
        """Read a window that can't be cut by time.

        Raises:
            ChakraError: A request failed for another reason than a filter that is not offered.
            FilterNotHonoured: Rows came that do not lie in the window asked for.
        """
        asked = grain.padded(window)
        base = created_between(asked.lower, asked.upper)
        is_late = self.began is not None and window.lower is not None and window.lower >= self.began
        found, method, complete = self._read_late(base) if is_late else self._read_all(base)
        rows = tuple(found.values())
        positions, created = within(rows, window, asked)
        return DenseAnswer(tuple(rows[at] for at in positions), created, complete, method)

    def read_everything(self) -> tuple[dict[str, Row], bool, str]:
        """All rows there are, where time can't cut them; whether none can be missing, and how.

        By id where that works; by cells it would take too many, so else by pages.
        """
        by_id = by_ids(self._lister, {})
        if by_id is not None and not self._hidden({}, by_id)[0]:
            return by_id, True, "id"
        pages, agreed = read_pages(self._lister, {}, self.began)
        return {**(by_id or {}), **pages}, agreed, "pages"

    def _read_late(self, base: Where) -> tuple[dict[str, Row], str, bool]:
        """Rows that came since the scan began: they may come as fast as they are read.

        Once is enough, for none that is left out was there when it began. Two reads might never
        agree.
        """
        by_id = by_ids(self._lister, base)
        if by_id is not None:
            return by_id, "id", True
        rows, _ = _page_by_page(self._lister, base)
        return {row_id(row): row for row in rows}, "pages", True

    def _read_all(self, base: Where) -> tuple[dict[str, Row], str, bool]:
        by_id: dict[str, Row] | None = None
        hidden: frozenset[str] = frozenset()
        for _ in range(MOST_ID_READS):
            by_id = by_ids(self._lister, base)
            if by_id is None:
                break
            # What looked hidden before and is found by now came late, as others may again.
            came_late = bool(hidden) and hidden <= by_id.keys()
            hides, hidden = (False, hidden) if came_late else self._hidden_now(base, by_id)
            self._instants_by_id = 0 if hides else self._instants_by_id + 1
            if not hides:
                return by_id, "id", True
        by_cells = _by_cells(self._lister, base, self._cells)
        if by_cells is not None and self._are_all(base, by_cells):
            return by_cells, "cells", True
        pages, agreed = read_pages(self._lister, base, self.began)
        for other in (by_id, by_cells):
            pages = {**(other or {}), **pages}
        return pages, "pages", agreed

    def _hidden_now(self, base: Where, found: Mapping[str, Row]) -> tuple[bool, frozenset[str]]:
        """As `_hidden`, but asked only at the first instant, then now and then."""
        due = self._instants_by_id % INSTANTS_A_CHECK == 0
        return self._hidden(base, found) if due else (False, frozenset())

    def _hidden(self, base: Where, found: Mapping[str, Row]) -> tuple[bool, frozenset[str]]:
        """Whether older rows are listed behind those found, and their ids where they are shown.

        Where the server does not skip so many, ids are believed.
        """
        place = len(found)
        for _ in range(MOST_SHORT_PAGES):
            beyond = _listed(self._lister, base, place)
            if beyond is None:
                return False, frozenset()
            strange = [row for row in beyond.rows if row_id(row) not in found]
            if strange or not beyond.rows:
                hidden = frozenset(row_id(row) for row in strange if is_older(row, self.began))
                return bool(hidden), hidden
            # Known rows behind all known ones: unknown ones stand before, or none is skipped.
            if beyond.is_full or beyond.has_more is not True:
                return beyond.is_full, frozenset()
            # It says that there are more, as some servers always do: then none are behind these.
            place += len(beyond.rows)
        return True, frozenset()

    def _are_all(self, base: Where, found: Mapping[str, Row]) -> bool:
        """Whether no more rows are listed than were found, but for those that came since.

        In an order of the server's own a row behind may be known: then a hidden one stands before.
        """
        beyond = _listed(self._lister, base, len(found))
        return beyond is not None and not any(
            row_id(row) in found or is_older(row, self.began) for row in beyond.rows
        )


def _listed(lister: Lister, base: Where, skip: int) -> ProcessPage | None:
    """A page of the listing; None if the server does not skip so many rows."""
    try:
        return lister(base or None, skip=skip)
    except (BadRequest, ReportedErrors):
        if not skip:
            raise
        return None


def _by_cells(lister: Lister, base: Where, cells: Cells) -> dict[str, Row] | None:
    """All rows by cells, read until a pass brings nothing new; None if that does not work."""
    found: dict[str, Row] = {}
    for _ in range(MOST_PASSES):
        before = len(found)
        for rows in _each_cell(lister, base, cells, 0):
            if rows is None:
                return None
            gather(found, rows)
        if len(found) == before:
            return found
    return None


def _each_cell(
    lister: Lister, where: Where, cells: Cells, depth: int
) -> Iterator[list[Row] | None]:
    """The rows of each cell that fits one answer; None where one does not and can't be cut."""
    page = ask_or_none(lister, where) if depth else None
    if depth and (page is None or shows_all(lister, where, page)):
        yield None if page is None else page.rows
    elif depth == len(cells.values):
        yield None
    else:
        name, values = cells.values[depth]
        parts = [equals(name, value) for value in values] + [none_of(name, values)]
        for part in parts:
            yield from _each_cell(lister, all_of(where, part), cells, depth + 1)


def is_older(row: Row, began: int | None) -> bool:
    """Whether a row was there when the scan began, for all that is known."""
    created = created_at(row)
    return began is None or created is None or created < began


def read_pages(lister: Lister, base: Where, began: int | None) -> tuple[dict[str, Row], bool]:
    """All rows by offset, and whether two passes in a row brought the same older ids."""
    everything: dict[str, Row] = {}
    last: frozenset[str] | None = None
    for _ in range(MOST_PASSES):
        rows, unbroken = _page_by_page(lister, base)
        gather(everything, rows)
        if len(everything) > MOST_ROWS_HELD:
            break
        older = (row_id(row) for row in rows if is_older(row, began))
        ids = frozenset(older) if unbroken else None
        if ids is not None and ids == last:
            return everything, True
        last = ids
    return everything, False


def _page_by_page(lister: Lister, base: Where) -> tuple[list[Row], bool]:
    """All rows in one pass over pages, and whether each page began with the last one's last row."""
    rows: list[Row] = []
    known: set[str] = set()
    unbroken, short, stale = True, 0, 0
    page = list(lister(base or None).rows)
    while page:
        rows += page
        before = len(known)
        known.update(map(row_id, page))
        stale += len(known) == before
        listed = _listed(lister, base, len(rows) - 1)
        short += listed is not None and not listed.is_full
        endless = stale > MOST_KNOWN_PAGES or len(rows) > MOST_ROWS_HELD
        if listed is None or short > MOST_SHORT_PAGES or endless:
            return rows, False
        overlap = listed.rows
        aligned = bool(overlap) and row_id(overlap[0]) == row_id(rows[-1])
        unbroken = unbroken and aligned
        page = list(overlap[1:] if aligned else overlap)
        if not aligned and not listed.is_full:
            rows += page
            page = []
    return rows, unbroken
