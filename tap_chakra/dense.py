"""Reads an instant that holds more rows than one answer: a window that time can't cut.

Three ways, the surest first (design decision 1):

1. By `id`, where it is seen that this server compares ids as we do. An id never changes, so
   this is as sure as a window of time.
2. By fields that can change under the reader: status, then state, then assignee, each with a
   cell for "none of the known values". A row may move from a cell that is still to be read to
   one that was, so all cells are read again until a pass brings no id that was not known.
3. By offset, with the last row of each page asked for again at the head of the next: a row that
   moved breaks the overlap, and the pass begins again. Two passes must bring the same ids.

The first two are checked: behind as many rows as were found there must be nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chakra_api.errors import Refused, ReportedErrors
from chakra_api.where import all_of, created_between, equals, none_of
from tap_chakra.reading import LIMIT, row_id, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_api.client import Row
    from chakra_api.where import Where
    from tap_chakra.reading import Lister
    from tap_chakra.windows import Grain, Window

PASSES = 5
"""How often cells or pages are read again before the window is given up as unsure."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The known values of fields that a dense window can be cut by, in the order to try.

    Attributes:
        values: Field name in `where` (contract 4.3) → the values known for it.
    """

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class DenseAnswer:
    """What a dense window brought.

    Attributes:
        rows: The rows that lie in the window, each id once.
        complete: Whether nothing can have been missed.
        method: How it was read: `id`, `cells` or `pages`.
    """

    rows: tuple[Row, ...]
    complete: bool
    method: str


@dataclass(slots=True)
class _Found:
    """Rows by id, gathered over several questions."""

    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, rows: list[Row]) -> int:
        before = len(self.rows)
        for row in rows:
            self.rows[row_id(row)] = row
        return len(self.rows) - before


def read_dense(lister: Lister, window: Window, grain: Grain, cells: Cells) -> DenseAnswer:
    """Read a window that can't be cut by time.

    Raises:
        ChakraError: A request failed for another reason than a filter that is not offered.
        FilterNotHonoured: Rows came that do not lie in the window asked for.
    """
    asked = grain.padded(window)
    base = created_between(asked.lower, asked.upper)
    found, method, complete = _read_all(lister, base, cells)
    rows, _ = within(found.values(), window, asked)
    return DenseAnswer(rows, complete, method)


def _read_all(lister: Lister, base: Where, cells: Cells) -> tuple[dict[str, Row], str, bool]:
    by_id = _by_id(lister, base)
    if by_id is not None and _nothing_beyond(lister, base, by_id):
        return by_id, "id", True
    by_cells = _by_cells(lister, base, cells)
    if by_cells is not None and _nothing_beyond(lister, base, by_cells):
        return by_cells, "cells", True
    pages, agreed = read_pages(lister, base)
    for other in (by_id, by_cells):
        pages = {**(other or {}), **pages}
    return pages, "pages", agreed


def _nothing_beyond(lister: Lister, base: Where, found: Mapping[str, Row]) -> bool:
    return not [row for row in lister(base, skip=len(found)).rows if row_id(row) not in found]


def _by_id(lister: Lister, base: Where) -> dict[str, Row] | None:
    """All rows by ranges of id; None if the server does not compare ids as we do."""
    found = _Found()
    known: set[str] = set()
    ranges: list[tuple[str | None, str | None]] = [(None, None)]
    while ranges:
        low, high = ranges.pop()
        page = _ask_ids(lister, base, low, high)
        ids = sorted(row_id(row) for row in page or ())
        if page is None or not _ordered(ids, low, high):
            return None
        known.update(ids)
        if len(ids) < LIMIT:
            found.add(page)
            continue
        cut = ids[len(ids) // 2]
        if cut == low:
            return None
        ranges += [(cut, high), (low, cut)]
    # Were ids compared in another order than ours, a range would have hidden some of these.
    return found.rows if known and len(known - found.rows.keys()) * 10 < len(known) else None


def _ordered(ids: list[str], low: str | None, high: str | None) -> bool:
    return all((low is None or low <= i) and (high is None or i < high) for i in ids)


def _ask_ids(lister: Lister, base: Where, low: str | None, high: str | None) -> list[Row] | None:
    bounds = {op: bound for op, bound in ((">=", low), ("<", high)) if bound is not None}
    return _ask_or_none(lister, {**base, "id": bounds} if bounds else base)


def _ask_or_none(lister: Lister, where: Where) -> list[Row] | None:
    """The rows of one answer; None if the server refuses the filter itself."""
    try:
        return list(lister(where).rows)
    except ReportedErrors:
        return None
    except Refused as error:
        if error.status in {400, 422}:
            return None
        raise


def _by_cells(lister: Lister, base: Where, cells: Cells) -> dict[str, Row] | None:
    """All rows by cells, read until a pass brings nothing new; None if that does not work."""
    found = _Found()
    for _ in range(PASSES):
        before = len(found.rows)
        for rows in _each_cell(lister, base, cells, 0):
            if rows is None:
                return None
            found.add(rows)
        if len(found.rows) == before:
            return found.rows
    return None


def _each_cell(
    lister: Lister, where: Where, cells: Cells, depth: int
) -> Iterator[list[Row] | None]:
    """The rows of each cell that fits one answer; None where one does not and can't be cut."""
    rows = _ask_or_none(lister, where) if depth else None
    if depth and (rows is None or len(rows) < LIMIT):
        yield rows
    elif depth == len(cells.values):
        yield None
    else:
        name, values = cells.values[depth]
        parts = [equals(name, value) for value in values] + [none_of(name, values)]
        for part in parts:
            yield from _each_cell(lister, all_of(where, part), cells, depth + 1)


def read_pages(lister: Lister, base: Where) -> tuple[dict[str, Row], bool]:
    """All rows by offset, and whether two walks in a row brought the same ids."""
    everything = _Found()
    last: frozenset[str] | None = None
    for _ in range(PASSES):
        rows, unbroken = _walk(lister, base)
        everything.add(rows)
        ids = frozenset(row_id(row) for row in rows) if unbroken else None
        if ids is not None and ids == last:
            return everything.rows, True
        last = ids
    return everything.rows, False


def _walk(lister: Lister, base: Where) -> tuple[list[Row], bool]:
    """One walk over the pages, and whether each began with the row that the last one ended on."""
    rows: list[Row] = []
    unbroken = True
    page = list(lister(base or None).rows)
    while page:
        rows += page
        overlap = lister(base or None, skip=len(rows) - 1).rows
        aligned = bool(overlap) and row_id(overlap[0]) == row_id(rows[-1])
        unbroken = unbroken and aligned
        page = list(overlap[1:] if aligned else overlap)
        if not aligned and len(overlap) < LIMIT:
            rows += page
            page = []
    return rows, unbroken
