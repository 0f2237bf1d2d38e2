"""Times of rows as a scan needs them, in milliseconds, whatever unit the account speaks.

The unit is a fact of the account: the `createdAt` of the first rows that a run is shown prove it.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from chakra_api.values.times import SECOND_MS, unit_of
from chakra_api.values.timestamps import USUAL_FROM, USUAL_UNTIL, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.answers import ProcessPage, Row

_log = logging.getLogger("tap-chakra")


class RowInSeconds(dict[str, object]):
    """A row of an account whose numbers of time are seconds; its fields are as they came."""


def created_at(row: Row) -> int | None:
    """`createdAt` of a row, epoch milliseconds; None if it is unusable."""
    unit = SECOND_MS if type(row) is RowInSeconds else 1
    return parse_timestamp(row.get("createdAt"), unit_ms=unit)


def updated_at(row: Row) -> int | None:
    """`updatedAt` of a row, epoch milliseconds; None if it is unusable."""
    unit = SECOND_MS if type(row) is RowInSeconds else 1
    return parse_timestamp(row.get("updatedAt"), unit_ms=unit)


def all_created_at(rows: Sequence[Row]) -> list[int | None]:
    """`createdAt` of each of the rows, epoch milliseconds; None where it is unusable."""
    return _usual(rows, "createdAt") or [created_at(row) for row in rows]


def all_updated_at(rows: Sequence[Row]) -> list[int | None]:
    """`updatedAt` of each of the rows, epoch milliseconds; None where it is unusable."""
    return _usual(rows, "updatedAt") or [updated_at(row) for row in rows]


def _usual(rows: Sequence[Row], name: str) -> list[int | None] | None:
    """The times of rows that are milliseconds, each one, as they usually are; None otherwise."""
    if not rows or type(rows[0]) is RowInSeconds:
        return None
    times = [row.get(name) for row in rows]
    if set(map(type, times)) != {int}:
        return None
    least, most = min(times), max(times)  # type: ignore[type-var]  # all are integers
    return times if least >= USUAL_FROM and most < USUAL_UNTIL else None  # type: ignore[operator,return-value]


class UnitOfTime:
    """The unit of an account's times, proven by the first rows that have one.

    Args:
        known: Milliseconds in it, where another run has proven that; None where nobody has.

    Attributes:
        ms: Milliseconds in it; 1 until it is proven.
    """

    def __init__(self, known: int | None = None) -> None:
        self._lock = Lock()
        self._proven = known is not None
        self.ms = known or 1

    @property
    def known(self) -> int | None:
        """Milliseconds in it; None until it is proven."""
        return self.ms if self._proven else None

    def told(self, page: ProcessPage) -> ProcessPage:
        """The page, its rows told from those of other accounts if they speak seconds."""
        if not self._proven:
            self._prove(page)
        if self.ms == 1:
            return page
        return replace(page, rows=[RowInSeconds(row) for row in page.rows])

    def _prove(self, page: ProcessPage) -> None:
        unit = unit_of(row.get("createdAt") for row in page.rows)
        with self._lock:
            if unit is None or self._proven:
                return
            self._proven, self.ms = True, unit
        if unit == SECOND_MS:
            _log.warning(
                "The createdAt of this account's rows would all lie before 1973 if they were"
                " milliseconds: all its times are read as seconds"
            )
