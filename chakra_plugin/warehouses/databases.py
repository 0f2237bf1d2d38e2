"""Databases that SQLAlchemy reaches, read with a cursor that the server keeps."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_api.values import exact_json
from chakra_plugin.warehouses.arrow_rows import ROWS_AT_ONCE
from chakra_plugin.warehouses.faults import broken_off, called, no_such, not_read, refuse_twins
from chakra_plugin.warehouses.one_select import one_statement, refuse_other_than_select
from chakra_plugin.warehouses.plain_values import plain
from chakra_plugin.warehouses.result import Column, Kind
from chakra_plugin.warehouses.wanted import Query, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import sqlalchemy as sa

    from chakra_plugin.warehouses.faults import Secrets
    from chakra_plugin.warehouses.wanted import Wanted

_OF_POSTGRESQL: Final = {
    16: ("boolean", Kind.BOOLEAN),
    17: ("bytea", Kind.BYTES),
    20: ("bigint", Kind.INTEGER),
    21: ("smallint", Kind.INTEGER),
    23: ("integer", Kind.INTEGER),
    25: ("text", Kind.TEXT),
    114: ("json", Kind.JSON),
    700: ("real", Kind.NUMBER),
    701: ("double precision", Kind.NUMBER),
    1042: ("character", Kind.TEXT),
    1043: ("character varying", Kind.TEXT),
    1082: ("date", Kind.DATE),
    1114: ("timestamp without time zone", Kind.TIME),
    1184: ("timestamp with time zone", Kind.TIME),
    1700: ("numeric", Kind.NUMBER),
    2950: ("uuid", Kind.TEXT),
    3802: ("jsonb", Kind.JSON),
}
"""PostgreSQL's numbers of types, which never change."""
_OF_PSYCOPG: Final = ("postgresql", "postgres", "postgresql+psycopg2")
"""What is read with psycopg: it alone can be told to keep every value."""
_AS_TEXT: Final = (
    *("interval", "timetz", "int4range", "int8range", "numrange", "daterange", "tsrange"),
    *("tstzrange", "int4multirange", "int8multirange", "nummultirange", "datemultirange"),
    *("tsmultirange", "tstzmultirange"),
)
"""Types of PostgreSQL of which its own text says more than a value of Python."""
_OF_PYTHON: Final[tuple[tuple[type, Kind], ...]] = (
    (bool, Kind.BOOLEAN),
    (int, Kind.INTEGER),
    (float, Kind.NUMBER),
    (Decimal, Kind.NUMBER),
    (datetime, Kind.TIME),
    (date, Kind.DATE),
    (str, Kind.TEXT),
    (bytes, Kind.BYTES),
)


@dataclass(frozen=True, slots=True)
class DatabaseResult:
    """Rows of a database's answer.

    Attributes:
        columns: Of the answer.
        source: What messages call the database.
        given: The rows, as the driver gives them, some thousands at a time.
        secrets: What no message may hold.
    """

    columns: tuple[Column, ...]
    source: str
    given: Iterable[Sequence[Sequence[Any]]]
    secrets: Secrets

    def rows(self) -> Iterator[dict[str, Any]]:
        """As `Result` says."""
        names = [each.name for each in self.columns]
        for chunk in self._chunks():
            for row in chunk:
                yield dict(zip(names, map(plain, row), strict=True))

    def batches(self) -> Iterator[Any]:
        """As `Result` says."""
        import pyarrow as pa  # noqa: PLC0415 - slow to import

        names = [each.name for each in self.columns]
        for chunk in self._chunks():
            columns = zip(*chunk, strict=True)
            yield pa.RecordBatch.from_arrays([_array(list(each)) for each in columns], names)

    def _chunks(self) -> Iterator[Sequence[Sequence[Any]]]:
        import sqlalchemy as sa  # noqa: PLC0415 - slow to import

        ahead = iter(self.given)
        while True:
            try:
                chunk = next(ahead, None)
            except (sa.exc.SQLAlchemyError, ValueError, OverflowError) as error:
                raise broken_off(self.source, self.secrets.said(error)) from error
            if chunk is None:
                return
            yield chunk


