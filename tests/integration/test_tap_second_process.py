"""Rows that a second process types and writes: the same lines, and the same ends of a run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.strict_singer import messages_of
from tests.support.tap_process import COMMAND, catalog_of, environment, run
from tests.support.target_process import wait_until

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="there is one core only",
)
STREAM = "process_lead"
COUNTED = re.compile(r"\d+ values (?:coerced|did not fit)[^\n]*")


@pytest.mark.parametrize("method", ["INCREMENTAL", "FULL_TABLE"])
def test_what_is_printed_is_the_same(tmp_path: Path, config: dict[str, Any], method: str) -> None:
    catalog = catalog_of(tmp_path, config, STREAM, method=method)
    here = run(tmp_path, {**config, "second_process_from": 0}, catalog=catalog)
    there = run(tmp_path, {**config, "second_process_from": 300}, catalog=catalog)
    assert here.code == there.code == 0
    assert len(there.records[STREAM]) == 1500
    by_id = [sorted(out.records[STREAM], key=lambda r: r["id"]) for out in (here, there)]
    assert by_id[0] == by_id[1]
    kinds = [[x["type"] for x in out.lines if x["type"] != "STATE"] for out in (here, there)]
    assert kinds[0] == kinds[1], "ACTIVATE_VERSION comes behind the last record"
    assert there.lines[-1]["type"] == "STATE"
    bookmarks = [out.states[-1]["bookmarks"][STREAM] for out in (here, there)]
    assert bookmarks[0].keys() == bookmarks[1].keys()
    counted = [COUNTED.findall(out.stderr) for out in (here, there)]
    assert len(counted[0]) == 2
    assert list(map(sorted, counted[0])) == list(map(sorted, counted[1]))


def begun(tmp_path: Path, config: dict[str, Any]) -> subprocess.Popen[bytes]:
    (tmp_path / "catalog.json").write_text(json.dumps(catalog_of(tmp_path, config, STREAM)))
    (tmp_path / "config.json").write_text(json.dumps({**config, "second_process_from": 1}))
    files = [f"--{name}={tmp_path / name}.json" for name in ("config", "catalog")]
    command = [*COMMAND, *files]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), bufsize=0
    )


def first_record(tap: subprocess.Popen[bytes]) -> bytes:
    """All that a tap prints until its first record, that one included."""
    assert tap.stdout is not None
    printed = tap.stdout.readline()
    while b'"type":"RECORD"' not in printed:
        printed += tap.stdout.readline()
    return printed


def second_of(pid: int) -> int:
    """The second process of a tap, once it is there."""
    found: list[int] = []

    def is_found() -> bool:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                parent = int((path.parent / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == pid and "second_process" in path.read_text():
                    found.append(int(path.parent.name))
        return bool(found)

    wait_until(is_found)
    return found[0]


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_leaves_whole_lines_and_no_process(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], number: int
) -> None:
    sandbox.knobs(latency_ms=40)
    tap = begun(tmp_path, {**config, "concurrency": 1})
    second = second_of(tap.pid)
    printed = first_record(tap)
    tap.send_signal(number)
    rest, err = tap.communicate(timeout=60)
    out = printed + rest
    assert tap.returncode == (-number if number == signal.SIGKILL else ExitCode.STOPPED), err
    assert out.endswith(b"\n")
    records = [line for line in messages_of(out, ended=False) if line["type"] == "RECORD"]
    assert 0 < len(records) < 1500
    wait_until(lambda: not is_there(second))


def test_a_loader_that_ends_first_ends_the_run_in_order(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    sandbox.knobs(latency_ms=20)
    with begun(tmp_path, {**config, "concurrency": 1}) as tap:
        assert tap.stdout is not None
        assert tap.stderr is not None
        second_of(tap.pid)
        tap.stdout.close()
        said = tap.stderr.read().decode()
        assert tap.wait(60) == ExitCode.STOPPED, said
    assert "the loader ended before the tap" in said
    assert "Traceback" not in said


def test_a_second_process_that_is_killed_stops_the_run(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    sandbox.knobs(latency_ms=40)
    tap = begun(tmp_path, {**config, "concurrency": 1})
    second = second_of(tap.pid)
    printed = first_record(tap)
    os.kill(second, signal.SIGKILL)
    rest, err = tap.communicate(timeout=60)
    out = printed + rest
    assert tap.returncode == ExitCode.STOPPED, err
    assert b"was ended: killed (SIGKILL), as Linux does when the memory is used up" in err
    assert b"Run it again to go on; second_process_from: 0 has this process alone" in err
    assert b"Traceback" not in err
    assert b'"bookmarks":{"process_lead":{"replication_key_value"' not in out


HOSTILE = "from os import environ\nopen({ran!r}, 'a').write(str(environ))\nraise SystemExit(7)\n"


def test_what_lies_in_the_current_folder_is_not_run_and_the_key_is_not_handed_on(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    folder, ran = tmp_path / "project", tmp_path / "ran"
    folder.mkdir()
    for name in ("orjson", "json", "struct", "chakra_api", "tap_chakra", "sitecustomize"):
        (folder / f"{name}.py").write_text(HOSTILE.format(ran=str(ran)))
    sandbox.knobs(latency_ms=30)
    (tmp_path / "catalog.json").write_text(json.dumps(catalog_of(tmp_path, config, STREAM)))
    variables = {
        **environment(),
        "TAP_CHAKRA_API_KEY": config["api_key"],
        "TAP_CHAKRA_API_URL": config["api_url"],
        "TAP_CHAKRA_CONCURRENCY": "1",
        "TAP_CHAKRA_SECOND_PROCESS_FROM": "1",
        "PYTHONINSPECT": "1",
    }
    command = [Path(sys.executable).with_name("tap-chakra"), "--catalog", "../catalog.json"]
    with subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as tap:
        handed_on = Path(f"/proc/{second_of(tap.pid)}/environ").read_bytes()
        out, err = tap.communicate(timeout=60)
    assert tap.returncode == 0, err
    assert not ran.exists()
    assert config["api_key"].encode() not in handed_on
    assert b"CHAKRA" not in handed_on
    records = [line for line in messages_of(out, ended=True) if line["type"] == "RECORD"]
    assert len(records) == 1500
