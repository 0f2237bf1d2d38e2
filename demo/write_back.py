"""The way back: scores that a query makes of the leads, from the warehouse to ChakraHQ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb

from demo.pipeline import OUTPUT, SCORES, WAREHOUSE, check, meltano, receipt, shown
from demo.target import target
from demo.warehouse import table

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox

MAPPING = OUTPUT / "lead_scores.json"
SOURCE = f"duckdb:///{shown(WAREHOUSE)}"
SCORED = f"""
    create or replace table lead_scores as
    select data__lead_id as lead_id,
           least(100, coalesce(data__score, 0) + case when data__is_hot then 20 else 5 end)::int
               as score,
           'scored by the warehouse' as remarks
    from chakra.process_lead
    where status = 'OPEN' and data__lead_id is not null
    order by data__lead_id limit 3000;
    copy lead_scores to '{SCORES}' (format json);
"""  # noqa: S608 - our own names


def write_back(sandbox: Sandbox) -> None:
    """Compute scores, send them, send them again in two ways, and send a row that can't be."""
    with duckdb.connect(str(WAREHOUSE)) as connection:
        connection.execute(SCORED)
        (count,) = connection.execute("select count(*) from lead_scores").fetchone() or (0,)
    print(
        f"\n4. {count:,} lead_scores computed in DuckDB with SQL; three of them in ChakraHQ before:"
    )
    chosen = [json.loads(line)["lead_id"] for line in SCORES.read_text().splitlines()[:3]]
    print(_leads(sandbox, chosen))
    print("5. target-chakra init: a mapping to begin with, from columns and attributes ...")
    _propose(sandbox)
    print(f"6. target-chakra sync --source {SOURCE} --table lead_scores ...", flush=True)
    first = _said(receipt(_sync(sandbox, "sync")))
    check(first.get("updated"), "nothing was updated")
    print("   and in ChakraHQ after:")
    print(_leads(sandbox, chosen))
    print("7. The same command again, and the same rows by meltano run tap-jsonl target-chakra ...")
    before = _writes(sandbox)
    for again in (_said(receipt(_sync(sandbox, "sync-again"))), _send(sandbox, "write-back")):
        check(set(again) == {"unchanged"}, f"the second run did {again}")
    check(_writes(sandbox) == before, "the second run wrote")
    print("   0 writes: ChakraHQ agrees already.")
    _send_a_bad_row(sandbox)


def _propose(sandbox: Sandbox) -> None:
    args = ("--procedure", "lead", "--source", SOURCE, "--table", "lead_scores")
    target(sandbox, "init", "init", *args, "--output", str(MAPPING))
    (mapping,) = json.loads(MAPPING.read_text())["streams"]
    fields = ", ".join(f"{column} → {name}" for column, name in mapping["fields"].items())
    print(f"   {fields}; key {mapping['key']} ({shown(MAPPING)})", flush=True)


def _sync(sandbox: Sandbox, name: str) -> str:
    args = ("sync", "--source", SOURCE, "--table", "lead_scores")
    return target(sandbox, name, "--config", str(MAPPING), *args)


def _send_a_bad_row(sandbox: Sandbox) -> None:
    print("8. One more row, whose score is no number (max_rejects: 1) ...", flush=True)
    bad = {"lead_id": "L-000001", "score": "very high", "remarks": ""}
    SCORES.write_text(json.dumps(bad) + "\n")
    outcomes = _send(sandbox, "bad-row", max_rejects=1)
    check(outcomes == {"rejected": 1}, f"the bad row ended as {outcomes}")
    listed = (OUTPUT / "rejects.jsonl").read_text().splitlines()
    reject = json.loads(listed[-1])
    print(f"   {reject['key']}, line {reject['line']}: {reject['reason']}.")
    print(f"   {reject['next_step']}.")
    print("   (meltano invoke target-chakra:rejects lists them, :retry sends them again.)")


def _send(sandbox: Sandbox, name: str, max_rejects: int = 0) -> dict[str, int]:
    """One run of the pipeline; its outcomes that are not zero."""
    more = {"TARGET_CHAKRA_MAX_REJECTS": str(max_rejects)}
    args = ("run", "--full-refresh", "tap-jsonl", "target-chakra")
    return _said(receipt(meltano(sandbox, name, *args, more=more)))


def _said(made: dict[str, Any]) -> dict[str, int]:
    """Show a receipt; its outcomes that are not zero."""
    outcomes = {what: count for what, count in made["outcomes"].items() if count}
    said = ", ".join(f"{count:,} {what}" for what, count in outcomes.items())
    print(
        f"   receipt of run {made['run']}: {made['rows_in']:,} rows in = {said};"
        f" {made['jobs']} jobs, {made['requests']} requests, {made['seconds']:.1f} s"
    )
    return outcomes


def _leads(sandbox: Sandbox, keys: list[str]) -> str:
    body = {"where": {"lead_id": keys}, "limit": 10}
    rows = sandbox.post_json("/v1/ext/procedure/lead/process/list", body)["_data"]
    cells = [
        [row["data"].get(name) for name in ("lead_id", "name", "score", "remarks")] for row in rows
    ]
    shown = [[str(value)[:38] for value in row] for row in sorted(cells, key=lambda row: row[0])]
    return table(["lead", "name", "score", "remarks"], shown)


def _writes(sandbox: Sandbox) -> int:
    return sum(request["method"] == "PATCH" for request in sandbox.requests())
