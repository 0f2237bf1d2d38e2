"""Reads what a filter finds by ranges of `id`, where this server compares ids as we do.

An id never changes, so this is as sure as a window of time. Uuids are spread evenly, and are cut
like time is: their first 48 bits are the axis (`timeline/windows.py`). Other ids are cut in the
middle of those that an answer showed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chakra_api.errors import Refused, ReportedErrors
from tap_chakra.reading.window_reader import LIMIT, row_id, shows_all
from tap_chakra.timeline.windows import (
    TARGET_ROWS,
    Grain,
    Overfull,
    Stretch,
    Window,
    after_overfull,
    after_whole,
    next_window,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chakra_api.endpoints.client import ProcessPage, Row
    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import Lister

KEY_SPACE: Final = 1 << 48
"""Places of uuids on the axis: their first 48 bits."""

RANGES_AT_FIRST: Final = 4
"""The first range is a quarter: more rows than an answer are known to be there."""

MOST_IDS: Final = 500_000
"""Ids that are held at the most: between two of a server that invents them there is always one."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def gather(found: dict[str, Row], rows: Iterable[Row]) -> None:
    """Add the rows of an answer to those found, by id."""
    for row in rows:
        found[row_id(row)] = row


def by_ids(lister: Lister, base: Where) -> dict[str, Row] | None:
    """All rows that `base` finds, by id; None if the server does not compare ids as we do.

    Raises:
        ChakraError: A request failed for another reason than a filter that is not offered.
    """
    first = _ask(lister, base, None, _text(KEY_SPACE // RANGES_AT_FIRST))
    if first is None:
        return None
    if first.rows and all(_UUID.fullmatch(row_id(row)) for row in first.rows):
        return _Ranges(lister, base, first).read()
    return _by_middles(lister, base)


class _Ranges:
    """Reads by ranges of uuids; the rows of the first quarter are known."""

    def __init__(self, lister: Lister, base: Where, quarter: ProcessPage) -> None:
        self._lister = lister
        self._base = base
        self._quarter: ProcessPage | None = quarter
        self._found: dict[str, Row] = {}
        self._seen: set[str] = set()

    def read(self) -> dict[str, Row] | None:
        todo = [Stretch(Window(0, KEY_SPACE), TARGET_ROWS / (KEY_SPACE / RANGES_AT_FIRST))]
        while todo:
            rest = self._one(todo.pop())
            if rest is None or len(self._seen) > MOST_IDS:
                return None
            todo += reversed(rest)
        return self._found if _none_hidden(self._seen, self._found) else None

    def _shows_all(self, page: ProcessPage, low: int, high: int) -> bool:
        return shows_all(self._lister, _where(self._base, _text(low), _text(high)), page)

    def _one(self, stretch: Stretch) -> tuple[Stretch, ...] | None:
        """Read the next range of a stretch: what is left of it; None if ids can't be cut."""
        asked = next_window(stretch, Grain())
        low, high = asked.lower or 0, asked.upper or KEY_SPACE
        page, self._quarter = self._quarter, None
        if page is None:
            page = _ask(self._lister, self._base, _text(low), _text(high))
        rows = () if page is None else page.rows
        keys = sorted(_key(row_id(row)) for row in rows)
        if page is None or not all(low <= key < high for key in keys):
            return None
        self._seen.update(row_id(row) for row in rows)
        if self._shows_all(page, low, high):
            gather(self._found, rows)
            # A row counts for more where an answer holds fewer.
            rest = after_whole(stretch, asked, len(rows) * LIMIT // page.limit)
            return () if rest is None else (rest,)
        if high - low <= 1 or len(keys) < 2:  # noqa: PLR2004 - nothing between which to cut
            return None
        return after_overfull(stretch, Overfull(asked, keys), horizon=KEY_SPACE, grain=Grain())


def _by_middles(lister: Lister, base: Where) -> dict[str, Row] | None:
    """All rows by ranges of ids of any form, cut in the middle of those seen."""
    found: dict[str, Row] = {}
    known: set[str] = set()
    ranges: list[tuple[str | None, str | None]] = [(None, None)]
    while ranges:
        low, high = ranges.pop()
        page = _ask(lister, base, low, high)
        ids = sorted(row_id(row) for row in page.rows) if page is not None else []
        if page is None or not _inside(ids, low, high):
            return None
        known.update(ids)
        if shows_all(lister, _where(base, low, high), page):
            gather(found, page.rows)
            continue
        cut = ids[len(ids) // 2] if ids else low
        if cut == low or len(known) > MOST_IDS:
            return None
        ranges += [(cut, high), (low, cut)]
    return found if _none_hidden(known, found) else None


def _none_hidden(known: set[str], found: dict[str, Row]) -> bool:
    """Whether ids are compared in our order: in another one ranges hide rows that were seen."""
    return bool(known) and len(known - found.keys()) * 10 < len(known)


def _inside(ids: list[str], low: str | None, high: str | None) -> bool:
    return all((low is None or low <= i) and (high is None or i < high) for i in ids)


def _key(text: str) -> int:
    """The place of a uuid on the axis; -1 for what is none."""
    return int(text[:8] + text[9:13], 16) if _UUID.fullmatch(text) else -1


def _text(key: int) -> str | None:
    """The first uuid at that place; None for the ends of the axis, which need no bound."""
    if not 0 < key < KEY_SPACE:
        return None
    digits = f"{key:012x}"
    return f"{digits[:8]}-{digits[8:]}-0000-0000-000000000000"


def _ask(lister: Lister, base: Where, low: str | None, high: str | None) -> ProcessPage | None:
    return ask_or_none(lister, _where(base, low, high))


def _where(base: Where, low: str | None, high: str | None) -> Where:
    bounds = {op: bound for op, bound in ((">=", low), ("<", high)) if bound is not None}
    return {**base, "id": bounds} if bounds else base


def ask_or_none(lister: Lister, where: Where) -> ProcessPage | None:
    """One answer; None if the server refuses the filter itself.

    Raises:
        ChakraError: The request failed for another reason.
    """
    try:
        return lister(where)
    except ReportedErrors:
        return None
    except Refused as error:
        if error.status in {400, 422}:
            return None
        raise
