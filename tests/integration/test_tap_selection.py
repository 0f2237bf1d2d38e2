"""What a catalog selects, renames and calls a key: heeded, or told before anything goes out."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, run_tap, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.world import World
    from tests.support.in_process import Told

CONFIG = {"api_key": KEY, "api_url": "https://x.test"}
LEAD = "process_lead"
EMAIL = ["properties", "data", "properties", "email"]
ROWS = 30


@pytest.fixture(scope="module")
def world() -> World:
    """An account that nobody changes."""
    return world_of(ROWS)


@pytest.fixture(scope="module")
def discovered(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The catalog, with the leads alone selected."""
    folder = tmp_path_factory.mktemp("catalog")
    found = run_tap(world, ["--config", written(folder, "config.json", CONFIG), "--discover"])
    catalog: dict[str, Any] = json.loads(found.stdout)
    for stream in catalog["streams"]:
        root = next(each["metadata"] for each in stream["metadata"] if not each["breadcrumb"])
        root["selected"] = stream["tap_stream_id"] == LEAD
    return catalog


def changed(
    discovered: dict[str, Any], *metadata: tuple[list[str], dict[str, Any]], **beside: Any
) -> dict[str, Any]:
    """The catalog with more words in the metadata of the leads, and beside them."""
    catalog = deepcopy(discovered)
    lead = lead_of(catalog)
    lead.update(beside)
    for path, words in metadata:
        entries = [each for each in lead["metadata"] if each["breadcrumb"] == path]
        if entries:
            entries[0]["metadata"].update(words)
        else:
            lead["metadata"].append({"breadcrumb": path, "metadata": words})
    return catalog


def lead_of(catalog: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in catalog["streams"] if each["tap_stream_id"] == LEAD)


def run(world: World, folder: Path, catalog: Any, **more: Any) -> Told:
    settings = written(folder, "config.json", {**CONFIG, **more})
    return run_tap(
        world, ["--config", settings, "--catalog", written(folder, "catalog.json", catalog)]
    )


def emails(told: Told) -> int:
    """Records that hold an e-mail, whatever else is said of them."""
    return sum(
        "email" in (line["record"].get("data") or {})
        for line in told.lines
        if line["type"] == "RECORD"
    )


def refused(told: Told, *words: str) -> None:
    assert told.code == ExitCode.SETTINGS, told.stderr
    assert not told.stdout
    assert "Traceback" not in told.stderr
    for word in words:
        assert word in told.stderr, told.stderr


def warnings(told: Told) -> list[str]:
    assert told.code == 0, told.stderr
    return [line for line in told.stderr.splitlines() if "The catalog" in line]


MEANT: dict[str, tuple[list[str], dict[str, Any], tuple[str, ...]]] = {
    "a text": (EMAIL, {"selected": "false"}, ('selected: "false"', LEAD, "data.email", "quotes")),
    "a number": (EMAIL, {"selected": 0}, ("selected: 0", "data.email")),
    "a stream by a text": ([], {"selected": "false"}, ('selected: "false"', f"'{LEAD}'")),
    "a default": ([], {"selected-by-default": "no"}, ('selected-by-default: "no"', LEAD)),
    "an inclusion": (EMAIL, {"inclusion": "unsuported"}, ("Did you mean 'unsupported'?",)),
    "another word": (EMAIL, {"select": False}, ("'select'", "data.email", "selected: false")),
    "a capital": ([], {"Selected": False}, ("'Selected'", LEAD)),
    "a misspelt path": (
        [*EMAIL[:3], "emial"],
        {"selected": False},
        ("data.emial", LEAD, "Did you mean 'data.email'?"),
    ),
    "a path in short": (["data", "email"], {"selected": False}, ("Did you mean 'data.email'?",)),
    "a default of nothing": (
        ["properties", "datum"],
        {"selected-by-default": False},
        ("'datum'", "Did you mean 'data'?"),
    ),
}


@pytest.mark.parametrize("case", MEANT)
def test_a_selection_that_means_nothing_is_refused(
    world: World, tmp_path: Path, discovered: dict[str, Any], case: str
) -> None:
    path, words, said = MEANT[case]
    refused(run(world, tmp_path, changed(discovered, (path, words))), *said)


