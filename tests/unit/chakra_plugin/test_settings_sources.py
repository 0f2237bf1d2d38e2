"""Which source of a setting counts, and what is said of names that no setting has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chakra_api.errors import SettingsError
from chakra_plugin.settings.sources import Declared, Source, environment_source, gathered

SCHEMA: dict[str, Any] = {
    "properties": {
        "api_key": {"type": ["string"], "secret": True},
        "concurrency": {"type": ["integer", "null"]},
        "max_rejects": {"type": ["integer", "null"]},
        "dry_run": {"type": ["boolean", "null"]},
        "stream_maps": {"type": ["object", "null"]},
    }
}
DECLARED = Declared("a-plugin", SCHEMA)


def of_variables(names_only: bool = False, **variables: str) -> Source:  # noqa: FBT001, FBT002 - a test's
    return environment_source(DECLARED, variables, names_only=names_only)


def test_a_later_file_counts_and_every_file_before_the_environment() -> None:
    sources = [
        of_variables(A_PLUGIN_CONCURRENCY="1", A_PLUGIN_MAX_REJECTS="1", A_PLUGIN_DRY_RUN="y"),
        Source({"concurrency": 2, "max_rejects": 2}, "first.json"),
        Source({"concurrency": "3", "max_rejects": None}, "second.json"),
    ]
    found = gathered(DECLARED, sources)
    assert found == {"concurrency": 3, "max_rejects": 2, "dry_run": True}
    assert found.called == {
        "concurrency": "The setting concurrency in the file 'second.json'",
        "max_rejects": "The setting max_rejects in the file 'first.json'",
        "dry_run": "A_PLUGIN_DRY_RUN",
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            Source({"concurency": 3}, "a.json"),
            "'concurency' in 'a.json'|Did you mean 'concurrency'?",
        ),
        (Source({"max_reject": 3}), "'max_reject'|Did you mean 'max_rejects'?"),
        (
            Source({"maxRejects": 3}, "a.json"),
            "'maxRejects' in 'a.json'|Did you mean 'max_rejects'?",
        ),
        (Source({"colour": "red"}, "a.json"), "'colour' in 'a.json'|See a-plugin --about."),
        (
            of_variables(A_PLUGIN_CONCURENCY="3"),
            "A_PLUGIN_CONCURENCY|Did you mean 'A_PLUGIN_CONCURRENCY'?",
        ),
        (of_variables(A_PLUGIN_COLOUR="3"), "A_PLUGIN_COLOUR|See a-plugin --about."),
    ],
    ids=str,
)
def test_a_name_that_no_setting_has_is_told_with_the_nearest(source: Source, said: str) -> None:
    subject, hint = said.split("|")
    found = gathered(DECLARED, [source])
    assert found == {}
    assert found.warnings == (f"{subject} is no setting of a-plugin and is ignored. {hint}",)


@pytest.mark.parametrize(
    "source",
    [
        Source({"dryrun": True}, "a.json"),
        Source({"dry-run": True}),
        Source({"DRY_RUN": True}),
        of_variables(A_PLUGIN_DRYRUN="1"),
    ],
    ids=str,
)
def test_a_misspelt_wish_to_write_nothing_is_refused(source: Source) -> None:
    with pytest.raises(SettingsError, match="without which a run writes"):
        gathered(DECLARED, [source])


def test_a_name_within_an_object_that_nobody_reads_is_told() -> None:
    inner = {"type": ["object"], "properties": {"format": {}}, "additionalProperties": True}
    batch = {"type": ["object"], "properties": {"encoding": inner}, "additionalProperties": True}
    free = {"type": ["object"], "properties": {}, "additionalProperties": True}
    declared = Declared("a-plugin", {"properties": {"batch": batch, "free": free}})
    source = Source(
        {"batch": {"encodng": {}, "encoding": {"fromat": "x", "format": "x"}}, "free": {"a": 1}}
    )
    first, second = gathered(declared, [source]).warnings
    assert first.startswith("The setting batch holds batch.encodng, which is no setting")
    assert first.endswith("Did you mean 'encoding'?")
    assert second.startswith("The setting batch holds batch.encoding.fromat, which is no setting")
    assert second.endswith("Did you mean 'format'?")


def test_a_text_that_a_later_source_overrides_is_not_looked_at() -> None:
    sources = [of_variables(A_PLUGIN_CONCURRENCY="many"), Source({"concurrency": 2}, "a.json")]
    assert gathered(DECLARED, sources) == {"concurrency": 2}


def test_a_name_that_meltano_puts_into_both_is_told_once() -> None:
    sources = [of_variables(A_PLUGIN_CONCURENCY="3"), Source({"concurency": 3}, "run/config.json")]
    (warning,) = gathered(DECLARED, sources).warnings
    assert warning.startswith("'concurency' in 'run/config.json'")


OF_OTHERS = {
    "A_PLUGIN__SELECT": '["*.*"]', "A_PLUGIN__METADATA": "{}", "A_PLUGIN__LOG_PARSER": "singer-sdk",
    "A_PLUGIN__LOAD_SCHEMA": "x", "A_PLUGIN__EU_API_KEY": "x", "A_PLUGIN_LOGLEVEL": "DEBUG",
    "A_PLUGIN_STREAM_MAPS_PROCESS_LEAD_X": "1", "A_PLUGIN_EU_API_KEY": "x",
    "A_PLUGIN_EU__SELECT": "[]", "A_PLUGINS_COLOUR": "x", "MELTANO_EXTRACT_COLOUR": "x",
}  # fmt: skip


def test_nothing_is_said_of_what_tools_add_for_themselves() -> None:
    files = Source({"_select": ["*.*"], "_load_schema": "x", "$schema": "x"}, "a.json")
    found = gathered(DECLARED, [environment_source(DECLARED, OF_OTHERS), files])
    assert (found, found.warnings) == ({}, ())


def test_where_the_environment_is_not_read_its_names_are_looked_at() -> None:
    source = of_variables(names_only=True, A_PLUGIN_CONCURENCY="3", A_PLUGIN_DRY_RUN="maybe")
    found = gathered(DECLARED, [source])
    assert found == {}
    assert "A_PLUGIN_CONCURENCY" in found.warnings[0]


FLAT = {"process_lead.city": None, "process_lead.a\\.b": "x", "else": "__NULL__"}
NESTED = {"process_lead": {"city": None, "a.b": "x"}, "else": "__NULL__"}


def test_an_object_is_read_as_meltano_writes_it_into_a_variable() -> None:
    source = of_variables(A_PLUGIN_STREAM_MAPS=json.dumps(FLAT), MELTANO_PROJECT_ROOT="/project")
    assert gathered(DECLARED, [source]) == {"stream_maps": NESTED}


def test_elsewhere_a_dot_in_a_name_is_a_dot() -> None:
    source = of_variables(A_PLUGIN_STREAM_MAPS=json.dumps(FLAT))
    assert gathered(DECLARED, [source]) == {"stream_maps": FLAT}


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_what_is_no_object_is_told_under_meltano_too(text: str) -> None:
    source = of_variables(A_PLUGIN_STREAM_MAPS=text, MELTANO_PROJECT_ROOT="/project")
    if not text:
        assert gathered(DECLARED, [source]) == {}
        return
    with pytest.raises(SettingsError, match="A_PLUGIN_STREAM_MAPS is "):
        gathered(DECLARED, [source])


def test_a_setting_of_meltanos_file_is_named_by_its_variable_too() -> None:
    source = Source({"dry_run": "maybe"}, "/project/run/target.01a2.config.json", of_meltano=True)
    with pytest.raises(SettingsError, match=r"setting dry_run \(A_PLUGIN_DRY_RUN\) is 'maybe'"):
        gathered(DECLARED, [source])


@pytest.mark.parametrize(
    "given",
    [
        ["one-secret-1", "two-secret-2"],
        '["one-secret-1", "two-secret-2"]',
        "one-secret-1,two-secret-2",
    ],
)
def test_each_secret_of_a_list_is_one(given: object) -> None:
    items = {"type": "array", "items": {"type": "string"}, "secret": True}
    declared = Declared("tap-chakra", {"properties": {"webhook_secrets": items}})
    assert declared.secrets_in({"webhook_secrets": given}) == ["one-secret-1", "two-secret-2"]
