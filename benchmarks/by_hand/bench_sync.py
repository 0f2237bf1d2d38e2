"""Measures `sync` beside Singer lines: `python benchmarks/by_hand/bench_sync.py --rows 1000000`.

The same rows of 20 columns, none of which differs from what ChakraHQ holds, come from a DuckDB
file and from a file of Singer lines, each in a process of its own; the transport answers in
process, and its CPU is left out. Beside the rates: the peak memory, at a tenth of the rows, too.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

import duckdb
import orjson
import pyarrow as pa

from benchmarks.by_hand.bench_target import InProcess, config
from benchmarks.by_hand.target_rows import COLUMNS, held
from chakra_api.clock import SystemClock
from chakra_api.endpoints.client import ChakraClient
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_plugin.rare_gc import RARE_THRESHOLDS
from chakra_plugin.warehouses.source import open_warehouse
from chakra_plugin.warehouses.wanted import Table
from target_chakra.run.session import Session
from target_chakra.run.wiring import StandIns
from target_chakra.settings import parse_settings
from target_chakra.singer.target import TargetChakra
from target_chakra.sync.asked import Asked
from target_chakra.sync.table_sync import TableSync

ROWS_AT_ONCE = 20_000
HELD_OF_A_HUNDRED = 80
"""Of a hundred keys, those that the transport holds from the beginning."""


def row_of(number: int) -> dict[str, Any]:
    """A row that ChakraHQ holds as it is."""
    return held(number // HELD_OF_A_HUNDRED * 100 + number % HELD_OF_A_HUNDRED)


def make(folder: Path, rows: int) -> None:
    """The same rows as a table and as lines."""
    properties = {column: {} for column in COLUMNS}
    schema = {"type": "SCHEMA", "stream": "s", "schema": {"properties": properties}}
    with duckdb.connect(str(folder / "w.duckdb")) as warehouse, (folder / "in").open("wb") as out:
        out.write(orjson.dumps(schema) + b"\n")
        for first in range(0, rows, ROWS_AT_ONCE):
            some = [row_of(n) for n in range(first, min(rows, first + ROWS_AT_ONCE))]
            table = pa.Table.from_pylist(some)
            warehouse.register("batch_of_rows", table)
            begin = "INSERT INTO s" if first else "CREATE TABLE s AS"
            warehouse.execute(f"{begin} SELECT * FROM batch_of_rows")  # noqa: S608 - our own words
            out.writelines(
                orjson.dumps({"type": "RECORD", "stream": "s", "record": row}) + b"\n"
                for row in some
            )


def child(way: str, folder: Path) -> None:
    """One way, in this process; prints its figures."""
    gc.set_threshold(*RARE_THRESHOLDS)
    transport, clock = InProcess(), SystemClock()
    settings = config("http://localhost", str(folder), concurrency=8)
    settings["journal"] = f"sqlite:///{folder}/{way}.db"
    target = TargetChakra(config=settings)
    client = ChakraClient(transport, Pacer(clock, None), clock, RetryPolicy())
    parsed = parse_settings(target.config, user_agent="bench", journal="")
    session: Session[Any] = Session(parsed, clock, "bench", stand_ins=StandIns(client))
    target.session = session
    began, cpu = time.perf_counter(), time.process_time()
    if way == "sync":
        warehouse = open_warehouse(f"duckdb:///{folder}/w.duckdb")
        session.run(TableSync(session, warehouse, Asked("s", Table(("s",)))).take)
    else:
        with (folder / "in").open("rb") as source:
            session.run(lambda: target._take(source))  # noqa: SLF001 - what the command runs
    figures = {
        "unchanged": session.last_receipt["outcomes"]["unchanged"],  # type: ignore[index]  # a receipt's
        "cpu": time.process_time() - cpu - transport.cpu,
        "wall": time.perf_counter() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def measured(way: str, folder: Path) -> dict[str, float]:
    """The figures of one way."""
    command = [sys.executable, __file__, "--child", way, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--child", choices=("sync", "singer"))
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.folder)
        return
    for rows in (options.rows // 10, options.rows):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, rows)
            found = {way: measured(way, folder) for way in ("singer", "sync")}
        for way, each in found.items():
            print(
                f"{way}: {rows:,} rows, {each['unchanged']:,} unchanged, {each['cpu']:.1f} s CPU,"
                f" {rows / each['cpu']:,.0f} rows/s of one core, {each['wall']:.0f} s wall, peak"
                f" {each['peak_mb']:.0f} MB",
                flush=True,
            )
        print(f"sync takes {found['sync']['cpu'] / found['singer']['cpu']:.2f} of Singer's CPU")


if __name__ == "__main__":
    main()
