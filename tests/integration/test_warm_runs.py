"""A forked run of a command is what a started one is: what tests run is what users run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support import warm
from tests.support.target_process import record, schema

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

TAP, TARGET = "tap_chakra", "target_chakra"
OTHERWISE_EACH_TIME = re.compile(r'\d+(\.\d+)?|[0-9a-f]{8,}|"[^"]*(id|_at)": "[^"]*"')
ROWS = "".join(
    json.dumps(each) + "\n"
    for each in (schema("s", ["name"]), record("s", name="Zoë"), record("s", name=7))
)
RUNS = {
    "the version": (TAP, ["--version"], ""),
    "the help of a subcommand": (TARGET, ["undo", "--help"], ""),
    "a catalog": (TAP, ["--config", "tap.json", "--discover"], ""),
    "rows that are not valid JSON": (TARGET, ["--config", "target.json"], f"{ROWS}{{"),
    "no such file": (TARGET, ["--config", "none.json"], ROWS),
    "an option that is not known": (TAP, ["--nothing"], ""),
    "settings from the environment": (TAP, ["--config", "ENV", "--discover"], ""),
}


@pytest.fixture
def folder(shared_sandbox: Sandbox, tmp_path: Path) -> Path:
    """A folder with settings of both commands."""
    config = {"api_key": shared_sandbox.api_key, "api_url": shared_sandbox.url}
    (tmp_path / "tap.json").write_text(json.dumps(config))
    streams = [{"stream": "s", "procedure": "lead"}]
    (tmp_path / "target.json").write_text(json.dumps({**config, "streams": streams}))
    return tmp_path


def environment(sandbox: Sandbox) -> dict[str, str]:
    settings = {"TAP_CHAKRA_API_KEY": sandbox.api_key, "TAP_CHAKRA_API_URL": sandbox.url}
    return {**os.environ, **settings}


def without_times(text: str) -> list[str]:
    return OTHERWISE_EACH_TIME.sub("…", text).splitlines()


@pytest.mark.parametrize(("package", "args", "text"), RUNS.values(), ids=RUNS)
def test_both_say_the_same(
    shared_sandbox: Sandbox, folder: Path, package: str, args: list[str], text: str
) -> None:
    words, env = [sys.executable, "-m", package, *args], environment(shared_sandbox)
    forked = warm.run(words, env=env, cwd=folder, text=text)
    started = subprocess.run(
        words, env=env, cwd=folder, input=text, capture_output=True, text=True, check=False
    )
    assert forked.returncode == started.returncode
    assert without_times(forked.stdout) == without_times(started.stdout)
    assert without_times(forked.stderr) == without_times(started.stderr)


@pytest.mark.parametrize("value", ["C", "tr_TR.UTF-8"])
def test_what_python_reads_as_it_begins_is_read(folder: Path, value: str) -> None:
    words = [sys.executable, "-m", TAP, "--config", "none.json"]
    env = {**os.environ, "LC_ALL": value, "PYTHONIOENCODING": "ascii:backslashreplace"}
    done = warm.run(words, env=env, cwd=folder)
    assert done.returncode == ExitCode.SETTINGS
    assert done.stderr.isascii()


def test_a_run_that_takes_too_long_is_killed(folder: Path) -> None:
    words = [sys.executable, "-m", TAP, "--config", "tap.json", "--discover"]
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(words, env=dict(os.environ), cwd=folder, timeout=0.001)
