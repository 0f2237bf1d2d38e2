"""The write probe as its user begins it: asked at a terminal, refused without one, killed, stopped.

A real process and a real server: what is left is what the sandbox holds.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from tests.support.described import served
from tests.support.target_process import COMMAND, environment, operate, settings, start
from tests.support.terminal import answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

PROBE = ("doctor", "--write-probe", "lead")
STREAMS = [{"stream": "scores", "procedure": "lead", "key": "lead_id"}]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "200"]) as running:
        yield running


def own(sandbox: Sandbox) -> list[Any]:
    """Living processes that a probe made."""
    return [
        row
        for row in sandbox.oracle("lead")
        if row.died_ms is None and "probe" in str(row.data.get("lead_id", "")).lower()
    ]


def config_of(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return settings(sandbox, streams=STREAMS, **more)


def at_terminal(folder: Path, config: dict[str, Any], answer: str) -> tuple[int, str]:
    """Begin a probe at a terminal, and answer its question."""
    (folder / "config.json").write_text(json.dumps(config))
    return answered(folder, [*COMMAND, "--config", "config.json", *PROBE], answer)


def test_a_no_at_the_terminal_writes_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.forget_requests()
    code, screen = at_terminal(tmp_path, config_of(sandbox), "n")
    assert code == ExitCode.STOPPED
    assert "up to three processes of 'lead', one after the other" in screen
    assert "No other process is touched; max_deletes does not count them" in screen
    assert "team 'Acme'" in screen
    assert "Nothing was written." in screen
    assert {request["method"] for request in sandbox.requests()} <= {"GET", "POST"}
    assert not [
        r for r in sandbox.requests() if not r["path"].endswith(("list", "config", "users"))
    ]
    assert not (tmp_path / ".target-chakra").exists()


def test_a_yes_at_the_terminal_probes(tmp_path: Path, sandbox: Sandbox) -> None:
    code, screen = at_terminal(tmp_path, config_of(sandbox), "y")
    assert code == ExitCode.DONE
    assert "Write probe of 'lead'" in screen
    assert "a delete by primary key works" in screen
    assert own(sandbox) == []


@pytest.mark.parametrize(
    ("more", "words", "said"),
    [
        ({}, PROBE, "there is no terminal to ask at. Say --yes"),
        ({"dry_run": True}, (*PROBE, "--yes"), "dry_run is set"),
        ({}, ("doctor", "--write-probe", "leed", "--yes"), "Did you mean 'lead'"),
    ],
    ids=["no terminal", "dry run", "no such procedure"],
)
def test_what_it_refuses_in_words(
    tmp_path: Path, sandbox: Sandbox, more: dict[str, Any], words: tuple[str, ...], said: str
) -> None:
    told = operate(tmp_path, config_of(sandbox, **more), *words)
    assert said in told.stderr
    assert told.code == ExitCode.SETTINGS
    assert own(sandbox) == []
    assert not (tmp_path / ".target-chakra").exists()


def test_a_key_of_digits_is_marked_by_a_number(tmp_path: Path, sandbox: Sandbox) -> None:
    before = sandbox.stats()["rows"]["ticket"]
    told = operate(tmp_path, config_of(sandbox), "doctor", "--write-probe", "ticket", "--yes")
    assert "a delete by primary key works" in told.stdout
    assert told.code == ExitCode.DONE
    assert sandbox.stats()["rows"]["ticket"] == before


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("sandbox-user-key", ExitCode.NO_ACCESS, "likely its role type is User"),
        ("sandbox-readonly-key", ExitCode.NO_ACCESS, "does not allow changes"),
        ("sandbox-forbidden-key", ExitCode.NO_ACCESS, "does not allow this"),
        ("sandbox-lead-only-key", ExitCode.DONE, "a delete by primary key works"),
    ],
)
def test_keys_that_may_not_leave_nothing(
    tmp_path: Path, sandbox: Sandbox, key: str, code: ExitCode, said: str
) -> None:
    told = operate(tmp_path, config_of(sandbox, api_key=key), *PROBE, "--yes")
    assert told.code == code
    assert said in " ".join((told.stdout + told.stderr).split())
    assert own(sandbox) == []


@pytest.mark.parametrize("seconds", [0.3, 1.5, 3.0])
def test_ctrl_c_leaves_nothing(tmp_path: Path, sandbox: Sandbox, seconds: float) -> None:
    process = start(tmp_path, config_of(sandbox), *PROBE, "--yes")
    wait_for_probe(tmp_path)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode in (ExitCode.STOPPED, ExitCode.DONE), stderr
    if process.returncode == ExitCode.STOPPED:
        assert "The write probe was stopped" in stdout + stderr
    assert own(sandbox) == []


@pytest.mark.parametrize("seconds", [0.2, 0.7])
def test_what_is_under_way_when_it_is_stopped_is_waited_for(tmp_path: Path, seconds: float) -> None:
    with start_sandbox(["--rows", "50", "--set", "job_duration_ms=2500"]) as slow:
        process = start(tmp_path, config_of(slow), *PROBE, "--yes")
        until = time.monotonic() + 60
        while not any(each["path"].endswith("bulk-create") for each in slow.requests()):
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(seconds)
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=90)
        assert process.returncode == ExitCode.STOPPED, stderr
        assert "may still come" not in stdout
        time.sleep(3)
        assert own(slow) == []


def wait_for_probe(folder: Path) -> None:
    """Until the probe has begun to write: it holds the journal."""
    until = time.monotonic() + 60
    while not (folder / ".target-chakra" / "journal.db.lock").exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_next_probe_finds_what_a_killed_one_left(tmp_path: Path, sandbox: Sandbox) -> None:
    config = config_of(sandbox)
    process = start(tmp_path, config, *PROBE, "--yes")
    until = time.monotonic() + 60
    while not own(sandbox):
        assert time.monotonic() < until
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=60)
    (left,) = own(sandbox)
    looked = operate(tmp_path, config, "doctor")
    assert left.data["lead_id"] in looked.stdout
    told = operate(tmp_path, config, *PROBE, "--yes")
    assert "was found and deleted" in " ".join(told.stdout.split())
    assert told.code == ExitCode.DONE
    assert own(sandbox) == []


def test_a_key_that_can_t_be_made_up_is_refused(tmp_path: Path) -> None:
    account = [{"shortId": "visit", "primaryKey": "who", "attributes": {"who": "user"}}]
    with served(tmp_path, account) as described:
        told = operate(tmp_path, settings(described), "doctor", "--write-probe", "visit", "--yes")
    assert "who, is of the type user, of which none can be made up" in told.stderr
    assert told.code == ExitCode.SETTINGS


def test_a_procedure_without_a_key_is_known_again_by_a_text(tmp_path: Path) -> None:
    account = [{"shortId": "visit", "attributes": {"who": "user", "note": "text area"}}]
    with served(tmp_path, account) as described:
        told = operate(tmp_path, settings(described), "doctor", "--write-probe", "visit", "--yes")
        left = [row for row in described.oracle("visit") if row.died_ms is None]
    assert "there is no primary key: processes are named by their id" in " ".join(
        told.stdout.split()
    )
    assert told.code == ExitCode.DONE, told.stdout + told.stderr
    assert left == []


def test_under_meltano_it_is_named_as_meltano_s_user_types_it(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    done = subprocess.run(
        [*COMMAND, "doctor"],
        cwd=tmp_path,
        env={
            **environment(),
            "MELTANO_PROJECT_ROOT": str(tmp_path),
            "MELTANO_ENVIRONMENT": "prod",
            "TARGET_CHAKRA_API_KEY": sandbox.api_key,
            "TARGET_CHAKRA_API_URL": sandbox.url,
            "TARGET_CHAKRA_STREAMS": json.dumps(STREAMS),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    shown = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stderr
    assert "meltano invoke target-chakra:doctor --write-probe lead" in shown
    assert (tmp_path / ".target-chakra" / "prod" / "journal.db").exists()
