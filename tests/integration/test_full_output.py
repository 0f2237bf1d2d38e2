"""A standard output that takes no more: one line and exit code 9, whatever was to be printed."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.tap_process import environment
from tests.support.target_process import settings

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox

FULL = Path("/dev/full")
ROOM = 300_000
"""Bytes that a file may have, of more than a megabyte."""
NO_SPACE = "The output can't be written: No space left on device. Make room"
STATE = '{"type": "STATE", "value": {"bookmarks": {}}}\n'


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def into(place: Path, *command: str, lines: str = "", **options: Any) -> tuple[int, str]:
    """The exit code of a command that prints into a file, and what it said of errors."""
    with place.open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            stdout=out,
            stderr=subprocess.PIPE,
            input=lines.encode(),
            timeout=120,
            check=False,
            **options,
        )
    stderr = done.stderr.decode()
    assert "Traceback" not in stderr
    return done.returncode, "".join(x for x in stderr.splitlines() if "INFO" not in x)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_a_command_says_of_itself(unbuffered: str) -> None:
    around = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    for command in (("tap_chakra", "--version"), ("target_chakra", "--about")):
        code, told = into(FULL, *command, env=around)
        assert (code, NO_SPACE in told) == (ExitCode.STOPPED, True), told


@pytest.mark.parametrize("second", [0, 1])
def test_a_disk_that_is_full_in_the_midst_of_rows(
    tmp_path: Path, config: dict[str, Any], second: int
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config | {"second_process_from": second, "procedures": ["lead"]}))
    out = tmp_path / "out.jsonl"
    command = ("tap_chakra", "--config", str(path))
    code, told = into(out, *command, env=environment(), preexec_fn=limit)
    assert code == ExitCode.STOPPED, told
    assert "The output can't be written: File too large. Make room" in told
    assert out.stat().st_size == ROOM


def test_a_state_that_can_not_be_passed_on_is_no_fault_of_the_input(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    mapping = {"stream": "scores", "procedure": "lead", "key": "lead_id"}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(settings(sandbox, streams=[mapping])))
    code, told = into(
        FULL, "target_chakra", "--config", str(path), lines=STATE, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert code == ExitCode.STOPPED, told
    assert NO_SPACE in told
