"""DuckDB files, only read: another process may not be writing them at the same time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_plugin.warehouses.arrow_result import ArrowResult
from chakra_plugin.warehouses.arrow_rows import ROWS_AT_ONCE
from chakra_plugin.warehouses.faults import no_such, not_read, refuse_twins
from chakra_plugin.warehouses.one_select import no_select, one_statement
from chakra_plugin.warehouses.result import Column, Kind
from chakra_plugin.warehouses.wanted import Table, quoted

if TYPE_CHECKING:
    from chakra_plugin.warehouses.faults import Secrets
    from chakra_plugin.warehouses.wanted import Since, Wanted

SCHEME: Final = "duckdb://"
_IN_MEMORY: Final = ("", ":memory:")
_LOCKED: Final = re.compile(r"(?:Could not set lock|being used by another process).*", re.DOTALL)
_HOLDER: Final = re.compile(r"PID (\d+)")
_AS_TEXT: Final = re.compile(
    r"UHUGEINT|BIT|BIGNUM|VARINT|INTERVAL|TIME|TIME WITH TIME ZONE|UUID|UNION\(.*", re.DOTALL
)
"""Types that Arrow would round, or has no word for: DuckDB's own text of them is taken."""
_NOT_WITHIN: Final = re.compile(
    r"\b(UHUGEINT|BIT|BIGNUM|VARINT|INTERVAL|TIME WITH TIME ZONE|UNION)\b"
)
"""Of those, which a list or struct may not hold."""
_KINDS: Final = {
    "VARCHAR": Kind.TEXT,
    "UUID": Kind.TEXT,
    "JSON": Kind.JSON,
    "BOOLEAN": Kind.BOOLEAN,
    "FLOAT": Kind.NUMBER,
    "DOUBLE": Kind.NUMBER,
    "DATE": Kind.DATE,
    "BLOB": Kind.BYTES,
}


