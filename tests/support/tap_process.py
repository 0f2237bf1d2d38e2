"""Runs the real `tap-chakra` as its user would, and reads strictly what it printed."""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support import warm
from tests.support.strict_singer import messages_of

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "tap_chakra"]
OTHERWISE = frozenset({"--test", "--discover"})
"""Options with which no messages are printed."""


@dataclass
class Output:
    """What a run printed."""

    code: int
    lines: list[dict[str, Any]]
    stderr: str
    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    states: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for line in self.lines:
            if line["type"] == "RECORD":
                self.records[line["stream"]].append(line["record"])
            elif line["type"] == "STATE":
                self.states.append(line["value"])

    def of_type(self, kind: str, stream: str) -> list[dict[str, Any]]:
        return [x for x in self.lines if x["type"] == kind and x.get("stream") == stream]

    def ids(self, stream: str) -> list[str]:
        return [record["id"] for record in self.records[stream]]


def run(folder: Path, config: dict[str, Any], *args: str, **files: Any) -> Output:
    """Run the tap; `state=` and `catalog=` are written to files and passed on."""
    command = [*COMMAND, "--config", _write(folder, "config", config), *args]
    for name, content in files.items():
        command += [f"--{name}", _write(folder, name, content)]
    done = warm.run(command, timeout=200, env=environment())
    printed = "" if OTHERWISE.intersection(args) else done.stdout
    stateless = "--only-ids" in args and "state" not in files  # it moves no state, so it has none
    lines = messages_of(printed, ended=done.returncode == 0 and not stateless)
    return Output(done.returncode, lines, done.stderr)


def environment() -> dict[str, str]:
    """The environment without settings of the tap."""
    return {k: v for k, v in os.environ.items() if not k.startswith("TAP_CHAKRA_")}


def _write(folder: Path, name: str, content: Any) -> str:
    path = folder / f"{name}.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def catalog_of(
    folder: Path, config: dict[str, Any], *selected: str, method: str = "INCREMENTAL"
) -> dict[str, Any]:
    """The discovered catalog with just these streams selected."""
    command = [*COMMAND, "--config", _write(folder, "config", config), "--discover"]
    done = warm.run(command, env=environment())
    done.check_returncode()
    catalog: dict[str, Any] = json.loads(done.stdout)
    for stream in catalog["streams"]:
        if stream["tap_stream_id"].startswith("process_"):
            stream["replication_method"] = method
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in selected
    return catalog
