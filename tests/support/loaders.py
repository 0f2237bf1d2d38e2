"""Loads what a real tap printed into a table, as loaders do: names small, objects flattened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb

from tests.support import tap_process

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
STREAM = "process_lead"


def records(folder: Path, config: Row, *args: str) -> list[Row]:
    """What the tap emits of the leads."""
    catalog = tap_process.catalog_of(folder, config, STREAM)
    done = tap_process.run(folder, config, *args, catalog=catalog)
    assert done.code == 0, done.stderr
    return done.records[STREAM]


def flattened(record: Row) -> Row:
    """A record as a loader stores it: `data__leadScore` is `data__leadscore`, lists are JSON."""
    found: Row = {}
    for name, value in record.items():
        if name in ("data", "derivedData"):
            inner = value or {}
            found |= {f"{name}__{key}".lower(): _cell(each) for key, each in inner.items()}
        else:
            found[name.lower()] = _cell(value)
    return found


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def store(path: Path, rows: list[Row], casts: dict[str, str] | None = None) -> None:
    """Make a DuckDB file whose table `raw.process_lead` holds these rows.

    Args:
        path: The file.
        rows: Its rows.
        casts: Types of columns, by name; DuckDB finds the others.
    """
    path.unlink(missing_ok=True)
    lines = path.with_suffix(".jsonl")
    names = list(dict.fromkeys(name for row in rows for name in row))
    whole = [{name: row.get(name) for name in names} for row in rows]
    lines.write_text("\n".join(json.dumps(row) for row in whole))
    typed = ", ".join(f'"{name}": "{kind}"' for name, kind in (casts or {}).items())
    replaced = [f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in (casts or {}).items()]
    star = f"* REPLACE ({', '.join(replaced)})" if typed else "*"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA raw")
        database.execute(
            f"CREATE TABLE raw.process_lead AS SELECT {star} FROM"
            f" read_json('{lines}', format = 'newline_delimited', sample_size = -1)"
        )
