"""Marks of deletion: which columns hold them, and what a value says. Pure.

A word that nobody knows deletes nothing: its row is a reject.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_api.values.writing import Unfit, decimal_of, truth_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from chakra_api.values.times import Times

_TIMELY: Final = re.compile(r"(_|^)(at|on|ts|time|date|datetime|timestamp)$|(At|On|Time|Date)$")
"""Names of columns that hold times: `deleted_at`, `removedOn`, `timestamp`."""
_LOADERS: Final = re.compile(r"(_sdc_|_dlt_)\w*deleted\w*", re.IGNORECASE)
"""Marks that taps and loaders add: `_sdc_deleted_at`, `_sdc_lsn_deleted_at`, `_dlt_deleted`."""


class DeleteMarks:
    """Reads the marks of one stream.

    Args:
        columns: Those that mark a row as deleted; none if the mapping names none.
        times: What times without a zone mean.
        timely: Columns that are declared as times.
    """

    def __init__(
        self, columns: Collection[str], times: Times, timely: Collection[str] = ()
    ) -> None:
        self.columns = frozenset(columns)
        self._times = replace(times, unit_ms=1)  # a source's numbers are milliseconds
        self._timely = {c for c in columns if c in timely or _TIMELY.search(c)}

    def deletes(self, row: Mapping[str, object]) -> bool | tuple[str, Unfit]:
        """Whether a row is marked as deleted; else the column and what is wrong with its mark."""
        found = False
        for column in self.columns:
            value = row.get(column)
            if value is None or value is False:
                continue  # of nearly all rows, at once
            mark = self._marks(column, value)
            if isinstance(mark, Unfit):
                return column, mark
            found = found or mark
        return found

    def _marks(self, column: str, value: object) -> bool | Unfit:
        if _is_blank(value):
            return False
        truth = truth_of(value)
        if truth is not None:
            return truth
        if column not in self._timely:
            return Unfit("is neither true nor false")
        is_time = self._times.instant(value) is not None
        return True if is_time else Unfit("is neither a time nor true nor false")


def is_loaders_mark(column: str) -> bool:
    """Whether a column is one in which taps and loaders mark rows as deleted."""
    return _LOADERS.fullmatch(column) is not None


def is_marked(value: object) -> bool:
    """Whether the mark of a tap or a loader says that a row is deleted."""
    return not _is_blank(value) and truth_of(value) is not False and decimal_of(value) != 0


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
