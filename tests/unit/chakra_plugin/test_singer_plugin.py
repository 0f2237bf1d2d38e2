"""What tap and target share as plugins: faults of settings are ours, and never show the key."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any, ClassVar

import click
import pytest

from chakra_api.errors import SettingsError
from chakra_plugin.singer_plugin import ChakraPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "a-key-that-never-leaves"


class APlugin(ChakraPlugin):
    name = "a-plugin"
    command_help = "Help."
    command_epilog = "Examples."
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "properties": {"api_key": {"type": "string"}, "pace": {"type": "integer", "default": 5}},
        "required": ["api_key"],
    }


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    """singer-sdk takes them for each plugin that is made."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def read(*paths: str) -> Any:
    """What `--config` makes of its values."""
    return APlugin.cb_config(click.Context(click.Command("x")), click.Option(["--config"]), paths)


@pytest.mark.parametrize("pace", [KEY, {"nested": KEY}], ids=["as it is", "within"])
def test_a_fault_of_the_settings_is_an_error_of_ours_without_the_key(pace: object) -> None:
    with pytest.raises(SettingsError) as refused:
        APlugin(config={"api_key": KEY, "pace": pace})
    assert "is not of type 'integer'" in str(refused.value)
    assert KEY not in str(refused.value)
    assert refused.value.next_step == "See a-plugin --about for each setting"


def test_each_fault_is_named() -> None:
    with pytest.raises(SettingsError, match=r"'many'.*; 'api_key' is a required property"):
        APlugin(config={"pace": "many"})


def test_who_asks_for_no_check_gets_a_plugin() -> None:
    assert dict(APlugin(config={"pace": 6}, validate_config=False).config) == {"pace": 6}


def test_a_later_settings_file_overrides_an_earlier_one(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps({"api_key": KEY, "pace": 1}))
    second.write_text(json.dumps({"pace": 2}))
    plugin = APlugin.configured(read(str(first), str(second)))
    assert dict(plugin.config) == {"api_key": KEY, "pace": 2}


def test_a_settings_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"'nowhere\.json' can't be read"):
        read("nowhere.json")


@pytest.mark.parametrize("named", [True, False], ids=["ENV", "no ENV"])
def test_the_environment_counts_where_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, named: bool
) -> None:
    monkeypatch.setenv("A_PLUGIN_PACE", "9")
    (file := tmp_path / "config.json").write_text(json.dumps({"api_key": KEY}))
    plugin = APlugin.configured(read(*(["ENV"] if named else []), str(file)))
    assert plugin.config["pace"] == (9 if named else 5)


def test_without_any_settings_the_defaults_count() -> None:
    assert APlugin.configured(None, validate_config=False).config["pace"] == 5


def test_the_command_says_help_of_ours() -> None:
    command = APlugin.get_singer_command()
    assert (command.help, command.epilog) == ("Help.", "Examples.")


def test_requests_are_sent_as_the_command_and_its_version() -> None:
    assert APlugin.user_agent() == f"a-plugin/{APlugin.plugin_version}"