def _array(values: list[Any]) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Values of one column as Arrow; what Arrow has no word for as JSON, or its text."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    flat = all(
        value is None or isinstance(value, (bool, int, float, Decimal, date, time, str, bytes))
        for value in values
    )
    if flat:
        with contextlib.suppress(pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            return pa.array(values)
    texts = (
        value
        if value is None or isinstance(value, str)
        else exact_json.dumps(plain(value)).decode()
        for value in values
    )
    return pa.array(list(texts), pa.string())


class Database:
    """A database by its SQLAlchemy URL; nothing is written to it.

    Args:
        url: As the user wrote it.
        secrets: What no message may hold.

    Raises:
        SettingsError: It can't be reached, or there is no driver for it.
    """

    def __init__(self, url: str, secrets: Secrets) -> None:
        self._secrets = secrets
        self.called = f"'{called(url)}'"
        self._engine = self._made(url)
        self._connection = self._connected()
        self._answer: sa.CursorResult[Any] | None = None

    @property
    def identity(self) -> str:
        """As `Warehouse` says."""
        url = self._engine.url.set(password=None, query={})
        if url.get_backend_name() == "sqlite":
            url = url.set(database=str(Path(url.database or "").absolute()))
        return url.render_as_string()

    def _made(self, text: str) -> sa.Engine:
        import sqlalchemy as sa  # noqa: PLC0415 - slow to import

        try:
            url = sa.make_url(text)
            if url.drivername in _OF_PSYCOPG:
                url = url.set(drivername="postgresql+psycopg")
            _refuse_missing(url)
            engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        except sa.exc.NoSuchModuleError:
            scheme = text.partition(":")[0]
            raise SettingsError(
                f"No source of the kind '{scheme}' is known",
                f"Check the URL, or install the SQLAlchemy dialect of {scheme} beside this package",
            ) from None
        except ModuleNotFoundError as error:
            extra = "'chakra-connectors[postgres]'" if text.startswith("postgres") else error.name
            extra = "mysqlclient" if extra == "MySQLdb" else extra
            raise SettingsError(
                f"The driver of {self.called} is not installed", f"Install it: pip install {extra}"
            ) from None
        except (sa.exc.SQLAlchemyError, ValueError, TypeError) as error:
            raise not_read(self.called, self._secrets.said(error)) from None
        if engine.dialect.driver == "psycopg":
            sa.event.listen(engine, "connect", _keep_odd_values)
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _only_read)
        return engine

    def _connected(self) -> sa.Connection:
        import sqlalchemy as sa  # noqa: PLC0415 - slow to import

        options: dict[str, Any] = {"stream_results": True, "max_row_buffer": ROWS_AT_ONCE}
        if self._engine.dialect.name == "postgresql":
            options["postgresql_readonly"] = True
        try:
            return self._engine.connect().execution_options(**options)
        except sa.exc.SQLAlchemyError as error:
            raise not_read(self.called, self._secrets.said(error)) from None

    def read(self, wanted: Wanted) -> DatabaseResult:
        """As `Warehouse` says."""
        import sqlalchemy as sa  # noqa: PLC0415 - slow to import

        self._let_go()
        try:
            found = self._answer = self._connection.execute(self._statement(wanted))
            names = [str(name) for name in found.keys()]  # noqa: SIM118 - not a mapping
            # Gone once all rows are taken.
            told = getattr(found.cursor, "description", None)
            chunks = iter(found.partitions(ROWS_AT_ONCE))
            first = next(chunks, None)
        except (sa.exc.SQLAlchemyError, ValueError, OverflowError) as error:
            self._let_go()
            raise not_read(self.called, self._secrets.said(error)) from None
        refuse_twins(names, self.called)
        since = wanted.since
        if since is not None and since.column not in names:
            raise no_such("column", since.column, self.called, names)
        columns = self._columns(names, told or (), first or ())
        given = _with_first(first, chunks)
        return DatabaseResult(columns, self.called, given, self._secrets)

    def _statement(self, wanted: Wanted) -> sa.TextClause:
        import sqlalchemy as sa  # noqa: PLC0415 - slow to import

        rows, since = wanted.rows, wanted.since
        if isinstance(rows, Query):
            text = self._select(rows.text)
        elif isinstance(rows, Table):
            text = f"SELECT * FROM {self._found(rows)}"  # noqa: S608 - a name, quoted
        else:
            raise SettingsError("No table and no SQL is named", "Name a table or SQL")
        text = text.replace(":", r"\:")
        if since is None or since.least is None:
            return sa.text(text)
        column = self._quoted(since.column)
        wrapped = f"SELECT * FROM ({text}\n) AS source WHERE {column} >= :least OR {column} IS NULL"  # noqa: S608 - what the user asks for
        return sa.text(wrapped).bindparams(least=since.least)

    def _select(self, sql: str) -> str:
        """A SELECT; as a subquery, where a database would also take what writes."""
        text = one_statement(sql)
        refuse_other_than_select(text)
        if self._engine.dialect.name == "sqlite":
            # It may read only, and would give twins other names in a subquery.
            return text
        return f"SELECT * FROM ({text}\n) AS source"  # noqa: S608 - what the user asks for

    def _found(self, table: Table) -> str:
        import sqlalchemy as sa  # noqa: PLC0415 - slow to import

        *schema, name = table.parts
        lies_in = ".".join(schema) or None
        seen = sa.inspect(self._connection)
        try:
            there = seen.has_table(name, schema=lies_in)
            names = [] if there else [*seen.get_table_names(lies_in), *seen.get_view_names(lies_in)]
        finally:
            self._connection.rollback()
        if not there:
            raise no_such("table", str(table), self.called, sorted(names))
        return ".".join(map(self._quoted, table.parts))

    def _quoted(self, name: str) -> str:
        return str(self._engine.dialect.identifier_preparer.quote(name))

    def _columns(
        self, names: Sequence[str], told: Sequence[Any], first: Sequence[Sequence[Any]]
    ) -> tuple[Column, ...]:
        if self._engine.dialect.name == "postgresql":
            return tuple(
                Column(name, kind, called)
                for name, each in zip(names, told, strict=True)
                for called, kind in [_OF_POSTGRESQL.get(int(each[1]), ("other", Kind.OTHER))]
            )
        return tuple(
            Column(name, kind, kind.value)
            for at, name in enumerate(names)
            for kind in [_kind([row[at] for row in first])]
        )

    def _let_go(self) -> None:
        """Of what was read before."""
        import sqlalchemy as sa  # noqa: PLC0415 - slow to import

        with contextlib.suppress(sa.exc.SQLAlchemyError):
            if self._answer is not None:
                self._answer.close()
            self._connection.rollback()

    def close(self) -> None:
        """As `Warehouse` says."""
        import sqlalchemy as sa  # noqa: PLC0415 - slow to import

        self._let_go()
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            self._connection.close()
        self._engine.dispose()


