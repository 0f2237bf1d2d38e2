"""Streams that the user wants nowhere: removed by a stream map, or skipped by the mapping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.world import World
    from tests.support.in_process import Told

LEADS: dict[str, Any] = {"stream": "leads", "procedure": "lead", "key": "lead_id"}
SKIP: dict[str, Any] = {"stream": "oth*", "skip": True}


def messages(folder: Path) -> list[dict[str, Any]]:
    """Two leads, and what nobody asked for in every form that a tap sends it in."""
    columns = {"lead_id": {"type": "string"}, "x": {"type": ["string", "null"]}}
    path = folder / "rows.jsonl"
    path.write_text('{"lead_id": "B-1"}\n')
    found: list[dict[str, Any]] = []
    for stream, count in (("leads", 2), ("other", 3)):
        schema = {"type": "SCHEMA", "stream": stream, "schema": {"properties": columns}}
        found.append({**schema, "key_properties": ["lead_id"]})
        rows = [{"lead_id": f"{stream}-{n}"} for n in range(count)]
        found += [{"type": "RECORD", "stream": stream, "record": row} for row in rows]
        found.append({**schema, "key_properties": ["lead_id"]})
    encoding = {"format": "jsonl", "compression": "none"}
    found.append(
        {"type": "BATCH", "stream": "other", "encoding": encoding, "manifest": [path.as_uri()]}
    )
    found.append({"type": "ACTIVATE_VERSION", "stream": "other", "version": 1})
    found.append({"type": "STATE", "value": {"at": 6}})
    return found


def run(world: World, folder: Path, streams: list[dict[str, Any]], **more: Any) -> Told:
    journal = f"sqlite:///{folder}/journal.db"
    config = {"api_key": KEY, "journal": journal, "streams": streams, **more}
    config["batch_root"] = str(folder)
    text = "".join(f"{json.dumps(line)}\n" for line in messages(folder))
    args = ["--config", written(folder, "c.json", config), "--input"]
    return run_target(world, [*args, written(folder, "rows.singer", text)])


def receipt(told: Told) -> dict[str, Any]:
    lines = [line for line in told.stderr.splitlines() if line.startswith('{"run"')]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


MAPS: list[Any] = [{"other": None}, {"other": "__NULL__"}, {"leads": {}, "__else__": None}]


@pytest.mark.parametrize("maps", MAPS)
def test_a_stream_that_stream_maps_remove_needs_no_mapping(tmp_path: Path, maps: Any) -> None:
    told = run(world_of(0), tmp_path, [LEADS], stream_maps=maps)
    assert told.code == 0, told.stderr
    assert receipt(told)["rows_in"] == receipt(told)["outcomes"]["created"] == 2
    assert told.lines == [{"at": 6}]


def test_a_skipped_stream_goes_nowhere_and_is_counted_apart(tmp_path: Path) -> None:
    told = run(world_of(0), tmp_path, [SKIP, LEADS])
    assert told.code == 0, told.stderr
    assert receipt(told)["rows_in"] == receipt(told)["outcomes"]["created"] == 2
    assert receipt(told)["skipped"] == {"other": 4}
    assert "skipped 4 of 'other'" in told.stderr
    assert told.stderr.count("Stream 'other' is skipped") == 1
    assert told.lines == [{"at": 6}]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no boolean": ({**SKIP, "skip": "maybe"}, "[0].skip, is 'maybe'. Write true or false."),
    "a number": ({**SKIP, "skip": 1}, "[0].skip, is 1. Write true or false."),
    "beside others": ({**SKIP, "mode": "insert", "key": "a"}, "key, mode beside it means nothing"),
}


@pytest.mark.parametrize(("mapping", "said"), BAD.values(), ids=BAD.keys())
def test_skip_is_strict(tmp_path: Path, mapping: dict[str, Any], said: str) -> None:
    told = run(world_of(0), tmp_path, [mapping, LEADS])
    assert told.code == ExitCode.SETTINGS
    assert said in told.stderr


def test_a_mapping_that_nothing_used_is_one_warning(tmp_path: Path) -> None:
    told = run(world_of(0), tmp_path, [SKIP, LEADS, {**LEADS, "stream": "laeds"}])
    assert told.code == 0, told.stderr
    (warning,) = [line for line in told.stderr.splitlines() if "WARNING" in line]
    assert "the mapping of 'laeds': no such stream came; 'leads' did" in warning
