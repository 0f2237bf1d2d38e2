"""Documents agree with the code: exit codes, settings, version, glossary."""

from __future__ import annotations

import inspect
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.by_hand.spark_on_paper import paper_table
from chakra_api.exit_codes import GRAVITY, ExitCode
from chakra_plugin.settings.monitoring import MONITORING
from chakra_sandbox.knobs import knob_docs
from chakra_spark import read_options, write_options
from tap_chakra.cli.command import COMMANDS as TAP_COMMANDS
from tap_chakra.dlt_source import chakra_source
from tap_chakra.photos.photo_records import PHOTO_KEYS, PHOTOS
from tap_chakra.records import scan_ids
from tap_chakra.records.stream_names import JOB_ENTRIES, JOBS, TEMPLATES
from tap_chakra.singer.tap import TapChakra
from tap_chakra.webhooks.event_records import FORMS
from target_chakra.cli.command import COMMANDS
from target_chakra.singer.target import TargetChakra
from tests.house import plugin_files, values_page
from tests.outside import documents

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent.parent
MOST_WORDS = 900
"""Of the README, its commands and addresses among them."""


def read(name: str) -> str:
    return (ROOT / name).read_text()


def declared() -> dict[str, dict[str, object]]:
    """The settings that the tap documents with --about."""
    TapChakra.append_builtin_config(TapChakra.config_jsonschema)
    properties: dict[str, dict[str, object]] = TapChakra.config_jsonschema["properties"]
    return properties


def test_the_page_of_values_says_what_the_code_does() -> None:
    assert read("docs/values.md") == values_page.page(), "python -m tests.house.values_page"


def test_the_exit_codes_are_documented() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", read("docs/exit-codes.md"), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(c.value, c.name) for c in ExitCode]


def test_the_order_of_seriousness_is_documented_and_has_each_exit_code() -> None:
    (said,) = re.findall(r"From the least serious: (.+?):", read("docs/exit-codes.md"))
    assert re.findall(r"`(\w+)`", said) == [code.name for code in GRAVITY]
    assert sorted(GRAVITY) == list(ExitCode)


def test_meltano_and_the_reference_know_each_command_of_the_tap() -> None:
    tap, *_ = yaml.safe_load(read("meltano.yml"))["plugins"]["extractors"]
    names = set(TAP_COMMANDS)
    assert names
    assert names <= tap["commands"].keys()
    page = read("docs/reference/commands.md")
    named = re.findall(r"tap-chakra(?: --config config.json |:)([a-z-]+)", page)
    assert names <= set(named)


def test_meltano_knows_each_setting_of_the_tap() -> None:
    tap, *_ = yaml.safe_load(read("meltano.yml"))["plugins"]["extractors"]
    settings = {setting["name"].split(".")[0]: setting for setting in tap["settings"]}
    assert settings.keys() == declared().keys()
    assert all({"label", "kind", "description"} <= setting.keys() for setting in settings.values())
    secret = {name for name, schema in declared().items() if schema.get("secret")}
    assert {name for name, setting in settings.items() if setting.get("sensitive")} == secret


def target_settings() -> dict[str, dict[str, object]]:
    """The settings that the target documents with --about."""
    TargetChakra.append_builtin_config(TargetChakra.config_jsonschema)
    properties: dict[str, dict[str, object]] = TargetChakra.config_jsonschema["properties"]
    return properties


def test_meltano_knows_each_setting_and_command_of_the_target() -> None:
    loaders = yaml.safe_load(read("meltano.yml"))["plugins"]["loaders"]
    (target,) = [loader for loader in loaders if loader["name"] == "target-chakra"]
    settings = {setting["name"]: setting for setting in target["settings"]}
    assert settings.keys() == target_settings().keys()
    assert all({"label", "kind", "description"} <= setting.keys() for setting in settings.values())
    secret = {name for name, schema in target_settings().items() if schema.get("secret")}
    assert {name for name, setting in settings.items() if setting.get("sensitive")} == secret
    for name, setting in settings.items():
        if "value" in setting:
            assert target_settings()[name]["default"] == setting["value"], name
    assert set(COMMANDS) <= target["commands"].keys()


