"""Parquet and CSV: a file, or a folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_plugin.warehouses.arrow_result import ArrowResult, kind_of
from chakra_plugin.warehouses.arrow_rows import ROWS_AT_ONCE
from chakra_plugin.warehouses.faults import no_such, not_read, refuse_twins
from chakra_plugin.warehouses.result import Column
from chakra_plugin.warehouses.wanted import Query

if TYPE_CHECKING:
    from chakra_plugin.warehouses.faults import Secrets
    from chakra_plugin.warehouses.wanted import Since, Table, Wanted

FORMATS: Final = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}
"""Of a file, by the end of its name."""
_IN_SQL: Final = (
    "Name no SQL to read all of it, or have DuckDB read it: --source duckdb:// with"
    " SELECT ... FROM 'file.parquet' (or read_csv('file.csv', all_varchar=true))"
)


def format_of(path: Path) -> str | None:
    """The format of a file by its name; None for any other file."""
    return next((form for end, form in FORMATS.items() if path.name.lower().endswith(end)), None)


class ColumnarFiles:
    """A parquet or CSV file, or a folder (with all below it) of files of one of these formats.

    Args:
        path: Where.
        secrets: What no message may hold.

    Raises:
        SettingsError: There is none.
    """

    def __init__(self, path: str, secrets: Secrets) -> None:
        self._place = Path(path).expanduser()
        self._secrets = secrets
        self.called = f"'{path}'"
        if not self._place.exists():
            raise SettingsError(f"There is no file or folder {self.called}", "Check the path")

    @property
    def identity(self) -> str:
        """As `Warehouse` says."""
        return self._place.absolute().as_uri()

    def read(self, wanted: Wanted) -> ArrowResult:
        """As `Warehouse` says; a table is a folder, or a file without the end of its name."""
        import pyarrow as pa  # noqa: PLC0415 - slow to import

        if isinstance(wanted.rows, Query):
            raise SettingsError(f"{self.called} takes no SQL", _IN_SQL)
        try:
            found = self._dataset(wanted.rows, wanted.since)
            names = found.schema.names
            refuse_twins(names, self.called)
            kept = _filter(wanted.since, found.schema, self.called)
            scanner = found.scanner(
                filter=kept,
                batch_size=ROWS_AT_ONCE,
                # As little as possible is read ahead: memory stays flat.
                batch_readahead=2,
                fragment_readahead=1,
                use_threads=False,
            )
            columns = tuple(Column(e.name, kind_of(e.type), str(e.type)) for e in found.schema)
            given = (part for part in scanner.to_batches() if part.num_rows)
            return ArrowResult(columns, self.called, given, self._secrets.said)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise not_read(self.called, self._secrets.said(error)) from None

    def _dataset(self, table: Table | None, since: Since | None) -> Any:  # noqa: ANN401 - pyarrow ships no types
        import pyarrow.dataset as ds  # noqa: PLC0415 - slow to import

        files = self._files(table)
        forms = {format_of(each) for each in files}
        if len(forms) > 1:
            raise SettingsError(
                f"{self.called} holds both parquet and CSV files", "Name the files of one format"
            )
        paths = [str(each) for each in files]
        form = forms.pop()
        if form == "parquet":
            return ds.dataset(paths, schema=_united(paths, form, self.called), format=form)
        if since is not None:
            raise SettingsError(
                f"--state goes by '{since.column}', which is text in the CSV {self.called}: texts"
                " have no order to go by",
                "Leave --state out, or have DuckDB read it (--source duckdb://) and cast the column"
                " in its SQL: FROM read_csv('file.csv', all_varchar=true)",
            )
        return _of_texts(paths, self.called)

    def _files(self, table: Table | None) -> list[Path]:
        place = self._place
        if place.is_file():
            if format_of(place) is None:
                ends = ", ".join(FORMATS)
                raise SettingsError(
                    f"{self.called} is no file that is known by its name", f"Known are {ends}"
                )
            return [place]
        below = sorted(each for each in place.rglob("*") if each.is_file() and format_of(each))
        if table is not None:
            below = _of_table(below, place, table, self.called)
        if not below:
            raise SettingsError(f"{self.called} holds no parquet or CSV file", "Check the path")
        return below

    def close(self) -> None:
        """As `Warehouse` says."""


def _united(paths: list[str], form: Any, source: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """The columns of all files by their names, each of the type that takes what every file has.

    Raises:
        SettingsError: There is none that does; or a file has two columns of one name.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.dataset as ds  # noqa: PLC0415

    united = None
    for path in paths:
        found = ds.dataset([path], format=form).schema
        refuse_twins(found.names, source)
        try:
            united = found if united is None else _merged(united, found)
        except pa.ArrowException as error:
            raise SettingsError(
                f"The files of {source} disagree: at '{path}', {str(error).splitlines()[0]}",
                "Write them with one type for the column, or have DuckDB read them (--source"
                " duckdb://) and cast it in its SQL",
            ) from None
    return united


def _merged(first: Any, second: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    if first.equals(second):
        return first
    return pa.unify_schemas([first, second], promote_options="permissive")


def _of_texts(paths: list[str], source: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """CSV files, every cell a text exactly as it stands; only an empty one without quotes is null.

    No type is guessed: 007 is not 7, and NA may be somebody's initials.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.csv as pc  # noqa: PLC0415
    import pyarrow.dataset as ds  # noqa: PLC0415

    form = ds.CsvFileFormat(
        parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    names: dict[str, None] = {}
    for path in paths:
        header = _header(path, form, source)
        refuse_twins(header, source)
        names |= dict.fromkeys(header)
    schema = pa.schema([(name, pa.string()) for name in names])
    return ds.dataset(paths, schema=schema, format=form)


def _header(path: str, form: Any, source: str) -> list[str]:  # noqa: ANN401 - pyarrow ships no types
    """The columns that a CSV file names in its first line.

    Raises:
        SettingsError: It has none.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.dataset as ds  # noqa: PLC0415

    try:
        names: list[str] = ds.dataset([path], format=form).schema.names
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise
        of = "" if path == source else f" of {source}"
        raise SettingsError(
            f"The file '{path}'{of} is empty: a CSV file begins with the names of its columns",
            "Write it with its header, also where it has no rows",
        ) from None
    return names


def _of_table(files: list[Path], root: Path, table: Table, source: str) -> list[Path]:
    """The files of a table: those below a folder of its name, or one of its name."""
    by_table: dict[str, list[Path]] = {}
    for each in files:
        inner = each.relative_to(root)
        stem = inner.name[: inner.name.lower().rfind(f".{format_of(each)}")]
        folders = inner.parts[:-1]
        for name in (
            "/".join((*folders, stem)),
            *("/".join(folders[: n + 1]) for n in range(len(folders))),
        ):
            by_table.setdefault(name, []).append(each)
    wanted = "/".join(table.parts)
    if wanted not in by_table:
        raise no_such("table", str(table), source, sorted(n.replace("/", ".") for n in by_table))
    return by_table[wanted]


def _filter(since: Since | None, schema: Any, source: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.dataset as ds  # noqa: PLC0415

    if since is None:
        return None
    if since.column not in schema.names:
        raise no_such("column", since.column, source, schema.names)
    if since.least is None:
        return None
    field = ds.field(since.column)
    least = pa.scalar(since.least).cast(schema.field(since.column).type)
    return (field >= least) | field.is_null()
