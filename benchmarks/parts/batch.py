"""BATCH: rows per second and CPU per row where the tap writes files in place of lines."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from benchmarks.readers import tap
from benchmarks.report import Part, Table
from benchmarks.served import run

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.benches import Benches
    from benchmarks.readers import Bench

ROWS = 100_000
THREADS = 8
LANES = (("JSON lines, gzip", "jsonl", "gzip"), ("parquet", "parquet", "none"))


def measure(benches: Benches) -> Part:
    """Lines, and each lane of files."""
    bench = benches.leads(ROWS)
    lines = run(bench.sandbox, tap(bench, THREADS)).measured
    rows: list[tuple[str, ...]] = [("lines", f"{lines.rate:,.0f}", f"{lines.cpu_us:.1f} µs", "")]
    rows += [_lane(bench, *lane) for lane in LANES]
    return Part("BATCH", (), (Table(_HEAD, tuple(rows)),), (_NOTE,))


_HEAD = ("as", "rows/s", "CPU per row", "bytes per row")
_NOTE = (
    f"{ROWS:,} rows, {THREADS} threads, no latency; the rows in the files are counted afterwards."
)


def _lane(bench: Bench, name: str, form: str, compression: str) -> tuple[str, ...]:
    root = bench.folder / form
    root.mkdir(exist_ok=True)
    batch = {
        "encoding": {"format": form, "compression": compression},
        "storage": {"root": root.as_uri()},
    }
    done = run(bench.sandbox, tap(bench, THREADS, batch_config=batch)).measured
    files = [path for path in root.rglob("*") if path.is_file()]
    if (rows := sum(map(_rows_in, files))) != bench.rows:
        raise SystemExit(f"BATCH as {name}: {rows:,} of {bench.rows:,} rows are in the files")
    size = sum(path.stat().st_size for path in files) / rows
    return (name, f"{rows / done.seconds:,.0f}", f"{done.cpu / rows * 1e6:.1f} µs", f"{size:,.0f}")


def _rows_in(path: Path) -> int:
    if ".parquet" in path.suffixes:
        # A child's peak memory begins at its parent's: this one must stay small until here.
        import pyarrow.parquet as pq  # noqa: PLC0415

        return int(pq.read_metadata(path).num_rows)
    with gzip.open(path) as lines:
        return sum(1 for _ in lines)
