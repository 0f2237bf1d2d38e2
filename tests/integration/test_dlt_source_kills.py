"""kill -9 of a dlt pipeline in each of its steps, and two pipelines at once: nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.dlt_runs import ask, pipeline, run_program

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

KILLED = -9


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    """An account that nobody changes."""
    with start_sandbox(["--rows", "3000"]) as running:
        yield running


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    # Several files, so that a death lies between two of them.
    monkeypatch.setenv("DATA_WRITER__FILE_MAX_ITEMS", "700")


def ended(child: subprocess.Popen[str]) -> int:
    said, _ = child.communicate(timeout=120)
    assert child.returncode in (0, KILLED), said
    return child.returncode


def held(folder: Path, name: str = "chakra_test") -> list[tuple[str, str]]:
    return sorted(ask(pipeline(folder, name=name), "select id, data->>'lead_id' from process_lead"))


def wanted(sandbox: Sandbox) -> list[tuple[str, str]]:
    alive = [row for row in sandbox.oracle("lead") if row.died_ms is None]
    return sorted((row.id, row.data.get("lead_id")) for row in alive)


@pytest.mark.parametrize(
    ("step", "after"),
    [("Extract", 2), ("Normalize", 1), ("Load", 0), ("Load", 2)],
    ids=["extract", "normalize", "load-begins", "load-half-way"],
)
def test_killed_and_run_again(tmp_path: Path, account: Sandbox, step: str, after: int) -> None:
    settings = {"max_rows_per_run": 2000, "concurrency": 2}
    assert ended(run_program(tmp_path, account, settings=settings)) == 0
    half = held(tmp_path)
    assert 0 < len(half) < len(wanted(account))
    assert ended(run_program(tmp_path, account, die=[step, after])) == KILLED
    assert ended(run_program(tmp_path, account)) == 0
    assert held(tmp_path) == wanted(account)


def test_two_pipelines_at_once_keep_to_themselves(tmp_path: Path, account: Sandbox) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    children = [run_program(each, account, name=f"chakra_{each.name}") for each in folders]
    assert [ended(child) for child in children] == [0, 0]
    for folder in folders:
        assert held(folder, f"chakra_{folder.name}") == wanted(account)