def _refuse_missing(url: sa.URL) -> None:
    """SQLite would make an empty file of a path that was mistyped."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise SettingsError(f"There is no file '{url.database}'", "Check the path of the source")


def _only_read(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's
    connection.execute("PRAGMA query_only = ON")


def _with_first(
    first: Sequence[Any] | None, others: Iterable[Sequence[Any]]
) -> Iterator[Sequence[Any]]:
    if first is not None:
        yield first
        yield from others


def _kind(values: Sequence[Any]) -> Kind:
    held = [value for value in values if value is not None]
    for python, kind in _OF_PYTHON:
        if held and all(isinstance(value, python) for value in held):
            return kind
    return Kind.OTHER


def _keep_odd_values(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's
    """Have psycopg give what Python has no value for as PostgreSQL's text, and JSON exactly."""
    from psycopg import DataError  # noqa: PLC0415 - there only with an extra
    from psycopg.types import datetime as loaders  # noqa: PLC0415
    from psycopg.types.json import JsonLoader  # noqa: PLC0415
    from psycopg.types.string import TextLoader  # noqa: PLC0415

    def lenient(loader: type) -> type:
        def load(self: Any, data: Any) -> object:  # noqa: ANN401 - psycopg's
            try:
                return loader.load(self, data)  # type: ignore[attr-defined]  # psycopg's
            except DataError:
                return bytes(data).decode()

        return type(loader.__name__, (loader,), {"load": load})

    def exact(_loader: Any, data: Any) -> object:  # noqa: ANN401 - psycopg's
        return exact_json.loads(bytes(data))

    known = connection.adapters
    for name, loader in (
        ("date", loaders.DateLoader),
        ("timestamp", loaders.TimestampLoader),
        ("timestamptz", loaders.TimestamptzLoader),
        ("time", loaders.TimeLoader),
    ):
        known.register_loader(name, lenient(loader))
    for name in ("json", "jsonb"):
        known.register_loader(name, type("ExactJsonLoader", (JsonLoader,), {"load": exact}))
    for name in _AS_TEXT:
        known.register_loader(name, TextLoader)
