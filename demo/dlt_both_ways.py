"""Runs the dlt demo: `make demo-dlt`.

Starts a sandbox with 20,000 leads, reads it into DuckDB with `chakra_source`, computes scores
there with a SQL model, and writes them back with `chakra_destination`. Then all of it once more:
the second time nothing is written. Everything it starts is ended with it; the warehouse and the
pipelines' folders stay, to look into.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import duckdb
from dlt.common.exceptions import PipelineException

from chakra_api.errors import ChakraError
from chakra_sandbox.launch import SandboxError, start_sandbox
from demo.pipeline import ROOT, DemoError, check, shown
from demo.warehouse import table
from tap_chakra.dlt_source import chakra_source
from target_chakra.dlt_destination import chakra_destination, receipts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chakra_sandbox.launch import Sandbox

LEADS = 20_000
OUTPUT = ROOT / "output" / "demo-dlt"
WAREHOUSE = OUTPUT / "warehouse.duckdb"
MODEL = Path(__file__).parent / "lead_scores.sql"
STREAM = {
    "stream": "lead_scores",
    "procedure": "lead",
    "mode": "update",
    "key": "lead_id",
    "fields": {"lead_id": "data.lead_id", "score": "data.score", "remarks": "data.remarks"},
}


def main() -> int:
    """Run the demo; the exit code."""
    began = time.monotonic()
    logging.getLogger("tap_chakra").setLevel(logging.ERROR)
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    try:
        with start_sandbox(["--rows", str(LEADS)]) as sandbox:
            _demo(sandbox)
    except (
        DemoError,
        SandboxError,
        ChakraError,
        PipelineException,
    ) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything that was started is ended.", file=sys.stderr)
        return 130
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look around: {shown(WAREHOUSE)}")
    return 0


def _demo(sandbox: Sandbox) -> None:
    print(f"1. A sandbox ChakraHQ with {LEADS:,} leads listens on {sandbox.url}")
    print("2. dlt: chakra_source → DuckDB ...", flush=True)
    read = _read(sandbox)
    check(read["process_lead"] == LEADS, f"{read['process_lead']} of {LEADS} leads arrived")
    chosen = _model()
    print("   three of the leads in ChakraHQ:")
    print(_leads(sandbox, chosen))
    print("4. dlt: DuckDB → chakra_destination ...", flush=True)
    first = _write(sandbox)
    check(first.get("updated"), f"nothing was updated: {first}")
    print("   the same three leads:")
    print(_leads(sandbox, chosen))
    print("5. All of it again: read, model, write ...", flush=True)
    _read(sandbox)
    _model()
    before = _writes(sandbox)
    again = _write(sandbox)
    check(set(again) == {"unchanged"}, f"the second run did {again}")
    check(_writes(sandbox) == before, "the second run wrote")
    print("   0 writes: ChakraHQ agrees already.")


def _read(sandbox: Sandbox) -> Mapping[str, int]:
    """ChakraHQ to the warehouse; rows by table."""
    pipeline = dlt.pipeline(
        "demo_read",
        destination=dlt.destinations.duckdb(str(WAREHOUSE)),
        dataset_name="chakra",
        pipelines_dir=str(OUTPUT / "pipelines"),
    )
    began = time.monotonic()
    pipeline.run(chakra_source(sandbox.api_key, api_url=sandbox.url, nested="columns"))
    info = pipeline.last_trace.last_normalize_info
    counts = dict(info.row_counts) if info else {}
    said = ", ".join(
        f"{counts.get(name, 0):,} {name}" for name in ("process_lead", "process_ticket", "users")
    )
    print(f"   {said} and {len(counts)} tables in all, {time.monotonic() - began:.1f} s")
    return counts


def _model() -> list[str]:
    """Compute the scores; three of the leads."""
    with duckdb.connect(str(WAREHOUSE)) as connection:
        connection.execute("set search_path = 'chakra'")
        connection.execute(f"create or replace table lead_scores as {MODEL.read_text()}")
        rows = connection.execute("select lead_id from lead_scores").fetchall()
    print(f"3. {shown(MODEL)}: {len(rows):,} lead_scores computed in DuckDB")
    return [row[0] for row in rows[:3]]


def _scores() -> list[dict[str, object]]:
    with duckdb.connect(str(WAREHOUSE), read_only=True) as connection:
        found = connection.execute("from chakra.lead_scores")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _write(sandbox: Sandbox) -> Mapping[str, int]:
    """The scores to ChakraHQ; outcomes that are not zero."""
    destination = chakra_destination(
        api_key=sandbox.api_key,
        api_url=sandbox.url,
        streams=[STREAM],
        journal=f"sqlite:///{OUTPUT / 'journal.db'}",
    )
    pipeline = dlt.pipeline(
        "demo_write", destination=destination, pipelines_dir=str(OUTPUT / "pipelines")
    )
    pipeline.run(_scores(), table_name="lead_scores", primary_key="lead_id")
    return _said(receipts(pipeline))


def _said(found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Show the receipts; their outcomes that are not zero."""
    outcomes: dict[str, int] = {}
    for receipt in found:
        for what, count in receipt["outcomes"].items():
            outcomes[what] = outcomes.get(what, 0) + count
        said = ", ".join(
            f"{count:,} {what}" for what, count in receipt["outcomes"].items() if count
        )
        print(
            f"   receipt of run {receipt['run']}: {receipt['rows_in']:,} rows in = {said};"
            f" {receipt['jobs']} jobs, {receipt['requests']} requests"
        )
    return {what: count for what, count in outcomes.items() if count}


def _leads(sandbox: Sandbox, keys: list[str]) -> str:
    body = {"where": {"lead_id": keys}, "limit": 10}
    rows = sandbox.post_json("/v1/ext/procedure/lead/process/list", body)["_data"]
    names = ("lead_id", "name", "score", "remarks")
    cells = [[str(row["data"].get(name))[:38] for name in names] for row in rows]
    return table(["lead", "name", "score", "remarks"], sorted(cells))


def _writes(sandbox: Sandbox) -> int:
    return sum(request["method"] == "PATCH" for request in sandbox.requests())


if __name__ == "__main__":
    sys.exit(main())
