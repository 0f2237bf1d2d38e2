"""Each file of settings that a document shows is one that its reader takes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from chakra_api.errors import SettingsError
from chakra_sandbox.whatsapp.made_templates import PLUGIN_ID
from tap_chakra import settings as tap
from tap_chakra.singer.tap import TapChakra
from target_chakra import settings as target
from target_chakra.singer.target import TargetChakra
from tests.outside import documents
from website import reference
from website.stage import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = reference.ROOT
NOW = 1_800_000_000_000
KEY = {"api_key": "a-key"}
OF_OTHERS = {
    ("docs/monitoring.md", "groups"): "rules for Prometheus: tests/integration/test_monitoring.py",
    ("docs/monitoring.md", "command"): "a receipt: the same",
}
"""What no settings are, by a name at its top, and who reads it."""


def shown() -> Iterator[tuple[str, Any]]:
    """What each block of YAML or JSON of a document holds."""
    for page in documents.pages():
        for language, read in (("yaml", yaml.safe_load), ("json", json.loads)):
            for block in documents.blocks(page, language):
                text = re.sub(r"<id of [^>]+>", PLUGIN_ID, block)
                yield page.relative_to(ROOT).as_posix(), read(text)


SHOWN = list(shown())


def target_takes(config: Mapping[str, Any]) -> None:
    """The target takes settings, and knows each of their names."""
    known = TargetChakra.config_jsonschema["properties"]
    assert config.keys() <= known.keys()
    jsonschema.validate(config.get("streams", []), json.loads(reference.SCHEMA.read_text()))
    parsed = target.parse_settings({**KEY, **config}, user_agent="x", journal="x")
    assert len(parsed.streams) == len(config.get("streams", []))


def tap_takes(config: Mapping[str, Any]) -> None:
    """The tap takes settings, and knows each of their names."""
    known = TapChakra.config_jsonschema["properties"]
    assert config.keys() <= known.keys()
    for name, value in config.items():  # the SDK's own settings have no schema that holds
        jsonschema.validate(value, known[name])
    tap.parse_settings({**KEY, **config}, now=NOW, user_agent="x")


def meltano_takes(plugins: Mapping[str, list[dict[str, Any]]]) -> None:
    """Meltano knows the plugins, and they their settings."""
    for kind, takes in (("extractors", tap_takes), ("loaders", target_takes)):
        for plugin in plugins.get(kind, []):
            assert plugin["name"] in {"tap-chakra", "target-chakra"}
            takes(plugin["config"])


def dbt_takes(found: Mapping[str, Any]) -> None:
    """The package is where it is said to be, and has the variables."""
    for package in found.get("packages", []):
        assert package["git"] == f"{REPOSITORY}.git"
        assert (ROOT / package["subdirectory"] / "dbt_project.yml").exists()
    project = yaml.safe_load((ROOT / "dbt" / "dbt_project.yml").read_text())
    assert found.get("vars", {}).items() <= project["vars"].items()


def is_taken(found: Any) -> None:
    """Who reads such a file takes it."""
    if isinstance(found, list):
        target_takes({"streams": found})
    elif {"packages", "vars"} & found.keys():
        dbt_takes(found)
    elif "plugins" in found:
        meltano_takes(found["plugins"])
    elif "loaders" in found:
        meltano_takes(found)
    elif "streams" in found:
        target_takes(found)
    else:
        tap_takes(found)


def _is_of_others(page: str, found: Any) -> bool:
    return isinstance(found, dict) and any((page, name) in OF_OTHERS for name in found)


OURS = [(page, found) for page, found in SHOWN if not _is_of_others(page, found)]


@pytest.mark.parametrize(
    "found",
    [found for _, found in OURS],
    ids=[f"{page} {number}" for number, (page, _) in enumerate(OURS)],
)
def test_who_reads_a_file_of_a_document_takes_it(found: Any) -> None:
    is_taken(found)


def test_the_model_that_the_page_on_dbt_shows_calls_a_macro_that_is_there() -> None:
    (model,) = documents.blocks(ROOT / "docs" / "dbt.md", "sql")
    (name, given), *_ = re.findall(r"chakra\.(\w+)\((.*)\) \}\}", model)
    macros = "".join(path.read_text() for path in sorted((ROOT / "dbt" / "macros").glob("*.sql")))
    (taken,) = re.findall(rf"macro {name}\(([^)]*)\)", macros)
    assert len(re.sub(r"\([^)]*\)", "", given).split(",")) == len(taken.split(","))


def test_there_are_such_files_of_each_kind() -> None:
    tops = [frozenset(found) for _, found in SHOWN if isinstance(found, dict)]
    assert len(SHOWN) > 14
    for name in ("streams", "plugins", "packages", "vars", "mask", "webhook_store"):
        assert any(name in top for top in tops), name
    named = {(page, name) for page, found in SHOWN if isinstance(found, dict) for name in found}
    assert named >= OF_OTHERS.keys()


@pytest.mark.parametrize(
    "found",
    [
        {"streams": [{"stream": "a", "procedure": "lead", "modus": "update"}]},
        {"streams": [{"stream": "a", "procedure": "lead", "mode": "updte"}]},
        {"plugins": {"extractors": [{"name": "tap-chakra", "config": {"column_name": "x"}}]}},
        {"photos": {"too": "photos"}},
        {"mask": {"*.email": "hsh"}},
        {"packages": [{"git": f"{REPOSITORY}.git", "subdirectory": "dbtt"}]},
        {"vars": {"chakra_shema": "chakra"}},
    ],
    ids=str,
)
def test_a_misspelled_file_is_not_taken(found: dict[str, Any]) -> None:
    with pytest.raises((AssertionError, SettingsError, jsonschema.ValidationError)):
        is_taken(found)
