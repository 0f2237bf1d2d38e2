"""The readers that are compared, and how each is started: the tap, the bare loop, the peers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chakra_api.values.timestamps import iso_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_sandbox.launch import Sandbox

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "benchmarks" / "peers"
PEERS_BIN = ROOT / ".venv-peers" / "bin"
PROCEDURE = "lead"
LIST_PATH = f"/v1/ext/procedure/{PROCEDURE}/process/list"
TAP = "tap-chakra"
BARE_LOOP = "bare loop"


@dataclass(frozen=True, slots=True)
class Reader:
    """A command that reads all leads.

    Attributes:
        name: As the tables have it.
        command: Its words.
        env: Variables beside those that are set.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)

    def whole_env(self) -> dict[str, str]:
        """All variables of the command."""
        return {**os.environ, **self.env}


@dataclass(frozen=True, slots=True)
class Bench:
    """A sandbox to read from, and a folder for what readers are told.

    Attributes:
        sandbox: It has `rows` leads.
        rows: Their number.
        folder: For settings and catalogs; nothing in it outlives the run.
    """

    sandbox: Sandbox
    rows: int
    folder: Path

    def since_the_last(self, rows: int) -> str:
        """The createdAt from which on there are so many leads, as the API's filters take it."""
        body = {"skip": self.rows - rows, "limit": 1}
        (row,) = self.sandbox.post_json(LIST_PATH, body)["_data"]
        return iso_ms(row["createdAt"])

    def page_bytes(self, skip: int) -> int:
        """Bytes of the rows of a page, as JSON without blanks."""
        rows = self.sandbox.post_json(LIST_PATH, {"skip": skip, "limit": 100})["_data"]
        return len(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode())

    def write(self, name: str, value: object) -> str:
        """Write a JSON file into the folder; its path."""
        path = self.folder / name
        path.write_text(json.dumps(value))
        return str(path)


def tap(bench: Bench, concurrency: int | None, **settings: object) -> Reader:
    """The tap, with nothing selected but leads; as many readers as it finds without a number."""
    if concurrency is not None:
        settings["concurrency"] = concurrency
    config = bench.write(
        "tap.json",
        {
            "api_key": bench.sandbox.api_key,
            "api_url": bench.sandbox.url,
            "procedures": [PROCEDURE],
            **settings,
        },
    )
    command = (*tap_command(), "--config", config)
    catalog = bench.folder / "catalog.json"
    if not catalog.exists():
        bench.write("catalog.json", _only_leads(command))
    return Reader(TAP, (*command, "--catalog", str(catalog)), _on_our_path())


def tap_command() -> tuple[str, ...]:
    """The command as a user has it."""
    return (sys.executable, "-m", "tap_chakra")


def bare_loop(bench: Bench, threads: int) -> Reader:
    """The bare loop over all rows."""
    words = (bench.sandbox.url, bench.sandbox.api_key, str(bench.rows), str(threads))
    return Reader(BARE_LOOP, (sys.executable, str(ROOT / "benchmarks" / "bare_loop.py"), *words))


def _on_our_path() -> Mapping[str, str]:
    return {"PYTHONPATH": str(ROOT)}


def _only_leads(command: tuple[str, ...]) -> dict[str, Any]:
    found = subprocess.run([*command, "--discover"], check=True, capture_output=True, cwd=ROOT)
    catalog: dict[str, Any] = json.loads(found.stdout)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                selected = stream["tap_stream_id"] == f"process_{PROCEDURE}"
                entry["metadata"]["selected"] = selected
    return catalog
