"""Promise: looking leaves everything as it was: ChakraHQ, the journal, the warehouse, the folder.

Judged by the sandbox's own record of its rows and requests, and by the bytes of every file.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from tests.support import tap_process, target_process
from tests.support.loaders import flattened, records, store
from tests.support.target_process import record, schema, writes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import OracleRow, Sandbox

COLUMNS = ("lead_id", "score")
MAPPED = [{"stream": "scores", "procedure": "lead", "key": "lead_id"}]
LOOKS = [
    ("tap", ["audit", "--warehouse", "duckdb:///w.duckdb", "--table", "lead=raw.process_lead"]),
    ("target", ["audit", "--run", "1"]),
    ("target", ["audit", "--stream", "scores", "--json"]),
    ("target", ["runs"]),
    ("target", ["rejects"]),
    ("target", ["unknown"]),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Sandbox]]:
    """A folder with a journal and a warehouse, and the account that both are of."""
    folder = tmp_path_factory.mktemp("looking")
    with start_sandbox(["--rows", "200"]) as sandbox:
        key = min(target_process.living(sandbox))
        rows = [{"lead_id": key, "score": 5}, {"lead_id": "bad", "score": "many"}]
        lines = [schema("scores", COLUMNS), *(record("scores", **row) for row in rows)]
        config = target_process.settings(sandbox, streams=MAPPED, max_rejects=5)
        assert target_process.write(folder, config, lines).code == 0
        emitted = records(folder, {"api_key": sandbox.api_key, "api_url": sandbox.url})
        store(folder / "w.duckdb", [flattened(row) for row in emitted[1:]])
        yield folder, sandbox


def state(folder: Path, sandbox: Sandbox) -> tuple[dict[str, str], list[OracleRow]]:
    """Hashes of all files but the settings, which the harness writes; and all rows."""
    files = (each for each in folder.rglob("*") if each.is_file() and each.suffix != ".json")
    hashes = {str(each): hashlib.sha256(each.read_bytes()).hexdigest() for each in files}
    return hashes, sandbox.oracle("lead")


def audited(folder: Path, config: dict[str, str], args: list[str]) -> int:
    """The exit code of the tap's audit, started in the folder."""
    (folder / "config.json").write_text(json.dumps(config))
    command = [*tap_process.COMMAND, "--config", "config.json", *args]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, check=False, env=tap_process.environment()
    )
    return done.returncode


@pytest.mark.parametrize(("side", "args"), LOOKS)
def test_a_look_changes_nothing(place: tuple[Path, Sandbox], side: str, args: list[str]) -> None:
    folder, sandbox = place
    before, sent = state(folder, sandbox), writes(sandbox)
    if side == "tap":
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        assert audited(folder, config, args) == ExitCode.DIFFERS
    else:
        settings = target_process.settings(sandbox, streams=MAPPED)
        assert target_process.operate(folder, settings, *args).code == 0
    assert state(folder, sandbox) == before
    assert writes(sandbox) == sent


def test_a_run_would_be_seen(place: tuple[Path, Sandbox]) -> None:
    folder, sandbox = place
    before, sent = state(folder, sandbox), writes(sandbox)
    settings = target_process.settings(sandbox, streams=MAPPED)
    lines = [schema("scores", COLUMNS), record("scores", lead_id="NEW", score=1)]
    target_process.write(folder, settings, lines)
    after = state(folder, sandbox)
    assert after[0] != before[0]
    assert after[1] != before[1]
    assert writes(sandbox) > sent
