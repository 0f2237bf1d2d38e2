"""Settings of tap and target: whatever they hold, they mean something or are named."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tap_chakra.settings as tap_settings
import target_chakra.settings as target_settings
from chakra_api.errors import SettingsError
from tap_chakra.singer.tap import TapChakra
from target_chakra.singer.target import TargetChakra
from tests.fuzz.endings import STEPS, TAP_CODES, TARGET_CODES, ends_in_order, refuses_in_order
from tests.fuzz.inputs import BYTES, JSON, changed, damaged
from tests.support.in_process import KEY, run_tap, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

TAP = {
    "api_key": KEY,
    "api_url": "http://chakra.test",
    "procedures": ["lead"],
    "start_date": "2026-01-01T00:00:00Z",
    "created_after": "2026-01-01",
    "concurrency": 8,
    "lookback_seconds": 600,
    "min_scan_share": 0.9,
    "change_detection": "auto",
    "full_scan_every": 24,
    "max_rps": 50,
    "request_timeout": 60,
    "user_agent": "a test",
}
TARGET = {
    "api_key": KEY,
    "api_url": "http://chakra.test",
    "streams": [
        {"stream": "scores", "procedure": "lead", "mode": "upsert", "key": "lead_id",
         "fields": {"score": "data.score"}, "only_if_empty": ["score"], "nulls": "clear"},
        {"stream": "*", "procedure": "lead", "key": {"column": "a", "attribute": "lead_id"},
         "delete_when": "gone", "revive": True},
    ],
    "batch_size": 15,
    "concurrency": 2,
    "compare": "journal",
    "assigned_to_format": "id",
    "max_rejects": 9,
    "stop_at_reject_percent": 10,
    "max_deletes": 5,
    "job_timeout": 20,
    "lost_answer_horizon": 5,
    "journal_retention_days": 30,
    "max_rps": 50,
}  # fmt: skip
LINES = b'{"type": "SCHEMA", "stream": "scores", "schema": {"properties": {"lead_id": {}}}}\n'
of_one_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.one_of(changed(TAP), st.dictionaries(st.sampled_from(sorted(TAP)), JSON)))
def test_settings_of_the_tap_mean_something_or_are_named(config: Any) -> None:
    STEPS["settings"] += 1
    if not isinstance(config, dict):
        return
    now = 1_790_000_000_000
    parse = partial(tap_settings.parse_settings, config, now=now, user_agent="a test")
    refuses_in_order(parse, SettingsError)


@given(st.one_of(changed(TARGET), st.dictionaries(st.sampled_from(sorted(TARGET)), JSON)))
def test_settings_of_the_target_mean_something_or_are_named(config: Any) -> None:
    STEPS["settings"] += 1
    if not isinstance(config, dict):
        return
    parse = partial(
        target_settings.parse_settings, config, user_agent="a test", journal="sqlite:///journal.db"
    )
    refuses_in_order(parse, SettingsError)


@pytest.mark.parametrize("plugin", [TapChakra, TargetChakra], ids=["tap", "target"])
def test_the_examples_are_right(plugin: Any) -> None:
    config = TAP if plugin is TapChakra else TARGET
    assert plugin(config=config, setup_mapper=False).config["api_key"] == KEY


@settings(of_one_file)
@given(st.one_of(BYTES, changed(TAP), damaged(b'{"api_key": "%s"}' % KEY.encode())))
def test_a_settings_file_of_the_tap_is_read_or_named(tmp_path: Path, content: Any) -> None:
    STEPS["settings"] += 1
    told = run_tap(world_of(3), ["--config", written(tmp_path, "config.json", content)])
    ends_in_order(told, TAP_CODES)


@settings(of_one_file)
@given(st.one_of(BYTES, changed(TARGET), damaged(b'{"api_key": "%s"}' % KEY.encode())))
def test_a_settings_file_of_the_target_is_read_or_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any
) -> None:
    STEPS["settings"] += 1
    monkeypatch.chdir(tmp_path)
    lines = written(tmp_path, "lines", LINES)
    config = written(tmp_path, "config.json", content)
    told = run_target(world_of(3), ["--config", config, "--input", lines])
    ends_in_order(told, TARGET_CODES)
