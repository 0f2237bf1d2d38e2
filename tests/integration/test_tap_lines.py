"""The lines of seeded runs are those that were written down: each STATE to the byte, in its place.

What users and their orchestrators keep is STATE, so no rearrangement may change a byte of it. The
account is seeded, the clock stands still within a run, and one reader asks at a time. Written down
anew, where a change is meant, by `python tests/integration/test_tap_lines.py`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from chakra_sandbox.writes.changes import Mutation
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, Refuses, run_tap, world_of, written

if TYPE_CHECKING:
    from chakra_sandbox.world import World

WRITTEN = Path(__file__).parent / "tap_lines.txt"
BEGAN = 1_790_000_000.0
HOUR = 3_600
STREAMS = ("process_lead", "scanned_ids", "complete_scans")
NOTHING = Mutation()
CHANGES = Mutation(insert=4, update=20, delete=5)
MANY_DELETED = Mutation(delete=150)


@dataclass(frozen=True)
class Run:
    """One run, an hour after the one before.

    Attributes:
        changes: What happens to the account before.
        answers: Answers of the list endpoint after which it is cut off; None for no end.
        config: More settings.
    """

    changes: Mutation = NOTHING
    answers: int | None = None
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """Runs that go on from each other's last STATE.

    Attributes:
        runs: The runs.
        method: The replication method.
        config: Settings of all of them.
        knobs: Of the sandbox.
    """

    runs: tuple[Run, ...]
    method: str = "INCREMENTAL"
    config: dict[str, Any] = field(default_factory=dict)
    knobs: dict[str, Any] = field(default_factory=dict)


CUT_OFF = (Run(answers=8), Run(CHANGES, answers=7), Run(), Run())
IN_FULL = (Run(), Run(CHANGES), Run(MANY_DELETED), Run(config={"min_scan_share": 0}))
BATCHES = {"encoding": {"format": "jsonl", "compression": "gzip"}}
CASES = {
    "incremental": Case((Run(), Run(CHANGES, config={"lookback_seconds": 0}))),
    "full table": Case(IN_FULL, "FULL_TABLE"),
    "cut off": Case(CUT_OFF, knobs={"list_order": "random_stable"}),
    "cut off, in the order of time": Case(CUT_OFF),
    "cut off, full table": Case(CUT_OFF, "FULL_TABLE"),
    "scan ids": Case(IN_FULL, config={"emit_scan_ids": True}),
    "open rows": Case(
        (Run(), Run(CHANGES), Run(CHANGES)),
        config={"change_detection": "open", "full_scan_every": 1.5},
    ),
    "batches": Case((Run(), Run(CHANGES)), config={"batch_config": BATCHES, "batch_size": 250}),
}


def catalog_of(world: World, folder: Path, config: dict[str, Any], method: str) -> Any:
    found = run_tap(world, ["--config", written(folder, "config.json", config), "--discover"])
    catalog = json.loads(found.stdout)
    for stream in catalog["streams"]:
        if stream["tap_stream_id"] == "process_lead":
            stream["replication_method"] = method
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    return catalog


def lines_of(case: Case, folder: Path) -> list[str]:
    """The lines of all runs: STATE as it was printed, of others how many of a kind follow."""
    world = world_of(400, **case.knobs)
    config = {"api_key": KEY, "api_url": "https://x.test", "concurrency": 1, **case.config}
    if "batch_config" in config:
        storage = {"root": folder.as_uri(), "prefix": "rows-"}
        config["batch_config"] = {**config["batch_config"], "storage": storage}
    catalog = written(folder, "catalog.json", catalog_of(world, folder, config, case.method))
    lines: list[str] = []
    state: dict[str, Any] = {}
    for number, run in enumerate(case.runs):
        clock = FakeClock(BEGAN + number * HOUR)
        world.advance(int(clock.now() * 1000))
        world.mutate("lead", run.changes, 5)
        settings = written(folder, "config.json", config | run.config)
        args = ["--config", settings, "--catalog", catalog]
        if state:
            args += ["--state", written(folder, "state.json", state)]
        told = run_tap(world, args, Refuses(run.answers), clock=clock)
        lines += [f"run {number + 1}: exit code {told.code}", *_shown(told.stdout)]
        state = next((x["value"] for x in reversed(told.lines) if x["type"] == "STATE"), state)
    return lines


def _shown(stdout: str) -> list[str]:
    lines = []
    for words, same in groupby(map(_words, stdout.splitlines())):
        count = len(list(same))
        lines.append(words if count == 1 else f"{count} times {words}")
    return lines


def _words(line: str) -> str:
    message = json.loads(line)
    if message["type"] in ("STATE", "ACTIVATE_VERSION"):
        return line
    version = f" version {message['version']}" if "version" in message else ""
    return f"{message['type']} {message['stream']}{version}"


def written_down() -> dict[str, list[str]]:
    """The lines of each case."""
    parts = WRITTEN.read_text().removeprefix("# ").split("\n# ")
    return {name: lines.splitlines() for name, _, lines in (each.partition("\n") for each in parts)}


@pytest.mark.parametrize("name", CASES)
def test_the_lines_are_those_that_were_written_down(name: str, tmp_path: Path) -> None:
    assert lines_of(CASES[name], tmp_path) == written_down()[name]


def main() -> None:
    """Write the lines down."""
    with tempfile.TemporaryDirectory() as folder:
        parts = ["\n".join([f"# {n}", *lines_of(c, Path(folder))]) for n, c in CASES.items()]
    WRITTEN.write_text("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
