"""Settings get their meaning once; each fault names its setting and the next step."""

from __future__ import annotations

from typing import Any

import pytest

from chakra_api.errors import SettingsError
from target_chakra.changes import Mode
from target_chakra.settings import Settings, parse_settings

BASE = {"api_key": "key-of-a-test"}


def parse(**given: Any) -> Settings:
    return parse_settings({**BASE, **given}, user_agent="test", journal="sqlite:///j.db")


def test_defaults_are_the_documented_ones() -> None:
    settings = parse()
    assert (settings.batch_size, settings.concurrency, settings.compare) == (1000, 4, "always")
    assert (settings.patience.job_timeout, settings.patience.horizon) == (1800, 300)
    limits = settings.limits
    assert (limits.max_rejects, limits.stop_at_reject_percent, limits.max_deletes) == (0, 10, 0)


def test_the_first_mapping_that_fits_counts() -> None:
    streams = [
        {"stream": "marts-scores", "procedure": "lead", "mode": "update"},
        {"stream": "marts-*", "procedure": "ticket"},
    ]
    settings = parse(streams=streams)
    assert settings.mapping_for("marts-scores").mode is Mode.UPDATE
    assert settings.mapping_for("marts-other").procedure == "ticket"
    assert settings.mapping_for("process_order").mode is Mode.UPSERT
    with pytest.raises(SettingsError, match="no mapping for the stream 'elsewhere'"):
        settings.mapping_for("elsewhere")


@pytest.mark.parametrize(
    ("key", "column", "attribute"),
    [
        (None, None, None),
        ("crm_id", "crm_id", None),
        ({"column": "crm_id", "attribute": "lead_id"}, "crm_id", "lead_id"),
    ],
)
def test_a_key_is_a_column_and_may_name_its_attribute(
    key: object, column: str | None, attribute: str | None
) -> None:
    mapping = parse(streams=[{"stream": "s", "key": key}]).streams[0]
    assert (mapping.key_column, mapping.key_attribute) == (column, attribute)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no key": ({"api_key": ""}, "api_key"),
    "an url with a path": ({"api_url": "https://api.example.com/v1"}, "api_url"),
    "streams that are no list": ({"streams": {"stream": "s"}}, "streams"),
    "a mapping without a stream": ({"streams": [{"procedure": "lead"}]}, "stream is missing"),
    "an unknown option": ({"streams": [{"stream": "s", "keys": "x"}]}, "keys"),
    "an unknown mode": ({"streams": [{"stream": "s", "mode": "replace"}]}, "replace"),
    "a key that is a number": ({"streams": [{"stream": "s", "key": 5}]}, "key is 5"),
    "fields that are a list": ({"streams": [{"stream": "s", "fields": ["a"]}]}, "fields"),
    "nulls": ({"streams": [{"stream": "s", "nulls": "drop"}]}, "nulls is 'drop'"),
    "only_if_empty": ({"streams": [{"stream": "s", "only_if_empty": "x"}]}, "only_if_empty"),
    "a batch of nothing": ({"batch_size": 0}, "batch_size"),
    "a percent below zero": ({"stop_at_reject_percent": -1}, "stop_at_reject_percent"),
    "a number that is a truth": ({"max_deletes": True}, "max_deletes"),
    "compare": ({"compare": "sometimes"}, "compare"),
    "a blind upsert": (
        {"compare": "never", "streams": [{"stream": "s", "mode": "upsert"}]},
        "compare is never",
    ),
    "blind without mappings": ({"compare": "never"}, "compare is never"),
}


@pytest.mark.parametrize(("given", "word"), BAD.values(), ids=BAD.keys())
def test_a_fault_is_named_with_the_next_step(given: dict[str, Any], word: str) -> None:
    with pytest.raises(SettingsError, match=word) as raised:
        parse(**given)
    assert raised.value.next_step
    assert "key-of-a-test" not in str(raised.value)


def flag_in_a_mapping(name: str, value: object) -> dict[str, Any]:
    """Settings with a flag of a mapping, of its key or of a field."""
    mapping: dict[str, Any] = {"stream": "s", "key": {"column": "a"}, "fields": {"a": {"to": "b"}}}
    {"revive": mapping, "trim": mapping["key"], "round": mapping["fields"]["a"]}[name][name] = value
    return {"streams": [mapping]}


@pytest.mark.parametrize("word", ["maybe", "ture", 1, 0, [], {}], ids=repr)
def test_a_word_that_nobody_knows_is_no_flag_of_any_setting(word: object) -> None:
    """Least of all does it mean that a run writes."""
    wrong = [{"dry_run": word}, {"assign_inactive": word}]
    wrong += [flag_in_a_mapping(name, word) for name in ("revive", "trim", "round")]
    for given in wrong:
        with pytest.raises(SettingsError, match="true or false"):
            parse(**given)


@pytest.mark.parametrize(("word", "meant"), [("y", True), ("ON", True), ("off", False)])
def test_a_flag_may_come_as_a_word(word: str, *, meant: bool) -> None:
    settings = parse(dry_run=word, assign_inactive=word, **flag_in_a_mapping("revive", word))
    flags = (settings.dry_run, settings.assign_inactive, settings.streams[0].revive)
    assert flags == (meant, meant, meant)