class DuckdbFile:
    """A DuckDB file, open for reading, or DuckDB in memory, which reads files of other forms.

    Args:
        url: `duckdb:///warehouse.duckdb`, with four slashes for a whole path; `duckdb://` for none.
        secrets: What no message may hold.

    Raises:
        SettingsError: It can't be opened.
    """

    def __init__(self, url: str, secrets: Secrets) -> None:
        place = url.removeprefix(SCHEME).removeprefix("/")
        self._path = place if place in _IN_MEMORY else str(Path(place).expanduser())
        self.called = f"'{self._path}'" if self._path not in _IN_MEMORY else "DuckDB"
        self._secrets = secrets
        self._connection = self._opened()

    @property
    def identity(self) -> str:
        """As `Warehouse` says."""
        in_memory = self._path in _IN_MEMORY
        return SCHEME if in_memory else f"{SCHEME}/{Path(self._path).absolute()}"

    def _opened(self) -> Any:  # noqa: ANN401 - there only with an extra
        try:
            import duckdb  # noqa: PLC0415 - there only with an extra
        except ModuleNotFoundError:
            raise SettingsError(
                "DuckDB is not installed",
                "Install it with: pip install 'chakra-connectors[duckdb]'",
            ) from None
        if self._path in _IN_MEMORY:
            return duckdb.connect()
        if not Path(self._path).is_file():
            raise SettingsError(f"There is no file {self.called}", "Check the path of the source")
        try:
            return duckdb.connect(self._path, read_only=True)
        except duckdb.Error as error:
            raise self._not_opened(error) from None

    def _not_opened(self, error: BaseException) -> SettingsError:
        if _LOCKED.search(str(error)):
            holder = _HOLDER.search(str(error))
            who = f"another process ({holder[1]})" if holder else "another process"
            return SettingsError(
                f"The DuckDB file {self.called} is open for writing in {who}",
                "Wait until that has ended, then run it again",
            )
        return not_read(self.called, self._secrets.said(error))

    def read(self, wanted: Wanted) -> ArrowResult:
        """As `Warehouse` says."""
        import duckdb  # noqa: PLC0415 - there only with an extra

        if wanted.rows is None:
            raise SettingsError("No table and no SQL is named", "Name a table or SQL")
        try:
            found = self._relation(wanted)
            columns = tuple(
                Column(name, _kind(str(kind)), str(kind))
                for name, kind in zip(found.columns, found.types, strict=True)
            )
            refuse_twins(found.columns, self.called)
            found = self._legible(found, columns)
            # Before version 1.5 it had another name.
            reader = getattr(found, "to_arrow_reader", None) or found.fetch_record_batch
            return ArrowResult(columns, self.called, reader(ROWS_AT_ONCE), self._secrets.said)
        except duckdb.Error as error:
            raise not_read(self.called, self._secrets.said(error)) from None

    def _relation(self, wanted: Wanted) -> Any:  # noqa: ANN401 - there only with an extra
        rows = wanted.rows
        if isinstance(rows, Table):
            text, found = f"FROM {rows.quoted()}", self._table(rows)
        else:
            text = one_statement(rows.text if rows is not None else "")
            found = self._selected(text)
        if found is None:
            raise SettingsError(f"The SQL gives no rows: {text:.80}", "Write a SELECT")
        since = wanted.since
        if since is None:
            return found
        _find_column(since, found.columns, self.called)
        if since.least is None:
            return found
        column = quoted(since.column)
        return self._connection.sql(
            f"SELECT * FROM ({text}\n) WHERE {column} >= ? OR {column} IS NULL",  # noqa: S608 - what the user asks for
            params=[since.least],
        )

    def _selected(self, text: str) -> Any:  # noqa: ANN401 - there only with an extra
        """The answer of a SELECT; DuckDB itself says whether it is one before it runs it."""
        import duckdb  # noqa: PLC0415 - there only with an extra

        found = self._connection.extract_statements(text)
        if [each.type for each in found] != [duckdb.StatementType.SELECT]:
            raise no_select(text)
        return self._connection.sql(text)

    def _table(self, table: Table) -> Any:  # noqa: ANN401 - there only with an extra
        import duckdb  # noqa: PLC0415 - there only with an extra

        try:
            return self._connection.sql(f"SELECT * FROM {table.quoted()}")  # noqa: S608 - a name
        except duckdb.CatalogException:
            names = self._connection.execute(
                "SELECT table_schema || '.' || table_name FROM information_schema.tables ORDER BY 1"
            ).fetchall()
            spelled = [name.removeprefix("main.") for (name,) in names]
            raise no_such("table", str(table), self.called, spelled) from None

    def _legible(self, found: Any, columns: tuple[Column, ...]) -> Any:  # noqa: ANN401 - as above
        """What was found, with DuckDB's text of what Arrow would not keep."""
        for column in columns:
            nested = column.type.endswith("]") or column.type.startswith(("STRUCT", "MAP"))
            if nested and (odd := _NOT_WITHIN.search(column.type)):
                raise SettingsError(
                    f"The column '{column.name}' of {self.called} holds {odd[0]} within"
                    f" {column.type:.80}, which has no meaning for a row",
                    "Leave it out in the SQL, or cast it: CAST(... AS VARCHAR)",
                )
        odd_ones = [quoted(each.name) for each in columns if _AS_TEXT.fullmatch(each.type)]
        if not odd_ones:
            return found
        casts = ", ".join(f"CAST({each} AS VARCHAR) AS {each}" for each in odd_ones)
        return found.project(f"* REPLACE ({casts})")

    def close(self) -> None:
        """As `Warehouse` says."""
        self._connection.close()


def _kind(name: str) -> Kind:
    if name.startswith("TIMESTAMP"):
        return Kind.TIME
    if name.endswith("]"):
        return Kind.OTHER
    if name.startswith("DECIMAL"):
        return Kind.NUMBER
    if name.startswith("ENUM"):
        return Kind.TEXT
    return (
        Kind.INTEGER if name.endswith("INT") or name == "INTEGER" else _KINDS.get(name, Kind.OTHER)
    )


def _find_column(since: Since, columns: list[str], source: str) -> None:
    if since.column.lower() not in (each.lower() for each in columns):
        raise no_such("column", since.column, source, columns)
