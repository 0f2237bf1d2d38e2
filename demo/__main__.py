"""Runs the demo: `make demo`.

Starts a sandbox with 20,000 leads, loads it into DuckDB through Meltano, changes a few hundred
leads, loads again (only those come), and asks the warehouse three questions. Everything it
starts is ended with it, however it ends; the warehouse file stays, to look into.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chakra_sandbox.launch import SandboxError, start_sandbox
from demo.warehouse import QUESTIONS, ask, count, table

if TYPE_CHECKING:
    from types import FrameType

    from chakra_sandbox.launch import Sandbox

ROOT = Path(__file__).parent.parent
MELTANO = ROOT / ".venv-meltano" / "bin" / "meltano"
OUTPUT = ROOT / "output" / "demo"
WAREHOUSE = OUTPUT / "warehouse.duckdb"
LEADS = 20_000
EMITTED = re.compile(r"process_lead: complete in .*?([\d,]+) rows read, ([\d,]+) emitted")


class DemoError(RuntimeError):
    """A step failed; the message says which and where its log is."""


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
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look around: {_shown(WAREHOUSE)}")
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
        done = sandbox.mutate(update=300, insert=25, seed=7)
        changed = len({*done["updated"], *done["inserted"]})
        print(f"3. {changed} leads change in ChakraHQ; the same command again ...", flush=True)
        emitted = _report(_load(sandbox, "second"))
        living = sandbox.stats()["rows"]["lead"]
    _check(emitted == changed, f"{emitted} leads came with the second run, {changed} had changed")
    held = count(WAREHOUSE)
    _check(held == living, f"the warehouse holds {held} leads, ChakraHQ {living}")
    print(f"   only those came, and the warehouse holds all {held:,} leads of ChakraHQ.")
    for title, question in QUESTIONS.items():
        print(f"\n{title}\n{table(*ask(WAREHOUSE, question))}")


def _check(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise DemoError(what)


def _load(sandbox: Sandbox, name: str) -> str:
    """One run of the pipeline; what it logged."""
    log = OUTPUT / f"{name}-run.log"
    environment = {
        **os.environ,
        "TAP_CHAKRA_API_KEY": sandbox.api_key,
        "TAP_CHAKRA_API_URL": sandbox.url,
        "TARGET_DUCKDB_PATH": str(WAREHOUSE),
        "MELTANO_DATABASE_URI": f"sqlite:///{OUTPUT / 'meltano.db'}",
        "NO_COLOR": "1",
    }
    command = [str(MELTANO), "run", "tap-chakra", "target-duckdb"]
    with log.open("w") as file:
        child = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=ROOT, env=environment, stdout=file, stderr=file, start_new_session=True
        )
        try:
            code = child.wait()
        finally:
            _end(child)
    if code:
        raise DemoError(f"meltano ended with {code}; see {_shown(log)}")
    return log.read_text()


def _end(child: subprocess.Popen[bytes]) -> None:
    """End Meltano and the plugins that it started: they share its session."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _report(log: str) -> int:
    """Say what a run did; the leads that it emitted."""
    found = EMITTED.search(log)
    if found is None:
        raise DemoError("the run's log holds no summary of process_lead")
    read, emitted = (int(group.replace(",", "")) for group in found.groups())
    print(f"   {read:,} leads read, {emitted:,} emitted")
    return emitted


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
