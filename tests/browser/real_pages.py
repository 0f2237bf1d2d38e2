"""Runs tap and target against a sandbox, and has the commands make their pages."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from chakra_plugin.pages.environment import render
from chakra_plugin.pages.page_file import write_page
from chakra_plugin.pages.parts import Column, Page, SearchTable, Section
from chakra_sandbox.launch import start_sandbox
from demo.dashboard import Leads, tap_runs, target_run, write_dashboard
from tests.support import tap_process
from tests.support.loaders import flattened, records, store
from tests.support.target_process import living, operate, record, schema, settings, state, write

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

ROWS: Final = 5_000
"""Of the page that is searched."""
RUNS: Final = 3


def real_pages(folder: Path, rows: int = 900) -> dict[str, Path]:
    """Make the pages in a folder; their paths by name.

    Args:
        folder: Where.
        rows: Leads of the sandbox.
    """
    with start_sandbox(["--rows", str(rows)]) as sandbox:
        sandbox.knobs(job_duration_ms=400)
        target, tap = folder / "target", folder / "tap"
        for each in (target, tap):
            each.mkdir()
        receipt = _write(sandbox, target)
        made = {"tap": _read(sandbox, tap)}
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        store(folder / "warehouse.duckdb", [flattened(row) for row in records(folder, config)])
    for name, args in (("target", ()), ("rows", ("--rows",)), ("dry", ("1",))):
        path = folder / f"{name}.html"
        done = operate(target, _config(sandbox, target), "report", *args, "--html", str(path))
        assert done.code == 0, done.stderr
        made[name] = path
    made["dashboard"] = folder / "dashboard.html"
    runs = [target_run(receipt), *tap_runs(tap / "report.json")]
    leads = Leads(folder / "warehouse.duckdb", "raw.process_lead")
    write_dashboard(made["dashboard"], leads, runs)
    made["search"] = folder / "search.html"
    write_page(made["search"], render(_to_search()))
    return made


def _config(sandbox: Sandbox, folder: Path, **more: Any) -> dict[str, Any]:
    streams = [{"stream": "scores", "procedure": "lead"}]
    journal = f"sqlite:///{folder / 'journal.db'}"
    return settings(sandbox, streams=streams, journal=journal, batch_size=60, concurrency=4, **more)


def _write(sandbox: Sandbox, folder: Path) -> dict[str, Any]:
    """A dry run, then runs with creates, updates, and rows that do not fit; the last receipt."""
    keys = sorted(living(sandbox))
    for run in range(RUNS + 1):
        scored = [
            record("scores", lead_id=key, score=run * 900 + n if n % 40 else f"bad {n}")
            for n, key in enumerate(keys[run * 60 :])
        ]
        created = [record("scores", lead_id=f"NEW-{run}-{n}", score=n) for n in range(30)]
        remarks = [record("scores", lead_id=key, remarks=f"seen {run}") for key in keys[:40:2]]
        lines = [
            schema("scores", ["lead_id", "score", "remarks"]),
            *(scored + created + remarks if run else scored),
            state({"run": run}),
        ]
        done = write(folder, _config(sandbox, folder, dry_run=run == 0), lines)
        assert done.code in (0, 7), done.stderr
    return done.receipt


def _read(sandbox: Sandbox, folder: Path) -> Path:
    report = folder / "report.json"
    config = {"api_key": sandbox.api_key, "api_url": sandbox.url, "report_path": str(report)}
    for run in range(RUNS):
        assert tap_process.run(folder, config).code == 0
        if run == RUNS - 2:
            _with_another_schema(report)
    page = folder.parent / "tap.html"
    command = ["--config", str(folder / "config.json"), "report", "--html", str(page)]
    subprocess.run(
        [sys.executable, "-m", "tap_chakra", *command],
        check=True,
        env=tap_process.environment(),
        capture_output=True,
    )
    return page


def _with_another_schema(report: Path) -> None:
    """The report of a run as if the account had had other attributes then."""
    told = json.loads(report.read_text())
    (lead,) = [each for each in told["streams"] if each["stream"] == "process_lead"]
    columns = lead["columns"]
    columns.pop("data.remarks", None)
    columns |= {"data.fax": "string", "data.score": "string"}
    report.write_text(json.dumps(told))


def _to_search() -> Page:
    """A page as a plan has it: some thousands of rows to search."""
    columns = (
        Column("kind", choose=True),
        Column("key"),
        Column("field", choose=True),
        Column("after"),
        Column("line", is_number=True),
    )
    kinds, fields = ("create", "update", "delete"), ("score", "<b>stage</b>", "owner")
    rows = [
        (kinds[n % 3], f"key-{n:05}", fields[n // 3 % 3], f"</script><b>{n}</b>", ROWS - n)
        for n in range(ROWS)
    ]
    return Page("A plan", "To search", [Section("Rows", (SearchTable("Actions", columns, rows),))])
