"""A user's mistake ends in one clear line and an exit code, never in a traceback."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.tap_process import COMMAND, catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.support.tap_process import Output


def refused(output: Output, code: ExitCode, *words: str) -> None:
    """The run ended with this code, says these words, and shows no traceback and no key."""
    assert output.code == code, output.stderr
    assert "Traceback" not in output.stderr
    for word in words:
        assert word in output.stderr, f"{word!r} is not in {output.stderr}"
    assert not output.records


def test_a_wrong_key_is_named(tmp_path: Path, config: dict[str, Any]) -> None:
    output = run(tmp_path, config | {"api_key": "sk-not-the-key"})
    refused(output, ExitCode.NO_ACCESS, "key")
    assert "sk-not-the-key" not in output.stderr


def test_a_missing_key_is_named(tmp_path: Path, config: dict[str, Any]) -> None:
    del config["api_key"]
    refused(run(tmp_path, config), ExitCode.SETTINGS, "api_key")


def test_a_key_of_the_wrong_type_is_not_printed(tmp_path: Path, config: dict[str, Any]) -> None:
    output = run(tmp_path, config | {"api_key": 987654321})
    refused(output, ExitCode.SETTINGS, "api_key")
    assert "987654321" not in output.stderr


def test_an_unreachable_host_is_named(tmp_path: Path, config: dict[str, Any]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    output = run(tmp_path, config | {"api_url": f"http://127.0.0.1:{port}"}, "--test")
    refused(output, ExitCode.UNREACHABLE, "api_url")


@pytest.mark.parametrize("url", ["api.chakrahq.com", "ftp://x", "https://host/path", "https://"])
def test_a_url_that_is_none_is_named(tmp_path: Path, config: dict[str, Any], url: str) -> None:
    refused(run(tmp_path, config | {"api_url": url}), ExitCode.SETTINGS, "api_url", url)


def test_an_unknown_procedure_is_named_with_those_that_exist(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    output = run(tmp_path, config | {"procedures": ["leed"]})
    refused(output, ExitCode.SETTINGS, "leed", "lead", "ticket")


@pytest.mark.parametrize("name", ["start_date", "created_after"])
def test_a_date_in_the_future_is_named(tmp_path: Path, config: dict[str, Any], name: str) -> None:
    output = run(tmp_path, config | {name: "2999-01-01T00:00:00Z"})
    refused(output, ExitCode.SETTINGS, name, "future")


@pytest.mark.parametrize(
    "wrong", [{"concurrency": "many"}, {"concurrency": 0}, {"max_rps": -1}, {"procedures": 5}]
)
def test_a_setting_that_means_nothing_is_named(
    tmp_path: Path, config: dict[str, Any], wrong: dict[str, Any]
) -> None:
    refused(run(tmp_path, config | wrong), ExitCode.SETTINGS, *wrong)


@pytest.mark.parametrize("text", ["{", "[1]", "", '"config"'])
def test_a_malformed_config_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    done = subprocess.run(
        [*COMMAND, "--config", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {ExitCode.SETTINGS, ExitCode.USAGE}, done.stderr
    assert "Traceback" not in done.stderr
    assert "broken.json" in done.stderr


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("{nonsense", "state"),
        ([1], "state"),
        ({"cursor": 5}, "bookmarks"),
        ({"bookmarks": {"process_lead": 7}}, "process_lead"),
        ({"bookmarks": {"process_lead": {"replication_key": "id"}}}, "process_lead"),
    ],
)
def test_a_state_from_something_else_is_refused(
    tmp_path: Path, config: dict[str, Any], state: Any, word: str
) -> None:
    refused(run(tmp_path, config, state=state), ExitCode.SETTINGS, word)


def test_a_catalog_that_selects_an_unknown_stream_is_refused(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead")
    lead = next(s for s in catalog["streams"] if s["tap_stream_id"] == "process_lead")
    text = json.dumps(catalog).replace("process_lead", "process_deal")
    assert lead["stream"] == "process_lead"
    output = run(tmp_path, config, catalog=text)
    refused(output, ExitCode.SETTINGS, "process_deal", "--discover")


def test_a_schema_of_yesterday_is_replaced_by_todays(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead")
    lead = next(s for s in catalog["streams"] if s["tap_stream_id"] == "process_lead")
    attributes = lead["schema"]["properties"]["data"]["properties"]
    for name in sorted(attributes)[:3]:
        attributes[name] = {"type": ["boolean", "null"]}
    attributes.popitem()
    output = run(tmp_path, config, catalog=catalog)
    assert output.code == 0, output.stderr
    fresh = catalog_of(tmp_path, config, "process_lead")
    today = next(s for s in fresh["streams"] if s["tap_stream_id"] == "process_lead")
    emitted = output.of_type("SCHEMA", "process_lead")[0]["schema"]["properties"]["data"]
    assert emitted == today["schema"]["properties"]["data"]


def test_an_unknown_option_is_named(tmp_path: Path, config: dict[str, Any]) -> None:
    output = run(tmp_path, config, "--catalogue")
    refused(output, ExitCode.USAGE, "--catalogue")


def test_something_that_is_not_chakrahq_is_recognised(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    sandbox.knobs(faults=[{"kind": "html", "probability": 1.0}])
    output = run(tmp_path, config)
    refused(output, ExitCode.UNREACHABLE, "api_url")
