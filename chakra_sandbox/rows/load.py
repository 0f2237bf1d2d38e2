"""Serves a file as a procedure: CSV, JSON lines or parquet, also gzipped; types are inferred."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

from chakra_sandbox import exact_json
from chakra_sandbox.rows.account import Shelf, shelf_of
from chakra_sandbox.rows.loaded_rows import LoadError, Times, loaded_rows
from chakra_sandbox.rows.model import Attribute, Model, State
from chakra_sandbox.rows.moments import DAY_MS
from chakra_sandbox.rows.procedures import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.moments import Span

_CODE = re.compile(r"\s*(\+|-?0\d)")
"""What looks like a number, and is a text: its first digits would be lost."""
_MOST_OPTIONS = 20
_LEAST_ROWS_FOR_OPTIONS = 200
_STATES = ("NEW", "IN_PROGRESS", "DONE")


@dataclass(frozen=True, slots=True)
class Source:
    """What to load and as what.

    Attributes:
        path: The file; its name says the format.
        procedure: shortId to serve it as.
        key: Column that is the primary key; None makes one, `<procedure>_id`.
        created: Column that gives `createdAt`; None spreads the rows over the span.
        updated: Column that gives `updatedAt`.
    """

    path: Path
    procedure: str
    key: str | None = None
    created: str | None = None
    updated: str | None = None


def load_shelf(source: Source, span: Span, seed: int) -> Shelf:
    """Read a file and put its rows on a shelf, oldest first.

    Raises:
        LoadError: What is wrong with the file, a column or a row, and what to do.
    """
    columns, rows = _read(source)
    for name in (source.key, source.created, source.updated):
        if name is not None and name not in columns:
            raise LoadError(f"{source.path} has no column {name}; it has {', '.join(columns)}")
    names = _short_ids(columns)
    renamed = [{names[key]: value for key, value in row.items() if key in names} for row in rows]
    key = names[source.key] if source.key else f"{source.procedure}_id"
    if source.key is None:
        renamed = [{key: f"R-{n:06d}", **row} for n, row in enumerate(renamed, 1)]
    model = _model(source.procedure, key, renamed)
    times = Times(span, _renamed(source.created, names), _renamed(source.updated, names))
    return shelf_of(model, loaded_rows(model, renamed, times, seed))


def _renamed(column: str | None, names: Mapping[str, str]) -> str | None:
    return names[column] if column is not None else None


def _read(source: Source) -> tuple[list[str], list[Row]]:
    path = source.path
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = next((s for s in reversed(suffixes) if s != ".gz"), "")
    readers: dict[str, Callable[[bytes], list[Row]]] = {
        ".csv": _read_csv,
        ".jsonl": _read_lines,
        ".ndjson": _read_lines,
        ".json": _read_lines,
        ".parquet": _read_parquet,
    }
    if kind not in readers:
        raise LoadError(
            f"{path}: the name must end in one of {', '.join(readers)}, or that and .gz"
        )
    try:
        content = path.read_bytes()
        rows = readers[kind](gzip.decompress(content) if suffixes[-1] == ".gz" else content)
    except (OSError, EOFError, ValueError) as error:
        raise LoadError(f"cannot read {path}: {error}") from error
    if not rows:
        raise LoadError(f"{path} holds no rows")
    return list(dict.fromkeys(name for row in rows for name in row)), rows


def _read_csv(content: bytes) -> list[Row]:
    import pyarrow as pa  # noqa: PLC0415 - only --load pays for it
    from pyarrow import csv  # noqa: PLC0415 - the same

    table = csv.read_csv(BytesIO(content))
    as_text = csv.ConvertOptions(
        column_types=dict.fromkeys(table.column_names, pa.string()), strings_can_be_null=True
    )
    texts = csv.read_csv(BytesIO(content), convert_options=as_text)
    rows = _plain(table)
    for name in table.column_names:
        kind = table[name].type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            for row, value in zip(rows, _as_written(texts[name].to_pylist()), strict=True):
                row[name] = value
    return rows


def _as_written(texts: list[str | None]) -> list[object]:
    """The values of a column of numbers, unless its texts are codes: those stay texts."""
    if any(text is not None and _CODE.match(text) for text in texts):
        return list(texts)
    return [None if text is None else _number(text) for text in texts]


def _number(text: str) -> object:
    """The number that a text spells, with every digit."""
    try:
        return exact_json.loads(str(Decimal(text)).encode())
    except (ArithmeticError, ValueError):
        return float(text)  # a NaN, or an infinity


def _read_parquet(content: bytes) -> list[Row]:
    from pyarrow import parquet  # noqa: PLC0415 - only --load pays for it

    return _plain(parquet.read_table(BytesIO(content)))


def _read_lines(content: bytes) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(content.splitlines(), 1):
        row = exact_json.loads(line) if line.strip() else {}
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is not a JSON object")  # noqa: TRY004 - input, not code
        rows += [row] if row else []
    return rows


def _plain(table: pa.Table) -> list[Row]:
    return [{name: _json_value(value) for name, value in row.items()} for row in table.to_pylist()]


def _json_value(value: object) -> object:
    """Return a value of a column as JSON holds it; times keep their class until they are typed."""
    if isinstance(value, Decimal):
        return _number(str(value))
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value


def _short_ids(columns: Iterable[str]) -> dict[str, str]:
    """Name an attribute for each column: letters, digits and underscores, each name once."""
    names: dict[str, str] = {}
    for column in columns:
        name = re.sub(r"\W+", "_", column).strip("_") or "column"
        taken = set(names.values())
        count = 2
        unique = name
        while unique in taken:
            unique = f"{name}_{count}"
            count += 1
        names[column] = unique
    return names


def _model(procedure: str, key: str, rows: list[Row]) -> Model:
    short_ids = dict.fromkeys(name for row in rows for name in row)
    attributes = tuple(_attribute(procedure, name, rows, is_key=name == key) for name in short_ids)
    return Model(
        short_id=procedure,
        name=procedure.replace("_", " ").capitalize(),
        entity=procedure,
        attributes=attributes,
        derived=(),
        states=tuple(State(s, s.replace("_", " ").capitalize(), procedure) for s in _STATES),
        completed_state=_STATES[-1],
        primary_key=key,
    )


def _attribute(procedure: str, name: str, rows: list[Row], *, is_key: bool) -> Attribute:
    """Infer an attribute from its values, which become JSON in place."""
    values = [row[name] for row in rows if row.get(name) is not None]
    kinds = {type(value) for value in values}
    type_name = _type_name(kinds)
    if kinds & {datetime, date, time}:
        for row in rows:
            row[name] = _milliseconds(row.get(name))
    if is_key:
        type_name = "integerId" if type_name == "integer" else "stringId"
    allowed: tuple[str, ...] = ()
    if type_name == "string" and len(values) >= _LEAST_ROWS_FOR_OPTIONS:
        distinct = sorted(set(values))
        allowed = tuple(distinct) if len(distinct) <= _MOST_OPTIONS else ()
    label = name.replace("_", " ").capitalize()
    shown_type = "stringEnum" if allowed else type_name
    return Attribute(name, shown_type, label, options(allowed), is_required=is_key, owner=procedure)


def _type_name(kinds: set[type]) -> str:
    by_kinds: list[tuple[set[type], str]] = [
        ({bool}, "boolean"),
        ({int}, "integer"),
        ({int, float, Decimal}, "decimal"),
        ({datetime}, "datetime"),
        ({date}, "date"),
        ({time}, "time"),
        ({str}, "string"),
    ]
    if not kinds:
        return "string"
    return next((name for accepted, name in by_kinds if kinds <= accepted), "json")


def _milliseconds(value: object) -> object:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return round(aware.timestamp() * 1000)
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days * DAY_MS
    if isinstance(value, time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return seconds * 1000 + value.microsecond // 1000
    return value