def test_the_plugin_files_say_what_meltano_yml_says() -> None:
    made = {f"plugins/{name}": text for name, text in plugin_files.plugin_files().items()}
    assert {name: read(name) for name in made} == made, "make plugin-files"


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/meltano.md"])
def test_a_page_adds_each_plugin_before_it_runs_it(page: str) -> None:
    """Who types the page into an empty project comes to its end."""
    added: set[str] = set()
    used: set[str] = set()
    for line in documents.typed()[page]:
        names = set(re.findall(r"\b(?:tap|target)-\w+", line))
        if line.startswith("meltano add "):
            (name, *_) = line.removeprefix("meltano add ").split()
            added.add(name)
            assert f"--from-ref plugins/{name}.yml" in line
            assert (ROOT / "plugins" / f"{name}.yml").exists()
        elif line.startswith("meltano "):
            assert names <= added, line
            used |= names
    assert {"tap-chakra", "target-duckdb"} <= used


def test_meltano_hands_over_what_the_user_wrote() -> None:
    """Its kind decimal stops it, boolean makes false of a word, integer and array are tracebacks.

    Objects stay: of a text Meltano would lose the nulls in it.
    """
    plugins = yaml.safe_load(read("meltano.yml"))["plugins"]
    for plugin in (*plugins["extractors"], *plugins["loaders"]):
        if plugin["name"] in plugin_files.PIP_URLS:
            kinds = {setting["kind"] for setting in plugin["settings"]}
            assert kinds <= {"string", "password", "object", "date_iso8601"}


def test_the_readme_reads_on_a_package_index() -> None:
    links = re.findall(r"\]\(([^)]+)\)", read("README.md"))
    repository = tomllib.loads(read("pyproject.toml"))["project"]["urls"]["Repository"]
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    pictures = repository.replace("github.com", "raw.githubusercontent.com")
    ours = [link for link in links if link.startswith((repository, pictures))]
    paths = [re.sub(r"^.*?/(blob/|tree/|)main/", "", link).partition("#")[0] for link in ours]
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(read("README.md").split()) <= MOST_WORDS


def test_the_reference_names_each_setting_option_and_command_of_the_target() -> None:
    of_the_sdk = ("stream_map", "faker", "flatten")
    ours = {name for name in target_settings() if not name.startswith(of_the_sdk)}
    streams: Any = TargetChakra.config_jsonschema["properties"]["streams"]
    options = set(streams["items"]["properties"])
    pages = ("target-settings", "mapping", "commands")
    text = "".join(read(f"docs/reference/{name}.md") for name in pages)
    assert [name for name in sorted(ours | options) if f"`{name}`" not in text] == []
    named = set(re.findall(r"target-chakra(?: --config config.json |:)([a-z-]+)", text))
    assert set(COMMANDS) <= named


def test_meltano_has_the_defaults_of_the_tap() -> None:
    tap, *_ = yaml.safe_load(read("meltano.yml"))["plugins"]["extractors"]
    flattening = {"flattening_enabled", "flattening_max_depth"}
    for setting in tap["settings"]:
        if "value" in setting and setting["name"] not in flattening:
            assert declared()[setting["name"]]["default"] == setting["value"]


def test_the_reference_names_each_setting_of_the_tap() -> None:
    ours = set(TapChakra.config_jsonschema["properties"]) - {
        name for name in declared() if name.startswith(("stream_map", "faker", "flatten", "batch"))
    }
    assert ours
    page = read("docs/reference/tap-settings.md")
    assert [name for name in sorted(ours) if f"`{name}`" not in page] == []