def test_a_selection_at_another_place_is_refused(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    refused(run(world, tmp_path, changed(discovered, selected=False)), LEAD, "metadata")
    catalog = deepcopy(discovered)
    properties = lead_of(catalog)["schema"]["properties"]
    properties["data"]["properties"]["email"]["selected"] = False
    refused(run(world, tmp_path, catalog), "data.email", "metadata")
    catalog = deepcopy(discovered)
    catalog["streams"].append(deepcopy(lead_of(discovered)))
    refused(run(world, tmp_path, catalog), LEAD, "twice")


@pytest.mark.parametrize("place", ["first", "last"])
def test_what_is_left_out_stays_out_wherever_it_is_said(
    world: World, tmp_path: Path, discovered: dict[str, Any], place: str
) -> None:
    catalog = changed(discovered, (EMAIL, {"inclusion": "automatic"}))
    metadata = lead_of(catalog)["metadata"]
    at = 0 if place == "first" else len(metadata)
    metadata.insert(at, {"breadcrumb": EMAIL, "metadata": {"selected": False}})
    metadata.insert(at, {"breadcrumb": ["properties", "id"], "metadata": {"selected": False}})
    told = run(world, tmp_path, catalog)
    assert not warnings(told)
    assert emails(told) == 0
    records = [line["record"] for line in told.lines if line["type"] == "RECORD"]
    assert len({record["id"] for record in records}) == ROWS, "keys always come"
    assert emails(run(world, tmp_path, discovered)) > 0


def test_an_attribute_that_is_gone_since_discovery_is_one_warning(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    gone = [[*EMAIL[:3], name] for name in ("fax", "telex", "never_asked")]
    words = [{"selected": False}, {"selected": True}, {"inclusion": "available"}]
    catalog = changed(discovered, *zip(gone, words, strict=True))
    for path in gone:
        lead_of(catalog)["schema"]["properties"]["data"]["properties"][path[-1]] = {}
    told = run(world, tmp_path, catalog)
    (said,) = warnings(told)
    assert "data.fax, data.telex." in said
    assert LEAD in said


def test_what_is_selected_in_vain_is_one_warning(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    catalog = changed(discovered, ([*EMAIL[:3], "emial"], {"selected": True}))
    (said,) = warnings(run(world, tmp_path, catalog))
    assert "data.emial" in said
    assert "Did you mean 'data.email'?" in said
    # As Meltano writes it for `select: [process_lead.data]`.
    catalog = deepcopy(discovered)
    for stream in catalog["streams"]:
        stream["selected"] = stream["tap_stream_id"] == LEAD
    for each in lead_of(catalog)["metadata"]:
        each["metadata"]["selected"] = each["breadcrumb"] in ([], ["properties", "data"])
    told = run(world, tmp_path, catalog)
    (said,) = warnings(told)
    assert f"{LEAD}.data.*" in said
    assert emails(told) == 0


def test_a_selected_stream_that_the_setting_procedures_leaves_out_is_told_so(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    told = run(world, tmp_path, discovered, procedures=["order"])
    refused(told, f"selects the stream '{LEAD}', which the setting procedures leaves out")
    assert "Add 'lead' to procedures" in told.stderr
    assert "Did you mean" not in told.stderr
    gone = deepcopy(discovered)
    lead_of(gone)["tap_stream_id"] = "process_laed"
    refused(run(world, tmp_path, gone), "does not have", f"Did you mean '{LEAD}'?")


@pytest.mark.parametrize("maps", [{}, {LEAD: {"name": "data.get('email')"}}])
def test_a_stream_goes_out_under_the_name_that_the_catalog_gives(
    world: World, tmp_path: Path, discovered: dict[str, Any], maps: dict[str, Any]
) -> None:
    full = ([], {"replication-method": "FULL_TABLE"})
    told = run(world, tmp_path, changed(discovered, full, stream="our_leads"), stream_maps=maps)
    assert not warnings(told)
    states = [line for line in told.lines if line["type"] == "STATE"]
    others = [line for line in told.lines if line["type"] != "STATE"]
    assert {line["stream"] for line in others} == {"our_leads"}
    assert {line["type"] for line in others} == {"SCHEMA", "RECORD", "ACTIVATE_VERSION"}
    assert set(states[-1]["value"]["bookmarks"]) == {LEAD}, "STATE knows it by its id"


def test_names_of_a_stream_that_clash_or_that_a_map_gives(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    catalog = changed(discovered, stream="users")
    for stream in catalog["streams"]:
        if stream["tap_stream_id"] == "users":
            stream["metadata"].append({"breadcrumb": [], "metadata": {"selected": True}})
    refused(run(world, tmp_path, catalog), LEAD, "'users'")
    told = run(
        world,
        tmp_path,
        changed(discovered, stream="our_leads"),
        stream_maps={LEAD: {"__alias__": "mapped"}},
    )
    assert {x["stream"] for x in told.lines if x["type"] == "RECORD"} == {"mapped"}


@pytest.mark.parametrize("place", ["beside", "in metadata", "a text"])
def test_a_key_that_the_stream_does_not_have_is_one_warning(
    world: World, tmp_path: Path, discovered: dict[str, Any], place: str
) -> None:
    wish: Any = {"table-key-properties": "leadId" if place == "a text" else ["leadId"]}
    catalog = changed(
        discovered,
        ([], {} if place == "beside" else wish),
        key_properties=["leadId"] if place == "beside" else None,
    )
    told = run(world, tmp_path, catalog)
    (said,) = warnings(told)
    assert "leadId" in said
    assert LEAD in said
    assert "__key_properties__" in said
    (schema,) = [line for line in told.lines if line["type"] == "SCHEMA"]
    assert schema["key_properties"] == ["id"]


@pytest.mark.parametrize("word", ["FULL_TABLE", "full-table"])
def test_a_forced_method_counts_more_than_what_discovery_wrote(
    world: World, tmp_path: Path, discovered: dict[str, Any], word: str
) -> None:
    catalog = changed(discovered, ([], {"forced-replication-method": word}))
    assert lead_of(catalog)["replication_method"] == "INCREMENTAL"
    told = run(world, tmp_path, catalog)
    assert [x["stream"] for x in told.lines if x["type"] == "ACTIVATE_VERSION"] == [LEAD]


def test_a_stream_without_metadata_that_does_not_exist_is_refused(
    world: World, tmp_path: Path
) -> None:
    told = run(world, tmp_path, {"streams": [{"tap_stream_id": "process_leed"}]})
    refused(told, "Did you mean 'process_lead'?")


def test_a_state_is_taken_in_each_form_in_which_it_is_kept(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    first = run(world, tmp_path, discovered)
    states = [line for line in first.stdout.splitlines() if '"STATE"' in line]
    value = json.loads(states[-1])["value"]
    forms = {
        "the message": states[-1],
        "all messages": "\n".join(states) + "\n",
        "values, as a loader prints them": f'{{"bookmarks":{{}}}}\n{json.dumps(value)}\n\n',
        "pretty": json.dumps(value, indent=2),
        "Meltano's": json.dumps({"singer_state": value}),
    }
    args = ["--config", written(tmp_path, "config.json", CONFIG)]
    args += ["--catalog", written(tmp_path, "catalog.json", discovered)]
    for form, text in forms.items():
        told = run_tap(world, [*args, "--state", written(tmp_path, "state.json", text)])
        assert told.code == 0, (form, told.stderr)
        begun = next(line["value"] for line in told.lines if line["type"] == "STATE")
        assert begun == value, form
    for text, words in {
        '{"bookmarks":{}}\n{"bookma': "The last line of the state file",
        '{"type":"STATE"}': "not a Singer state",
        '{"type":"RECORD","stream":"x","record":{}}': "not a Singer state",
        '{"singer_state":7}': "not a Singer state",
    }.items():
        told = run_tap(world, [*args, "--state", written(tmp_path, "state.json", text)])
        refused(told, words)


@pytest.mark.parametrize("word", ["disabled", "foo"])
def test_the_check_takes_no_word_that_reads(world: World, tmp_path: Path, word: str) -> None:
    settings = written(tmp_path, "config.json", CONFIG)
    told = run_tap(world, ["--config", settings, f"--test={word}"])
    assert told.code == ExitCode.USAGE
    assert "'all', 'schema'." in told.stderr
    assert not told.stdout
