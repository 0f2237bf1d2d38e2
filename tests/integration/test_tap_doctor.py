"""`tap-chakra doctor` as its user runs it, on accounts of different moods."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.rows.people import USERS
from tests.support.tap_process import COMMAND, environment

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

USER_KEY = "sandbox-user-key"


def doctor(
    folder: Path, sandbox: Sandbox, *args: str, **config: Any
) -> subprocess.CompletedProcess[str]:
    """Run it, in a folder."""
    settings = {"api_key": sandbox.api_key, "api_url": sandbox.url} | config
    (folder / "config.json").write_text(json.dumps(settings))
    return subprocess.run(
        [*COMMAND, "--config", str(folder / "config.json"), "doctor", *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=environment(),
    )


def findings(folder: Path, sandbox: Sandbox, *args: str, **config: Any) -> list[dict[str, Any]]:
    done = doctor(folder, sandbox, "--json", *args, **config)
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


def test_a_page_says_what_the_key_sees(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    done = doctor(tmp_path, shared_sandbox)
    assert done.returncode == ExitCode.DONE, done.stderr
    assert "3 of 3 can be read: lead, ticket, order" in done.stdout
    assert "12 users are listed" in done.stdout
    assert "ChakraHQ's clock and this machine's agree" in done.stdout


def test_the_share_that_a_user_key_sees_is_told(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    found = findings(tmp_path, shared_sandbox, api_key=USER_KEY)
    (share,) = [x for x in found if x["topic"] == "role of the key" and x["about"] == "lead"]
    assert share["severity"] == "warning"
    rows = [each for each in shared_sandbox.oracle("lead") if each.died_ms is None]
    own = sum(each.row["assignedTo"] == USERS[0].id for each in rows)
    assert 0 < own < len(rows)
    assert f"{own:,} rows are seen" in share["found"]


def test_a_refused_procedure_is_a_fault_with_the_exit_code_of_no_access(
    tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    done = doctor(tmp_path, shared_sandbox, api_key="sandbox-lead-only-key")
    assert done.returncode == ExitCode.NO_ACCESS
    assert "ticket: can't be read (403)" in done.stdout
    assert "1 of 3 can be read: lead" in done.stdout
