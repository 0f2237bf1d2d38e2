"""Each setting of both plugins by environment: to the commands, and under a real Meltano.

That a setting arrives is shown by a value that means nothing: it is refused by name. That it is
understood is shown by a run with all of them.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.outside import documents
from tests.outside.dataset import LEADS
from tests.outside.places import OURS, Places

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

VALID: Final[dict[str, dict[str, str]]] = {
    "tap-chakra": {
        "procedures": '["lead", "ticket"]',
        "process_ids": "",
        "only_ids": "",
        "start_date": "2001-01-01",
        "created_after": "2001-01-01T00:00:00Z",
        "created_before": "2999-01-01",
        "concurrency": "3",
        "max_rps": "500.5",
        "lookback_seconds": "12.5",
        "request_timeout": "30",
        "user_agent": "outside/1",
        "allow_http": "false",
        "min_scan_share": "0.5",
        "change_detection": "scan",
        "full_scan": "yes",
        "full_scan_every": "12",
        "emit_scan_ids": "yes",
        "allow_incomplete": "y",
        "naive_timezone": "Asia/Kolkata",
        "report_path": "report-of-the-test.json",
        "receipt_path": "tap-receipt.json",
        "metrics_path": "tap-metrics.prom",
        "notify_url": "https://localhost:9/hook",
        "notify_when": "failure",
        "whatsapp": '{"waba_id": "200300400500600"}',
        "background_jobs": "",
        "webhook_store": "",
        "webhook_secrets": '["hmac-secret-of-the-test-1"]',
        "webhook_keep_days": "7.5",
        "webhook_fetch_changed": "no",
        "second_process_from": "0",
        "stream_maps": '{"users": {"email": null}}',
        "stream_map_config": '{"hash_seed": "x"}',
        "faker_config": '{"seed": 1}',
        "flattening_enabled": "1",
        "flattening_max_depth": "1",
        "flattening_separator": "__",
        "flattening_max_key_length": "60",
        "column_names": "snake_case",
        "mask": '{"*.phone": "hash"}',
        "mask_salt": "pepper-and-salt-of-the-test",
    },
    "target-chakra": {
        "streams": '[{"stream": "lead_scores", "procedure": "lead", "key": "lead_id"}]',
        "whatsapp": '{"waba_id": "200300400500600"}',
        "compare": "journal",
        "assigned_to_format": "id",
        "assign_inactive": "TRUE",
        "naive_timezone": "+05:30",
        "bulk": "never",
        "batch_size": "50",
        "concurrency": "2",
        "max_rps": "400.5",
        "request_timeout": "30.5",
        "user_agent": "outside/1",
        "allow_http": "false",
        "job_timeout": "600",
        "lost_answer_horizon": "60.5",
        "journal": "sqlite:///journal-of-the-test.db",
        "journal_retention_days": "1.5",
        "rejects_path": "rejects-of-the-test.jsonl",
        "receipt_path": "target-receipt.json",
        "metrics_path": "target-metrics.prom",
        "notify_url": "https://localhost:9/hook",
        "notify_when": "failure",
        "batch_root": "files-of-the-test",
        "max_rejects": "7",
        "stop_at_reject_percent": "50.5",
        "max_deletes": "3",
        "overwrite_edits": "t",
        "dry_run": "on",
        "plan_path": "plan-of-the-test.parquet",
        "stream_maps": '{"lead_scores": {"extra": "score"}}',
        "stream_map_config": '{"hash_seed": "x"}',
        "faker_config": '{"seed": 1}',
        "flattening_enabled": "t",
        "flattening_max_depth": "1",
        "flattening_separator": "__",
        "flattening_max_key_length": "60",
    },
}
APART: Final = {"api_key", "api_url", "batch_config", "photos"}
"""Without the first two nothing can be done; BATCH files, and photos, which this account has none
of, have tests of their own."""
WRONG: Final = {
    "number": "ten",
    "integer": "ten",
    "boolean": "maybe",
    "array": '["lead"',
    "object": '{"a"',
}
WORDS: Final = {"change_detection", "compare", "bulk", "assigned_to_format", "naive_timezone",
                "start_date", "created_after", "created_before"}  # fmt: skip
"""Texts of which only some mean something."""
ROWS: Final = (
    '{"type":"SCHEMA","stream":"lead_scores","schema":{"properties":{"lead_id":{"type":"string"},'
    '"score":{"type":"integer"}}},"key_properties":["lead_id"]}\n'
    '{"type":"RECORD","stream":"lead_scores","record":{"lead_id":"L-00001","score":77}}\n'
)


def variable(plugin: str, setting: str) -> str:
    return f"{plugin}_{setting}".upper().replace("-", "_")


def reaching(plugin: str, account: Sandbox) -> dict[str, str]:
    return {
        variable(plugin, "api_key"): account.api_key,
        variable(plugin, "api_url"): account.url,
    }


@cache
def _types(outside: Places, plugin: str) -> dict[str, set[str]]:
    """The JSON types of each setting, as --about tells them."""
    about = outside.shell(f"{plugin} --about --format=json", outside.folder).well().out
    properties: dict[str, dict[str, Any]] = json.loads(about)["settings"]["properties"]
    return {name: set(_type_of(schema)) - {"null"} for name, schema in properties.items()}


def _type_of(schema: dict[str, Any]) -> list[str]:
    found = schema.get("type", [])
    return [found] if isinstance(found, str) else found


@pytest.mark.parametrize("plugin", OURS)
def test_the_table_here_names_each_setting(plugin: str) -> None:
    assert VALID[plugin].keys() == documents.settings_of(plugin).keys() - APART


def _wrong(outside: Places, plugin: str) -> dict[str, str]:
    """A value that means nothing, for each setting of which that can be said."""
    types = _types(outside, plugin)
    found = {name: WRONG[kind] for name in VALID[plugin] for kind in types[name] & WRONG.keys()}
    return found | dict.fromkeys(WORDS & VALID[plugin].keys(), "zzz")


COMMANDS: Final = {"tap-chakra": "tap-chakra --test", "target-chakra": "target-chakra retry"}


@pytest.mark.parametrize("plugin", OURS)
def test_a_word_that_means_nothing_is_refused_by_name(
    outside: Places, account: Sandbox, tmp_path: Path, plugin: str
) -> None:
    for name, value in _wrong(outside, plugin).items():
        set_ = {**reaching(plugin, account), variable(plugin, name): value}
        ended = outside.shell(COMMANDS[plugin], tmp_path, set_)
        assert ended.code == 3, (name, ended.said)
        assert variable(plugin, name) in ended.said or f"setting {name}" in ended.said, ended.said
        assert "Traceback" not in ended.said, name


@pytest.mark.parametrize("plugin", OURS)
def test_what_is_empty_is_not_set(
    outside: Places, account: Sandbox, tmp_path: Path, plugin: str
) -> None:
    empty = {variable(plugin, name): "" for name in VALID[plugin]}
    line = {"tap-chakra": "tap-chakra --test", "target-chakra": "target-chakra"}[plugin]
    outside.shell(line, tmp_path, empty | reaching(plugin, account)).well()


def _all(plugin: str) -> dict[str, str]:
    return {variable(plugin, name): value for name, value in VALID[plugin].items()}


def test_the_tap_heeds_them_all(outside: Places, account: Sandbox, tmp_path: Path) -> None:
    variables = _all("tap-chakra") | reaching("tap-chakra", account)
    ended = outside.shell("tap-chakra", tmp_path, variables).well()
    _judge_the_tap(ended.out, account)
    assert "WARNING" not in ended.err, ended.err


def _judge_the_tap(out: str, account: Sandbox) -> None:
    messages = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    records = [each for each in messages if each["type"] == "RECORD"]
    leads = [each["record"] for each in records if each["stream"] == "process_lead"]
    assert len(leads) == LEADS
    assert {lead.get("data__city") for lead in leads} == {"Pune", "Goa", "", None}
    assert "scanned_ids" in {each["stream"] for each in records}
    (users,) = [m for m in messages if m["type"] == "SCHEMA" and m["stream"] == "users"]
    assert "email" not in users["schema"]["properties"]
    assert _agents(account) == {"outside/1"}


def _agents(account: Sandbox) -> set[str]:
    return {each["user_agent"] for each in account.requests()}


def test_the_target_heeds_them_all(outside: Places, account: Sandbox, tmp_path: Path) -> None:
    variables = _all("target-chakra") | reaching("target-chakra", account)
    ended = outside.shell("target-chakra", tmp_path, variables, ROWS).well()
    assert "WARNING" not in ended.err, ended.err
    _judge_the_target(account)
    assert (tmp_path / "journal-of-the-test.db").exists()


def _judge_the_target(account: Sandbox) -> None:
    """It was a dry run: nothing was written, whatever else was set."""
    writes = [each for each in account.requests() if each["method"] in ("PATCH", "DELETE")]
    assert writes == []
    (row,) = [row for row in account.oracle("lead") if row.data["lead_id"] == "L-00001"]
    assert row.data["score"] == 1
    assert _agents(account) == {"outside/1"}


# Under Meltano


def _in_meltano(
    outside: Places, line: str, tmp_path: Path, variables: dict[str, str], text: str = ""
) -> Any:
    own = {"MELTANO_DATABASE_URI": f"sqlite:///{tmp_path / 'meltano.db'}"}
    return outside.shell(line, outside.project, own | variables, text)


@pytest.mark.parametrize("plugin", OURS)
def test_meltano_hands_over_what_means_nothing(
    outside: Places, account: Sandbox, tmp_path: Path, plugin: str
) -> None:
    command = {"tap-chakra": "tap-chakra:test", "target-chakra": "target-chakra:retry"}[plugin]
    for name, value in _wrong(outside, plugin).items():
        set_ = {**reaching(plugin, account), variable(plugin, name): value}
        ended = _in_meltano(outside, f"meltano invoke {command}", tmp_path, set_)
        assert ended.code != 0, (name, ended.said)
        if "object" in _types(outside, plugin)[name]:
            continue  # Meltano itself refuses those
        told = variable(plugin, name) in ended.said or f"setting {name}" in ended.said
        assert told, (name, ended.said)


def test_the_tap_under_meltano_heeds_them_all(
    outside: Places, account: Sandbox, tmp_path: Path
) -> None:
    variables = _all("tap-chakra") | reaching("tap-chakra", account)
    ended = _in_meltano(outside, "meltano invoke tap-chakra", tmp_path, variables)
    _judge_the_tap(ended.well().out, account)


def test_the_target_under_meltano_heeds_them_all(
    outside: Places, account: Sandbox, tmp_path: Path
) -> None:
    journal = f"sqlite:///{tmp_path / 'journal.db'}"
    variables = _all("target-chakra") | reaching("target-chakra", account)
    variables |= {
        "TARGET_CHAKRA_JOURNAL": journal,
        "TARGET_CHAKRA_REJECTS_PATH": str(tmp_path / "rejects.jsonl"),
    }
    (tmp_path / "rows.singer").write_text(ROWS)
    line = f"meltano invoke target-chakra < {tmp_path / 'rows.singer'}"
    _in_meltano(outside, line, tmp_path, variables).well()
    _judge_the_target(account)
    assert (tmp_path / "journal.db").exists()


def test_a_file_wins_over_the_environment(
    outside: Places, account: Sandbox, tmp_path: Path
) -> None:
    """A shell with somebody's variables, and a file that names another account."""
    (tmp_path / "config.json").write_text(
        json.dumps({"api_key": account.api_key, "api_url": account.url})
    )
    elsewhere = {
        variable(plugin, name): value
        for plugin in OURS
        for name, value in {"api_key": "of-production", "api_url": "http://127.0.0.1:9"}.items()
    }
    for line in (
        "target-chakra --config config.json < /dev/null",
        "tap-chakra --config config.json --test",
        "tap-chakra --config ENV --config config.json --test",
        "target-chakra --config config.json retry",
        "target-chakra --config config.json --config ENV retry",
        "target-chakra --config config.json runs",
        "target-chakra --config config.json mirror-commit; test $? = 3",
    ):
        ended = outside.shell(line, tmp_path, elsewhere).well()
        assert "127.0.0.1:9" not in ended.said, line
