"""What a catalog wishes is heeded, refused, or warned of: nothing is ignored in silence."""

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


@pytest.fixture(scope="module")
def world() -> World:
    """An account that nobody changes."""
    return world_of(120)


@pytest.fixture(scope="module")
def discovered(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("catalog")
    found = run_tap(world, ["--config", written(folder, "config.json", CONFIG), "--discover"])
    catalog: dict[str, Any] = json.loads(found.stdout)
    return catalog


def wishing(
    discovered: dict[str, Any], wishes: dict[str, dict[str, Any]], **beside: Any
) -> dict[str, Any]:
    """The catalog with these streams selected, and more metadata (or keys beside them)."""
    catalog = deepcopy(discovered)
    for stream in catalog["streams"]:
        wish = wishes.get(stream["tap_stream_id"])
        stream.update({} if wish is None else beside)
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"].update({"selected": wish is not None, **(wish or {})})
    return catalog


def run(world: World, folder: Path, catalog: Any) -> Told:
    settings = written(folder, "config.json", CONFIG)
    return run_tap(
        world, ["--config", settings, "--catalog", written(folder, "catalog.json", catalog)]
    )


def activated(told: Told) -> list[str]:
    return [line["stream"] for line in told.lines if line["type"] == "ACTIVATE_VERSION"]


@pytest.mark.parametrize("name", ["replication-method", "forced-replication-method"])
@pytest.mark.parametrize("word", ["FULL_TABLE", "full_table", "full-table"])
def test_a_method_in_metadata_is_heeded_in_any_case(
    world: World, tmp_path: Path, discovered: dict[str, Any], name: str, word: str
) -> None:
    catalog = wishing(discovered, {"process_lead": {name: word}}, replication_method=None)
    told = run(world, tmp_path, catalog)
    assert told.code == 0, told.stderr
    assert activated(told) == ["process_lead"]


def test_metadata_count_more_than_what_discovery_wrote_beside_them(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    full = run(
        world, tmp_path, wishing(discovered, {"process_lead": {"replication-method": "FULL_TABLE"}})
    )
    assert activated(full) == ["process_lead"]
    usual = run(world, tmp_path, wishing(discovered, {"process_lead": {}}))
    assert not activated(usual)
    (state, *_) = [x["value"] for x in reversed(usual.lines) if x["type"] == "STATE"]
    assert "replication_key_value" in state["bookmarks"]["process_lead"]
    bare = {"tap_stream_id": "process_lead", "schema": {}, "key_properties": ["id"]}
    assert not activated(run(world, tmp_path, {"streams": [bare]})), "nobody asked for deletes"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ("LOG_BASED", ("LOG_BASED", "INCREMENTAL", "FULL_TABLE")),
        ("log-based", ("LOG_BASED", "process_lead")),
        ("FULL_TABEL", ("FULL_TABEL", "Did you mean 'FULL_TABLE'?")),
        ("incremantal", ("incremantal", "Did you mean 'INCREMENTAL'?")),
        ("7", ("'7'", "FULL_TABLE")),
    ],
)
def test_a_method_that_does_not_exist_is_refused(
    world: World, tmp_path: Path, discovered: dict[str, Any], wish: str, words: tuple[str, ...]
) -> None:
    told = run(world, tmp_path, wishing(discovered, {"process_lead": {"replication-method": wish}}))
    assert told.code == ExitCode.SETTINGS
    assert all(word in told.stderr for word in words), told.stderr
    assert "Traceback" not in told.stderr
    assert not told.stdout


def test_what_a_stream_cannot_do_is_one_warning(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    everywhere = {"replication-method": "INCREMENTAL", "replication-key": "createdAt"}
    wishes = dict.fromkeys(("process_lead", "users", "team"), everywhere)
    told = run(world, tmp_path, wishing(discovered, wishes))
    assert told.code == 0
    warnings = [line for line in told.stderr.splitlines() if "The catalog wants" in line]
    assert len(warnings) == 2
    assert "INCREMENTAL for team, users" in warnings[0]
    assert "'createdAt' for process_lead, team, users" in warnings[1]
    assert "updatedAt" in warnings[1]
    schemas = {line["stream"]: line for line in told.lines if line["type"] == "SCHEMA"}
    assert schemas["process_lead"]["bookmark_properties"] == ["updatedAt"]


@pytest.mark.parametrize("streams", ["none", "unselected"])
def test_nothing_selected_is_refused(
    world: World, tmp_path: Path, discovered: dict[str, Any], streams: str
) -> None:
    catalog = {"streams": []} if streams == "none" else wishing(discovered, {})
    told = run(world, tmp_path, catalog)
    assert told.code == ExitCode.SETTINGS
    assert "Nothing is selected" in told.stderr
    assert "process_lead" in told.stderr


@pytest.mark.parametrize(
    "catalog", [{}, {"streams": 5}, {"streams": [7]}, {"streams": [{"stream": "x"}]}]
)
def test_what_is_no_catalog_is_refused(world: World, tmp_path: Path, catalog: Any) -> None:
    told = run(world, tmp_path, catalog)
    assert told.code == ExitCode.SETTINGS
    assert "not a Singer catalog" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_stream_that_does_not_exist_is_named_with_the_nearest(
    world: World, tmp_path: Path, discovered: dict[str, Any]
) -> None:
    text = json.dumps(wishing(discovered, {"process_lead": {}})).replace(
        '"process_lead"', '"process_leed"'
    )
    told = run(world, tmp_path, json.loads(text))
    assert told.code == ExitCode.SETTINGS
    assert "Did you mean 'process_lead'?" in told.stderr
