"""What a sync is asked for: which rows of which source, under which name, by which column."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_plugin.warehouses.wanted import Query, Table

if TYPE_CHECKING:
    from chakra_plugin.warehouses.result import Warehouse

_DIGITS: Final = 32
"""Of the hash that tells one SQL from another."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sync is asked for.

    Attributes:
        stream: The name that the mapping knows the rows by.
        rows: The table or query; None for all that the source holds, where it is files.
        column: The column that tells what is new; None to read everything.
    """

    stream: str
    rows: Table | Query | None
    column: str | None = None

    def place_in(self, warehouse: Warehouse) -> str:
        """Names what is read, wherever it is read from: a watermark is of that and no other."""
        rows = self.rows
        if isinstance(rows, Query):
            digest = hashlib.blake2b(rows.text.encode(), digest_size=_DIGITS // 2).hexdigest()
            what = f"SQL {digest}"
        else:
            what = f"table {rows.quoted()}" if rows else "all"
        by = f" by {self.column}" if self.column else ""
        return f"{warehouse.identity} {what}{by}"


def asked_for(
    source: str, table: str | None, sql: str | None, stream: str | None, column: str | None
) -> Asked:
    """What the options of a command ask for.

    Args:
        source: The source, as its user wrote it.
        table: A table's name.
        sql: The path of a file that holds SQL, or SQL.
        stream: The name of the rows; by default the table's, or the file's.
        column: The column that tells what is new.

    Raises:
        SettingsError: It says too much or too little.
    """
    if table and sql:
        raise SettingsError("Both --table and --sql are given", "Give one of them")
    if sql is not None:
        rows, called = _query(sql)
        if not (stream or called):
            raise SettingsError(
                "SQL that is written out has no name", "Name the rows with --stream, as lead_scores"
            )
        return Asked(stream or called, rows, column)
    if table is not None:
        named = Table.named(table)
        return Asked(stream or named.name, named, column)
    if "://" in source and not source.startswith("file://"):
        raise SettingsError(
            "Neither --table nor --sql is given", "Name a table, or a file that holds a SELECT"
        )
    return Asked(stream or Path(source).name.partition(".")[0], None, column)


def _query(sql: str) -> tuple[Query, str]:
    """The query, and the name that its file gives it."""
    is_text = len(sql.split()) > 1 and not Path(sql).is_file()
    if is_text:
        return Query.written(sql), ""
    return Query.in_file(sql), Path(sql).stem
