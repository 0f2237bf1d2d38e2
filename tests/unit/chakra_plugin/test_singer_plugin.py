"""What tap and target share as plugins: faults of settings are ours, and never show the key."""

from __future__ import annotations

import json
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click
import pytest

from chakra_api.errors import SettingsError
from chakra_plugin.singer_plugin import ChakraPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "a-key-that-never-leaves"


class APlugin(ChakraPlugin):
    name = "a-plugin"
    command_help = "Help."
    command_epilog = "Examples."
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "properties": {
            "api_key": {"type": "string", "secret": True},
            "pace": {"type": "integer", "default": 5, "description": "How fast it goes."},
            "mode": {"type": ["string", "null"], "enum": ["all", "none"]},
            "maps": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["a"],
                    "properties": {"a": {"type": "string", "description": "An option."}},
                },
            },
        },
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


FAULTS = [
    ({"pace": [KEY]}, "The setting pace is ['***']", "Write a whole number such as 10"),
    ({"pace": {"nested": KEY}}, "The setting pace is {'nested': '***'}", "Write a whole number"),
    ({"pace": 2.5}, "The setting pace is 2.5", "Write a whole number such as 10"),
    ({"pace": True}, "The setting pace is True", "Write a whole number such as 10"),
    ({"mode": "some"}, "The setting mode is 'some'", "Use one of: all, none"),
    ({"maps": [{"a": 5}]}, "The setting maps, at [0].a, is 5", "Write a text"),
    ({"maps": [{}]}, "The setting maps, at [0], lacks a", "See a-plugin --about"),
    ({"api_key": 987654}, "The setting api_key does not fit", "Write a text"),
]


@pytest.mark.parametrize(("config", "cause", "step"), FAULTS, ids=lambda value: str(value)[:30])
def test_a_fault_of_the_settings_is_told_in_plain_words_without_the_key(
    config: dict[str, Any], cause: str, step: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        APlugin(config={"api_key": KEY} | config)
    assert refused.value.cause == cause
    assert refused.value.next_step.startswith(step)
    assert KEY not in str(refused.value)


def test_a_missing_setting_is_named_with_its_variable() -> None:
    with pytest.raises(SettingsError, match=r"api_key is missing.*or set A_PLUGIN_API_KEY"):
        APlugin(config={})


def test_each_fault_is_named() -> None:
    with pytest.raises(SettingsError) as refused:
        APlugin(config={"pace": {}, "mode": "x"})
    for said in ("pace is {}", "mode is 'x'", "api_key is missing"):
        assert said in refused.value.cause
    assert refused.value.next_step == "See a-plugin --about for each setting"


def test_who_asks_for_no_check_gets_a_plugin() -> None:
    assert dict(APlugin(config={"pace": 6}, validate_config=False).config) == {"pace": 6}


def test_a_later_settings_file_overrides_an_earlier_one(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps({"api_key": KEY, "pace": 1}))
    second.write_text(json.dumps({"pace": 2}))
    plugin = APlugin.configured(read(str(first), str(second)))
    assert dict(plugin.config) == {"api_key": KEY, "pace": 2}


def test_a_settings_file_that_is_not_there_is_named_once_it_is_asked_for() -> None:
    named = read("nowhere.json")
    with pytest.raises(SettingsError, match=r"'nowhere\.json' can't be read"):
        APlugin.configured(named)


@pytest.mark.parametrize(
    ("named", "pace"),
    [
        (("ENV",), 9),
        ((), 9),
        (("ENV", "key.json"), 9),
        (("key.json",), 5),
        (("ENV", "both.json"), 6),
        (("both.json", "ENV"), 6),
        (("both.json",), 6),
        (("both.json", "key.json", "ENV"), 6),
    ],
    ids=str,
)
def test_the_environment_counts_where_it_is_named_or_nothing_is_and_a_file_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: tuple[str, ...], pace: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("A_PLUGIN_PACE", "9")
    monkeypatch.setenv("A_PLUGIN_API_KEY", "the key of the environment")
    Path("key.json").write_text(json.dumps({"api_key": KEY}))
    Path("both.json").write_text(json.dumps({"api_key": KEY, "pace": "6"}))
    plugin = APlugin.configured(read(*named))
    assert plugin.config["pace"] == pace
    keyed = any(name != "ENV" for name in named)
    assert plugin.config["api_key"] == (KEY if keyed else "the key of the environment")


def test_settings_given_in_python_count_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_PLUGIN_PACE", "9")
    assert APlugin(config={"api_key": KEY}).config["pace"] == 5
    assert APlugin(config={"api_key": KEY}, parse_env_config=True).config["pace"] == 9
    assert APlugin(config={"api_key": KEY, "pace": 6}, parse_env_config=True).config["pace"] == 6


def test_a_start_says_nothing_but_what_no_setting_is_called(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("A_PLUGIN_PACE", "9")
    (file := tmp_path / "config.json").write_text(json.dumps({"api_key": KEY, "pase": 1}))
    config = read("ENV", str(file))
    APlugin.configured(config)
    APlugin.configured(config, validate_config=False)
    said = [each.message for each in caplog.records if each.name == "a-plugin"]
    assert said == [
        f"'pase' in '{file}' is no setting of a-plugin and is ignored. Did you mean 'pace'?"
    ]


@pytest.mark.parametrize("variable", ["A_PLUGIN_LOGLEVEL", "LOGLEVEL"])
def test_a_level_of_logging_that_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "loud")
    with pytest.raises(SettingsError, match=f"^{variable} is 'loud'.*WARNING"):
        _ = APlugin.cli


@pytest.mark.parametrize(("level", "number"), [("debug\r", 10), (" ", 20), ("", 20)], ids=repr)
def test_a_level_of_logging_is_read_without_blanks(
    monkeypatch: pytest.MonkeyPatch, level: str, number: int
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setenv("A_PLUGIN_LOGLEVEL", level)
    assert APlugin.cli.name == "a-plugin"
    assert root.level == number


def test_about_says_what_each_setting_means(capsys: pytest.CaptureFixture[str]) -> None:
    APlugin.print_about()
    said = capsys.readouterr().out
    assert "\n  pace  A_PLUGIN_PACE  (whole number; default 5)\n      How fast it goes.\n" in said
    assert "\n  api_key  A_PLUGIN_API_KEY  (text; required; secret)\n" in said
    assert "\n  mode  A_PLUGIN_MODE  (one of all, none)\n" in said
    assert "\n      a  (text; required)\n          An option.\n" in said
    APlugin.print_about("json")
    assert json.loads(capsys.readouterr().out)["settings"]["properties"].keys() >= {"pace", "maps"}


def test_the_command_says_help_of_ours() -> None:
    command = APlugin.get_singer_command()
    assert (command.help, command.epilog) == ("Help.", "Examples.")


def test_requests_are_sent_as_the_command_and_its_version() -> None:
    assert APlugin.user_agent() == f"a-plugin/{APlugin.plugin_version}"
