"""Settings of the dlt source as a user writes them, and what a wrong one ends in."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from dlt.common.configuration.exceptions import ConfigFieldMissingException

from chakra_api.errors import SettingsError, WrongKey
from chakra_sandbox.launch import Sandbox, start_sandbox
from tap_chakra.dlt_source import chakra_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a-key-that-must-not-leak"  # noqa: S105 - of no account


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    """An account that nobody changes."""
    with start_sandbox(["--rows", "300"]) as running:
        yield running


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def test_settings_come_from_the_environment(
    account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CHAKRA__API_KEY", account.api_key)
    monkeypatch.setenv("SOURCES__CHAKRA__API_URL", account.url)
    monkeypatch.setenv("SOURCES__CHAKRA__PROCEDURES", '["ticket"]')
    monkeypatch.setenv("SOURCES__CHAKRA__NESTED", "columns")
    names = chakra_source().resources.keys()
    assert {name for name in names if name.startswith("process_")} == {"process_ticket"}


PROGRAM = """
import dlt
from tap_chakra.dlt_source import chakra_source

pipeline = dlt.pipeline("toml", destination="duckdb", dataset_name="chakra", pipelines_dir="p")
print(pipeline.run(chakra_source().with_resources("process_lead")))
print(sorted(pipeline.last_trace.last_normalize_info.row_counts))
"""


def test_settings_come_from_toml_and_the_cli_shows_the_pipeline(
    tmp_path: Path, account: Sandbox
) -> None:
    folder = tmp_path / ".dlt"
    folder.mkdir()
    (folder / "secrets.toml").write_text(f'[sources.chakra]\napi_key = "{account.api_key}"\n')
    (folder / "config.toml").write_text(
        "[runtime]\ndlthub_telemetry = false\n"
        f'[sources.chakra]\napi_url = "{account.url}"\nprocedures = ["lead"]\n'
        "concurrency = 2\nstart_date = 2020-01-31\nemit_scan_ids = true\nlookback_seconds = 5\n"
    )
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    said = run_python(tmp_path, str(program))
    assert "['_dlt_pipeline_state', 'complete_scans', 'process_lead', 'scanned_ids']" in said
    shown = run_python(tmp_path, "-m", "dlt", "pipeline", "--pipelines-dir", "p", "toml", "info")
    assert "process_lead" in shown


def run_python(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_key_that_is_nowhere_is_asked_for_by_the_name_that_a_user_writes() -> None:
    with pytest.raises(ConfigFieldMissingException, match="SOURCES__CHAKRA__API_KEY"):
        chakra_source()


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"api_url": "ftp://nowhere"}, SettingsError, "Set it to https://api.chakrahq.com"),
        ({"nested": "flat"}, SettingsError, "Choose one of structs, json, columns"),
        ({"max_rows_per_run": 0}, SettingsError, "max_rows_per_run is 0"),
        ({"change_detection": "magic"}, SettingsError, "Choose one of auto"),
        ({"start_date": "soon"}, SettingsError, "Write it as 2026-01-31"),
        ({"procedures": ["leed"]}, SettingsError, "Did you mean 'lead'"),
        ({"api_key": ""}, SettingsError, "SOURCES__CHAKRA__API_KEY"),
        ({"emit_scan_ids": "maybe"}, SettingsError, "emit_scan_ids is 'maybe'"),
        ({"api_key": SECRET}, WrongKey, "api_key"),
    ],
    ids=[
        "scheme",
        "nested",
        "max-rows",
        "change-detection",
        "start-date",
        "procedure",
        "no-key",
        "word",
        "wrong-key",
    ],
)
def test_a_wrong_setting_ends_in_what_to_do_next(
    account: Sandbox, settings: dict[str, Any], error: type[Exception], said: str
) -> None:
    given = {"api_key": account.api_key, "api_url": account.url} | settings
    with pytest.raises(error) as caught:
        chakra_source(**given)
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)