def arguments_of_the_dlt_page() -> list[tuple[str, str]]:
    """Each argument of the source that docs/dlt.md lists, and its default."""
    table = read("docs/dlt.md").partition("| argument | default | what it does |\n")[2]
    rows = table.partition("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in row.split(" |")] for row in rows]
    return [(name.strip("| `"), default.strip("`")) for name, default, *_ in cells]


def shown(default: object) -> str:
    """A default as the page has it; nothing for None."""
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    return "" if default is None else str(default).lower() if default is False else str(default)


def test_the_dlt_page_has_each_argument_of_the_source_and_its_default() -> None:
    parameters = inspect.signature(chakra_source).parameters
    key = "api_key"  # dlt has an object there, which says that it must be given
    defaults = {name: shown(each.default) for name, each in parameters.items() if name != key}
    listed = arguments_of_the_dlt_page()
    assert len(listed) == len(dict(listed)), "an argument that is listed twice"
    assert dict(listed) == {key: "", **defaults}


def test_the_dlt_source_has_each_setting_of_the_tap() -> None:
    shared = set(TapChakra.config_jsonschema["properties"]) - {
        name for name in declared() if name.startswith(("stream_map", "faker", "flatten", "batch"))
    }
    # dlt knows no end of a run to tell of, and listens to nobody.
    shared -= {"report_path", "webhook_secrets", *(each.name for each in MONITORING)}
    assert shared <= set(inspect.signature(chakra_source).parameters)


def test_the_dlt_page_names_each_table_of_the_source() -> None:
    table = read("docs/dlt.md").partition("| resource | key |")[2].partition("\n\n")[0]
    lists = {TEMPLATES, JOBS, JOB_ENTRIES, *FORMS, PHOTOS, scan_ids.IDS, scan_ids.SCANS}
    assert [name for name in sorted(lists) if f"`{name}`" not in table] == []
    keys = ", ".join(f"`{key}`" for key in PHOTO_KEYS)
    assert f"| `{PHOTOS}` | {keys} | merge |" in table


def test_the_changelog_begins_with_this_version() -> None:
    (first, *_) = re.findall(r"^## \[?([0-9.]+)", read("CHANGELOG.md"), re.MULTILINE)
    assert first == version("chakra-connectors")


def test_each_decision_names_its_proof() -> None:
    for path in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        proof = path.read_text().split("**Proof.**")[1]
        named = re.findall(r"`(tests/[\w/.]+)`", proof)
        assert named, path.name
        assert [name for name in named if not (ROOT / name).exists()] == [], path.name


def test_the_page_on_spark_names_every_option() -> None:
    names = {**read_options.OPTIONS, **write_options.OPTIONS}
    page = read("docs/spark.md")
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_page_on_spark_holds_the_table_that_the_model_makes() -> None:
    table = paper_table(0.2).partition("\n\n")[2]
    assert table in read("docs/spark.md")


def test_every_make_verb_in_the_documents_exists() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    pages = [path.relative_to(ROOT).as_posix() for path in documents.pages()]
    for name in (*pages, ".ci/run"):
        assert set(re.findall(r"`?make ([a-z-]+)`", read(name))) <= verbs, name


def test_no_two_documents_name_the_same_dlt_pipeline() -> None:
    """Else who goes from one to the other, with another account, meets the bookmark of the first.

    dlt keeps state by that name alone, whatever folder a program stands in.
    """
    examples = [path for path in (ROOT / "examples").rglob("*") if path.is_file()]
    found: dict[str, set[str]] = {}
    for path in (*documents.pages(), *examples):
        for name in re.findall(r"""dlt\.pipeline\(\s*(?:\\n",\s*)?\W*(\w+)""", path.read_text()):
            found.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    assert {"crm", "sandbox", "my_team", "chakra_pipeline"} <= found.keys()
    assert {name: pages for name, pages in found.items() if len(pages) > 1} == {}


def test_every_folder_of_tests_is_run() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    named = set(project["tool"]["pytest"]["testpaths"])
    folders = {f"tests/{path.parent.relative_to(ROOT / 'tests').parts[0]}"
               for path in (ROOT / "tests").glob("*/**/test_*.py")}  # fmt: skip
    assert folders - named == {
        *("tests/outside", "tests/browser", "tests/spark", "tests/dbt"),
        "tests/artefacts",
    }


def test_every_knob_says_what_it_does_in_words_and_which_values_it_takes() -> None:
    said = {each.name: re.sub(r"^Q\d+:?\s*", "", each.doc) for each in knob_docs()}
    assert [name for name, words in said.items() if len(words.split()) < 3] == []
    assert [name for name, words in said.items() if re.match(r"\d+\.\d+", words)] == []
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \|", read("docs/reference/sandbox-knobs.md"), re.MULTILINE
    )
    assert dict(rows).keys() == said.keys()
    assert [name for name, values in rows if not values] == []
    assert "`created_desc`" in dict(rows)["list_order"]
