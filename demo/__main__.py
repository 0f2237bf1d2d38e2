"""Runs the demo: `make demo`.

Starts a sandbox with 20,000 leads, loads it into DuckDB through Meltano, changes a few hundred
leads, loads again (only those come), asks the warehouse three questions, sends scores that the
warehouse computes back to ChakraHQ, and one message to the best lead, and makes a page of the
warehouse. Everything it starts is ended with it, however it ends; the warehouse file and the page
stay, to look into.
"""

from __future__ import annotations

import re
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

from chakra_sandbox.launch import SandboxError, start_sandbox
from demo.dashboard import Leads, tap_runs, target_run, write_dashboard
from demo.message import send_one
from demo.pipeline import (
    DASHBOARD,
    OUTPUT,
    REPORT,
    WAREHOUSE,
    DemoError,
    check,
    emitted,
    meltano,
    receipt,
    shown,
)
from demo.warehouse import QUESTIONS, ask, count, table
from demo.write_back import write_back

if TYPE_CHECKING:
    from types import FrameType

    from chakra_sandbox.launch import Sandbox

LEADS = 20_000
EMITTED = re.compile(r"process_lead: complete in .*?([\d,]+) rows read .*?, ([\d,]+) emitted")


def main() -> int:
    """Run the demo; the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    began = time.monotonic()
    try:
        _demo()
    except (DemoError, SandboxError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything that was started is ended.", file=sys.stderr)
        return 130
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look around: {shown(WAREHOUSE)}")
    return 0


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _demo() -> None:
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    print(f"1. A sandbox ChakraHQ with {LEADS:,} leads ...", flush=True)
    with start_sandbox(["--rows", str(LEADS)]) as sandbox:
        print(f"   listens on {sandbox.url}")
        print("2. meltano run tap-chakra target-duckdb ...", flush=True)
        _report(_load(sandbox, "first"))
        _count_every_stream()
        done = sandbox.mutate(update=300, insert=25, seed=7)
        changed = len({*done["updated"], *done["inserted"]})
        print(f"3. {changed} leads change in ChakraHQ; the same command again ...", flush=True)
        came = _report(_load(sandbox, "second"))
        living = sandbox.stats()["rows"]["lead"]
        _say_what_came(came, changed, living)
        write_back(sandbox)
        send_one(sandbox)
        _show()


def _count_every_stream() -> None:
    """Fail the demo unless the loader kept each row that the tap emitted."""
    came = emitted()
    check("process_lead" in came, "the receipt of the tap does not know process_lead")
    lost = {
        name: f"{rows} emitted, {held} in the warehouse"
        for name, rows in came.items()
        if (held := count(WAREHOUSE, f"chakra.{name}")) != rows
    }
    check(not lost, f"the loader did not keep the rows of {lost}")
    print(f"   all {sum(came.values()):,} rows of {len(came)} streams are in the warehouse.")


def _say_what_came(came: int, changed: int, living: int) -> None:
    check(came == changed, f"{came} leads came with the second run, {changed} had changed")
    held = count(WAREHOUSE)
    check(held == living, f"the warehouse holds {held} leads, ChakraHQ {living}")
    print(f"   only those came, and the warehouse holds all {held:,} leads of ChakraHQ.")
    for title, question in QUESTIONS.items():
        print(f"\n{title}\n{table(*ask(WAREHOUSE, question))}")


def _show() -> None:
    """Leave a page of the warehouse, and of what the runs above did."""
    logs = ("bad-row", "write-back", "sync-again", "sync")
    written = [target_run(receipt((OUTPUT / f"{name}.log").read_text())) for name in logs]
    write_dashboard(DASHBOARD, Leads(WAREHOUSE), [*written, *tap_runs(REPORT)])
    print(f"\nA page of the warehouse, for any browser: {shown(DASHBOARD)}")


def _load(sandbox: Sandbox, name: str) -> str:
    """One run of the pipeline; what it logged."""
    return meltano(sandbox, f"{name}-run", "run", "tap-chakra", "target-duckdb")


def _report(log: str) -> int:
    """Say what a run did; the leads that it emitted."""
    found = EMITTED.search(log)
    if found is None:
        raise DemoError("the run's log holds no summary of process_lead")
    read, emitted = (int(group.replace(",", "")) for group in found.groups())
    print(f"   {read:,} leads read, {emitted:,} emitted")
    return emitted


if __name__ == "__main__":
    sys.exit(main())
