"""`report_path` and `tap-chakra report`: the last run as it was, however it ended."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import tap_process, warm

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", [["--rows", "700"]], indirect=True)


@pytest.fixture
def reported(tmp_path: Path, config: dict[str, Any]) -> dict[str, Any]:
    """Settings with which a run leaves a report."""
    return config | {"report_path": str(tmp_path / "report.json"), "procedures": ["lead"]}


def told_by(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return told


def of_lead(told: dict[str, Any]) -> dict[str, Any]:
    (found,) = [each for each in told["streams"] if each["stream"] == "process_lead"]
    return dict(found)


def report(folder: Path, config: dict[str, Any], *args: str) -> subprocess.CompletedProcess[str]:
    (folder / "config.json").write_text(json.dumps(config))
    words = [*tap_process.COMMAND, "--config", str(folder / "config.json"), "report", *args]
    return warm.run(words, env=tap_process.environment())


def test_a_run_is_told_as_it_was(
    sandbox: Sandbox, tmp_path: Path, reported: dict[str, Any]
) -> None:
    output = tap_process.run(tmp_path, reported)
    assert output.code == 0, output.stderr
    told, asked = told_by(tmp_path), len(sandbox.requests())
    lead = of_lead(told)
    assert lead["rows"] == lead["emitted"] == len(output.records["process_lead"])
    assert lead["complete"]
    assert told["requests"] == asked
    last = dict(zip(["at", *told["course"]["names"]], told["course"]["points"][-1], strict=True))
    assert last["requests"] == asked
    assert last["emitted"] == sum(map(len, output.records.values()))
    assert told["exit_code"] == 0
    # The proof: what was covered is one stretch without an end, as was asked for.
    (scan,) = lead["scans"]
    windows = [each["window"] for each in scan["covered"]]
    assert windows[0]["lower"] is None
    assert windows[-1]["upper"] is None
    assert all(a["upper"] == b["lower"] for a, b in itertools.pairwise(windows))
    assert sum(each["rows"] for each in scan["covered"]) == lead["rows"]
    assert (tmp_path / "report.json").stat().st_mode & 0o777 == 0o600


def test_it_holds_no_value_of_a_row_and_not_the_key(
    sandbox: Sandbox, tmp_path: Path, reported: dict[str, Any]
) -> None:
    output = tap_process.run(tmp_path, reported)
    report(tmp_path, reported, "--html", str(tmp_path / "tap.html"))
    texts = (tmp_path / "report.json").read_text() + (tmp_path / "tap.html").read_text()
    assert sandbox.api_key not in texts
    for record in output.records["process_lead"]:
        for name in ("id", "lead_id", "email", "phone", "name"):
            for value in (record.get(name), record["data"].get(name)):
                assert value is None or len(str(value)) < 4 or str(value) not in texts


def test_a_page_asks_nothing_of_chakrahq(
    sandbox: Sandbox, tmp_path: Path, reported: dict[str, Any]
) -> None:
    tap_process.run(tmp_path, reported)
    asked = len(sandbox.requests())
    done = report(tmp_path, reported, "--html", str(tmp_path / "tap.html"))
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "tap.html").read_text()
    assert '<h2 id="s2">process_lead</h2>' in html
    assert "Complete: all that was to be read was" in html
    assert len(sandbox.requests()) == asked
    assert json.loads(report(tmp_path, reported, "--json").stdout) == told_by(tmp_path)


def test_the_next_run_tells_what_changed_in_the_schema_and_of_the_run_before(
    tmp_path: Path, reported: dict[str, Any], sandbox: Sandbox
) -> None:
    tap_process.run(tmp_path, reported)
    first = told_by(tmp_path)
    assert first["compared_with_ms"] is None
    tap_process.run(tmp_path, reported)
    assert told_by(tmp_path)["drift"] == []
    assert told_by(tmp_path)["compared_with_ms"] == first["ended_ms"]
    # As if that run had seen another schema.
    changed = told_by(tmp_path)
    columns = of_lead(changed)["columns"]
    name = next(each for each in columns if each.startswith("data."))
    told_type = columns.pop(name)
    columns["data.gone"] = "string"
    (tmp_path / "report.json").write_text(json.dumps(changed))
    tap_process.run(tmp_path, reported)
    (drift,) = told_by(tmp_path)["drift"]
    assert drift["added"] == [[name, told_type]]
    assert drift["removed"] == [["data.gone", "string"]]
    earlier = told_by(tmp_path)["earlier"]
    assert len(earlier) == 2
    assert earlier[0]["streams"]["process_lead"][:2] == [of_lead(first)["rows"]] * 2
    report(tmp_path, reported, "--html", str(tmp_path / "tap.html"))
    assert "data.gone" in (tmp_path / "tap.html").read_text()
    assert sandbox.requests()


def test_a_stopped_run_is_told_as_stopped(
    sandbox: Sandbox, tmp_path: Path, reported: dict[str, Any]
) -> None:
    sandbox.knobs(latency_ms=300)
    (tmp_path / "config.json").write_text(json.dumps(reported | {"concurrency": 1}))
    running = subprocess.Popen(
        [*tap_process.COMMAND, "--config", str(tmp_path / "config.json")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=tap_process.environment(),
    )
    deadline = time.monotonic() + 60
    while len(sandbox.requests()) < 6:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.terminate()
    _, said = running.communicate()
    assert running.returncode == 9, said
    assert told_by(tmp_path)["exit_code"] == 9
    assert not of_lead(told_by(tmp_path))["complete"]


@pytest.mark.parametrize(
    ("path", "said"),
    [("missing/report.json", "nothing can be written"), ("mine.txt", "is no report")],
)
def test_a_path_that_can_not_be_is_refused_before_a_row_is_read(
    tmp_path: Path, reported: dict[str, Any], path: str, said: str
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    output = tap_process.run(tmp_path, reported | {"report_path": str(tmp_path / path)})
    assert output.code == 3
    assert said in output.stderr
    assert not output.records
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_what_can_not_be_shown_is_refused_in_words(
    tmp_path: Path, config: dict[str, Any], reported: dict[str, Any]
) -> None:
    for given, args, code, said in (
        (reported, (), 2, "--html FILE"),
        (config, ("--json",), 3, "report_path is not set"),
        (reported, ("--json",), 3, "can't be read"),
    ):
        done = report(tmp_path, given, *args)
        assert done.returncode == code, done.stderr
        assert said in done.stderr
