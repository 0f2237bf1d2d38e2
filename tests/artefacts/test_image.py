"""The Dockerfile: linted, and its steps carried out; what it makes runs as nobody, and stops."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from tests.artefacts.dockerfile import ROOT, build, entrypoint, stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_sandbox.launch import Sandbox

NOBODY = 10001
BIN = ROOT / ".venv-artefacts" / "bin"


def runs_as_nobody(image: Path) -> bool:
    """Whether this machine lets somebody else run its Python: not where it lies in root's home."""
    if os.geteuid() != 0:
        return False
    try:
        done = subprocess.run([str(image / "bin" / "python"), "-c", ""], user=NOBODY, check=False)
    except PermissionError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """The folder of what the Dockerfile builds; nobody may write into it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        made = build(place)
        (place / "data").mkdir(mode=0o700)
        if runs_as_nobody(made):
            os.chown(place / "data", NOBODY, NOBODY)
        yield made


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "300"]) as sandbox:
        yield sandbox


def started(image: Path, *command: str, **variables: str) -> subprocess.Popen[str]:
    """A container's process 1, as far as this machine has one."""
    data = image.parent.parent / "data"
    nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    environment: Mapping[str, str] = {
        "PATH": f"{image}/bin:/usr/bin:/bin",
        "HOME": str(data),
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    return subprocess.Popen(
        [str(image / "bin" / entrypoint()[0]), *entrypoint()[1:], *command],
        cwd=data,
        env=environment,
        **(nobody if data.stat().st_uid == NOBODY else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def variables(account: Sandbox, **more: str) -> dict[str, str]:
    return {"TAP_CHAKRA_API_KEY": account.api_key, "TAP_CHAKRA_API_URL": account.url, **more}


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [str(BIN / "hadolint"), str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_pinned_slim_and_nobodys() -> None:
    first, last = stages()
    assert first.base == last.base == "${BASE}"
    (default,) = [
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if line[:9] == "ARG BASE="
    ]
    assert "slim" in default
    assert default.count(".") == 2  # to the patch version
    assert last.said("USER") == [f"{NOBODY}:{NOBODY}"]
    assert not any("--require-hashes" in text for text in last.said("RUN"))
    assert "--require-hashes" in first.said("RUN")[0]


def test_it_reads_an_account_and_writes_nowhere_but_to_data(image: Path, account: Sandbox) -> None:
    before = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
    process = started(image, "tap-chakra", **variables(account))
    output, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert sum('"RECORD","stream":"process_lead"' in line for line in output.splitlines()) == 300
    assert {path: path.stat().st_mtime_ns for path in image.rglob("*")} == before


@pytest.mark.parametrize(
    ("command", "more", "code"),
    [
        (("tap-chakra", "--version"), {}, 0),
        (("target-chakra", "--version"), {}, 0),
        (("python", "-c", "import dlt, psycopg2, duckdb, chakra_sandbox"), {}, 0),
        (("tap-chakra", "--test"), {"TAP_CHAKRA_API_KEY": "a-wrong-key"}, ExitCode.NO_ACCESS),
        (("tap-chakra",), {"TAP_CHAKRA_CONCURRENCY": "many"}, ExitCode.SETTINGS),
    ],
)
def test_exit_codes_come_through(
    image: Path, account: Sandbox, command: tuple[str, ...], more: dict[str, str], code: int
) -> None:
    process = started(image, *command, **variables(account, **more))
    _, said = process.communicate(timeout=120)
    assert process.returncode == code, said


def test_sigterm_stops_a_run_in_order(image: Path, account: Sandbox) -> None:
    account.knobs(latency_ms=500)
    process = started(image, "tap-chakra", **variables(account, TAP_CHAKRA_CONCURRENCY="1"))
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    finally:
        account.knobs(latency_ms=0)
    assert process.returncode == ExitCode.STOPPED, said
