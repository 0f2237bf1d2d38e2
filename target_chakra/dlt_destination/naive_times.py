"""Tells of columns whose times dlt gives UTC for a zone, so that naive_timezone can't count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_chakra.dlt_destination.files import Column
    from target_chakra.settings import Settings


def told_of_naive_times(table: str, columns: Iterable[Column], settings: Settings) -> list[str]:
    """What is said of a table's columns of times, one text a column; none without naive_timezone.

    A file does not say which of its times named a zone. So this is no error: it would stop tables
    whose times all do, and which are written as they were meant.

    Args:
        table: Its name.
        columns: Its columns.
        settings: Of the destination; a column that its mapping does not write is left out.
    """
    if settings.naive_timezone is None:
        return []
    try:
        mapping = settings.mapping_for(table)
    except SettingsError:
        return []  # Its files will be refused for that.
    if mapping.skip:
        return []
    written = mapping.call.columns if mapping.call is not None else mapping.fields
    names = {column.name for column in columns if column.may_be_naive}
    return [
        f"Times of the column '{name}' of the table '{table}' that name no zone are written as"
        " UTC, not in naive_timezone: dlt makes them UTC before the destination sees them. Where"
        ' they name none, give the column the hint {"data_type": "timestamp", "timezone": False};'
        " where all of them name one, the same with True, and this is not said again"
        for name in sorted(names)
        if written is None or name in written
    ]
