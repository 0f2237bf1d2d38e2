"""Each setting that tap and target declare means the same as a text as it does as JSON."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tap_chakra.settings as tap_settings
import target_chakra.settings as target_settings
from chakra_api.errors import SettingsError
from chakra_plugin.settings.sources import Declared, Source, environment_source, gathered
from chakra_plugin.settings.text import WrongText, typed, types_of
from tap_chakra.singer.tap import TapChakra
from target_chakra.singer.target import TargetChakra

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

PLUGINS = {"tap-chakra": TapChakra, "target-chakra": TargetChakra}
CASES = [
    (command, name)
    for command, plugin in PLUGINS.items()
    for name in sorted(plugin.declared().settings)
]
KEY = "a-key-that-never-leaves"
WORDS = {True: ["true", "TRUE", "1", "yes", "Y", "on", "t"], False: ["false", "0", "No", "off"]}
TEXTS = st.text("abcdefg hijk,-_/:[]{}0123456789\"'", min_size=1).filter(lambda s: s == s.strip())

FRACTIONS = st.floats(0.001, 1e6).filter(lambda value: not value.is_integer())


def values_of(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """What a setting may be, as JSON has it."""
    kind = types_of(schema)[0]
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if kind == "array" and types_of(schema["items"]) == ("object",):
        mapping = {"stream": "a,b*", "key": "id", "revive": True, "only_if_empty": ["score"]}
        return st.just([mapping | {"procedure": "lead"}, {"stream": "*"}])
    return {
        "string": st.one_of(TEXTS, st.sampled_from(["2026-01-31", "Asia/Kolkata", "https://a.b"])),
        "integer": st.integers(-5, 100_000),
        "number": st.one_of(
            st.integers(0, 10**9), st.floats(0.001, 1e6).filter(lambda x: not x.is_integer())
        ),
        "boolean": st.booleans(),
        "array": st.lists(st.text("abc", min_size=1), min_size=1),
        "object": st.dictionaries(st.text("abc", min_size=1), st.text("abc"), min_size=1),
    }[kind]


def texts_of(value: Any) -> list[str]:
    """How a person may write it into a variable."""
    if isinstance(value, bool):
        return WORDS[value]
    if isinstance(value, int):
        return [str(value), f"{value}.0", f"{value:+d}"]
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [json.dumps(value), ",".join(value), ", ".join(value), repr(value)]
    return [json.dumps(value), json.dumps(value, indent=2), repr(value)]


def outcome(command: str, values: dict[str, Any]) -> str:
    """What the command makes of settings, or what it says against them."""
    config = {"api_key": KEY, **values}
    parse: Callable[..., object] = partial(tap_settings.parse_settings, now=1_790_000_000_000)
    if command == "target-chakra":
        parse = partial(target_settings.parse_settings, journal="sqlite:///journal.db")
    try:
        return repr(parse(config, user_agent="a test"))
    except SettingsError as error:
        return str(error)


@pytest.mark.parametrize(("command", "name"), CASES, ids=lambda value: value)
@settings(max_examples=25)
@given(data=st.data())
def test_a_text_means_what_the_value_means(command: str, name: str, data: st.DataObject) -> None:
    declared = PLUGINS[command].declared()
    value = data.draw(values_of(declared.settings[name]))
    text = data.draw(st.sampled_from(texts_of(value)))
    plain = gathered(declared, [Source({name: value}, "a.json")])
    filed = gathered(declared, [Source({name: text}, "a.json")])
    variables = {declared.prefix + name.upper(): f" {text}\r\n", "OTHER": "x"}
    set_by_variable = gathered(declared, [environment_source(declared, variables)])
    assert plain == {name: value}
    assert filed == plain
    assert set_by_variable == plain
    assert outcome(command, filed) == outcome(command, plain)


@pytest.mark.parametrize(("command", "name"), CASES, ids=lambda value: value)
def test_what_means_nothing_is_named_by_variable_and_file(command: str, name: str) -> None:
    declared = PLUGINS[command].declared()
    schema = declared.settings[name]
    if "string" in types_of(schema):
        return
    wrong = "[maybe"
    with pytest.raises(SettingsError) as by_variable:
        gathered(declared, [environment_source(declared, {declared.variable(name): wrong})])
    with pytest.raises(SettingsError) as by_file:
        gathered(declared, [Source({name: wrong}, "a.json")])
    said = "means nothing" if schema.get("secret") else "is '[maybe'"
    assert by_variable.value.cause == f"{declared.variable(name)} {said}"
    assert by_file.value.cause == f"The setting {name} in the file 'a.json' {said}"
    assert by_file.value.next_step == by_variable.value.next_step
    assert by_file.value.next_step.startswith("Write ")


@pytest.mark.parametrize(("command", "name"), CASES, ids=lambda value: value)
@pytest.mark.parametrize("blank", ["", " \t\r\n", None], ids=repr)
def test_blank_is_not_set(command: str, name: str, blank: str | None) -> None:
    declared = PLUGINS[command].declared()
    variables = {} if blank is None else {declared.variable(name): blank}
    below = environment_source(declared, variables)
    assert gathered(declared, [below, Source({name: blank}, "a.json")]) == {}


def test_a_secret_is_not_shown() -> None:
    schema = {"properties": {"codes": {"type": ["array"], "secret": True}}}
    with pytest.raises(SettingsError) as refused:
        gathered(Declared("a-plugin", schema), [Source({"codes": f'["{KEY}'})])
    assert KEY not in str(refused.value)


def test_a_secret_is_shown_in_no_other_setting() -> None:
    declared = TargetChakra.declared()
    key = f"{'x' * 40}-{KEY}"
    with pytest.raises(SettingsError) as refused:
        gathered(declared, [Source({"api_key": key}), Source({"max_rejects": f"key={key}"})])
    assert refused.value.cause == "The setting max_rejects is 'key=***'"


NESTED = {
    "type": ["array", "null"],
    "items": {
        "type": "object",
        "properties": {
            "size": {"type": ["integer", "null"]},
            "on": {"type": ["boolean"]},
            "name": {"type": "string"},
            "any": {},
            "either": {"oneOf": [{"type": ["number"]}, {"type": ["string"]}]},
        },
    },
}


def test_texts_within_objects_are_read_as_declared() -> None:
    given_texts = [{"size": "10", "on": "y", "name": "10", "any": "10", "either": "5", "new": "1"}]
    wanted = [{"size": 10, "on": True, "name": "10", "any": "10", "either": "5", "new": "1"}]
    assert typed(given_texts, NESTED) == wanted
    assert typed(json.dumps(given_texts), NESTED) == wanted


def test_blank_within_objects_is_not_set_where_no_text_may_stand() -> None:
    assert typed([{"size": " ", "on": "", "name": ""}], NESTED) == [{"name": ""}]


def test_the_place_within_is_named() -> None:
    with pytest.raises(WrongText) as wrong:
        typed([{}, {"on": "perhaps"}], NESTED)
    assert (wrong.value.place, wrong.value.text) == ("[1].on", "perhaps")
