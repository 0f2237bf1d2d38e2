"""Settings of the dlt destination as a user writes them, and wrongly; the key never leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from dlt.common.destination.exceptions import DestinationTerminalException

from chakra_api.errors import SettingsError
from target_chakra.dlt_destination import chakra_destination
from target_chakra.dlt_destination.client import SETTINGS, ChakraConfiguration, _settings
from target_chakra.singer.target import TargetChakra
from tests.support.dlt_loads import (
    SCORES,
    Plan,
    Table,
    held,
    load,
    scores,
    settings,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """The account of this module, with quick jobs and nothing asked of it yet."""
    shared_sandbox.knobs(job_duration_ms=100, latency_ms=0, faults=[])
    shared_sandbox.forget_requests()
    return shared_sandbox


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no key": ({"api_key": ""}, "api_key"),
    "a number": ({"batch_size": 0}, "batch_size"),
    "a word that nobody knows": ({"dry_run": "maybe"}, "dry_run is 'maybe'"),
    "a choice": ({"compare": "sometimes"}, "compare"),
    "an address": ({"api_url": "chakra"}, "api_url"),
    "a mode": ({"streams": [{**SCORES, "mode": "replace"}]}, "replace"),
    "an option": ({"streams": [{**SCORES, "keys": "lead_id"}]}, "keys"),
    "no list": ({"streams": {"stream": "scores"}}, "streams"),
    "a journal": ({"journal": "nope"}, "journal"),
    "another key": ({"api_key": "nobody"}, "key"),
    "a weak key": ({"api_key": "sandbox-readonly-key"}, "role"),
}


@pytest.mark.parametrize(("wrong", "word"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_is_named(
    sandbox: Sandbox, tmp_path: Path, wrong: dict[str, Any], word: str
) -> None:
    rows = scores(sandbox, 2)
    plan = Plan((Table("scores", rows),), {**settings(sandbox, SCORES), **wrong})
    told = load(tmp_path, plan)
    assert word in told.error, told.error
    assert "sandbox-readonly-key" not in told.error
    assert held(sandbox, rows) != [row["score"] for row in rows]


# Settings as a user writes them


def test_settings_come_from_the_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = {
        "DESTINATION__CHAKRA__API_KEY": sandbox.api_key,
        "DESTINATION__CHAKRA__API_URL": sandbox.url,
        "DESTINATION__CHAKRA__STREAMS": json.dumps([{**SCORES, "revive": True}]),
        "DESTINATION__CHAKRA__MAX_REJECTS": "1",
        "DESTINATION__CHAKRA__STOP_AT_REJECT_PERCENT": "50",
        "DESTINATION__CHAKRA__JOURNAL": f"sqlite:///{tmp_path}/elsewhere.db",
    }
    rows = [*scores(sandbox, 2), {"lead_id": "BAD", "score": "many"}]
    told = load(tmp_path, Plan((Table("scores", rows),), {}, environment))
    assert told.outcomes == {"updated": 2, "rejected": 1}, told.output
    assert (tmp_path / "elsewhere.db").exists()


def test_settings_come_from_toml(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / ".dlt"
    folder.mkdir()
    secrets = f'[destination.chakra]\napi_key = "{sandbox.api_key}"\n'
    (folder / "secrets.toml").write_text(secrets)
    (folder / "config.toml").write_text(
        f'[destination.chakra]\napi_url = "{sandbox.url}"\nmax_rejects = 1\nbatch_size = 500\n'
        '[[destination.chakra.streams]]\nstream = "scores"\nprocedure = "lead"\nkey = "lead_id"\n'
        "revive = true\nonly_if_empty = []\n"
        '[destination.chakra.streams.fields]\nlead_id = "data.lead_id"\nscore = "data.score"\n'
    )
    rows = [*scores(sandbox, 2), {"lead_id": "BAD", "score": "many"}]
    told = load(tmp_path, Plan((Table("scores", rows),)))
    assert told.outcomes == {"updated": 2, "rejected": 1}, told.output


def test_a_missing_key_is_asked_for_by_the_names_that_dlt_looks_for(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    given = {**settings(sandbox, SCORES), "api_key": None}
    told = load(tmp_path, Plan((Table("scores", scores(sandbox, 1)),), given))
    assert "DESTINATION__CHAKRA__API_KEY" in told.error


def test_the_key_never_leaves(sandbox: Sandbox, tmp_path: Path) -> None:
    key = "sandbox-admin-key"
    assert sandbox.api_key == key
    sandbox.knobs(faults=[{"kind": "502", "at": [2], "match": "list"}])
    loud = {"RUNTIME__LOG_LEVEL": "DEBUG", "DESTINATION__CHAKRA__API_KEY": key}
    given = {**settings(sandbox, SCORES), "api_key": None}
    rows = [*scores(sandbox, 2), {"lead_id": "BAD", "score": "many"}]
    told = load(tmp_path, Plan((Table("scores", rows),), given, loud))
    assert "max_rejects" in told.error
    explicit = load(tmp_path, Plan((), settings(sandbox, SCORES), {"RUNTIME__LOG_LEVEL": "DEBUG"}))
    for text in (told.output, explicit.output, told.error):
        assert key not in text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if key.encode() in path.read_bytes()] == []
    made = chakra_destination(api_key=key, streams=[])
    config = made.configuration(ChakraConfiguration())
    assert key not in f"{made!r} {made} {config!r} {config} {made.client_class}"


def test_a_setting_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="max_reject'"):
        chakra_destination(max_reject=3)


def test_a_plan_is_refused_since_the_load_would_come_again() -> None:
    config = ChakraConfiguration()
    config.api_key = "key-of-nobody"
    config.plan_path = "plan.parquet"
    with pytest.raises(DestinationTerminalException, match="once more after it is applied"):
        _settings(config)


def test_every_setting_of_the_target_is_one_of_the_destination() -> None:
    of_the_sdk = ("stream_map", "faker", "flatten", "batch_root")  # and of BATCH, which dlt has not
    TargetChakra.append_builtin_config(TargetChakra.config_jsonschema)
    declared: Any = TargetChakra.config_jsonschema["properties"]
    ours = {name: each for name, each in declared.items() if not name.startswith(of_the_sdk)}
    assert set(SETTINGS) == ours.keys()
    made = ChakraConfiguration()
    defaults = {n: each["default"] for n, each in ours.items() if "default" in each}
    assert {name: getattr(made, name) for name in defaults} == defaults
