"""With `column_names: snake_case` a Singer loader and dlt fill tables of one layout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from chakra_api.exit_codes import ExitCode
from tap_chakra.dlt_source import chakra_source
from tests.support.described import served
from tests.support.dlt_runs import ask, pipeline
from tests.support.tap_process import catalog_of, run
from tests.support.target_process import settings, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

ATTRIBUTES = {
    "leadScore": "string",
    "lead_score": "string",
    "homeCity": "string",
    "phone": "string",
}
DATA = {"leadScore": "7", "lead_score": "seven", "homeCity": "Goa", "phone": "+919876543210"}
LEAD = {"shortId": "lead", "attributes": ATTRIBUTES, "rows": [{"data": DATA}] * 3}
SNAKE = {"column_names": "snake_case"}
STREAM = "process_lead"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with served(tmp_path_factory.mktemp("account"), [LEAD]) as sandbox:
        yield sandbox


@pytest.fixture
def config(account: Sandbox) -> dict[str, Any]:
    return {"api_key": account.api_key, "api_url": account.url}


def schema_of(output: Any, stream: str = STREAM) -> dict[str, Any]:
    (said,) = output.of_type("SCHEMA", stream)
    return dict(said)


def test_the_tap_and_dlt_have_the_same_columns_with_the_same_values(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    flat = {"flattening_enabled": True, "flattening_max_depth": 1}
    tap = run(tmp_path, config | SNAKE | flat)
    assert tap.code == 0, tap.stderr
    target = pipeline(tmp_path)
    target.run(chakra_source(**config, nested="columns"))
    tables = set(target.default_schema.data_table_names())
    assert {STREAM, "users", "procedures", "states"} <= tables
    for stream in tables:
        theirs = {
            name for name in target.default_schema.get_table_columns(stream) if name[:4] != "_dlt"
        }
        assert {*schema_of(tap, stream)["schema"]["properties"]} == theirs, stream
    columns = sorted(name for name in tap.records[STREAM][0] if name.startswith("data__"))
    held = ask(target, f"select id, {', '.join(columns)} from {STREAM} order by id")
    ours = [(row["id"], *(row[name] for name in columns)) for row in tap.records[STREAM]]
    assert sorted(ours) == held
    assert "data__lead_score" in columns
    assert {"7", "seven"} < {*held[0]}


def test_dlt_names_members_of_objects_so_too(tmp_path: Path, config: dict[str, Any]) -> None:
    tap = run(tmp_path, config | SNAKE)
    ours = sorted(json.dumps(row["data"], sort_keys=True) for row in tap.records[STREAM])
    for nested in ("structs", "json"):
        target = pipeline(tmp_path / nested, name=f"names_{nested}")
        made = chakra_source(**config, **SNAKE, nested=nested)
        target.run(made.with_resources(STREAM))
        held = [row[0] for row in ask(target, f"select data from {STREAM}")]
        told = [json.loads(each) if isinstance(each, str) else each for each in held]
        assert sorted(json.dumps(each, sort_keys=True) for each in told) == ours


def test_a_destination_that_keeps_names_gets_them_in_snake_case_from_us(
    tmp_path: Path, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEMA__NAMING", "direct")
    target = pipeline(tmp_path, name="names_direct")
    for _ in range(2):
        made = chakra_source(**config, **SNAKE, nested="columns")
        target.run(made.with_resources(STREAM, "users"))
    columns = set(target.default_schema.get_table_columns(STREAM))
    assert {"assigned_to_username", "updated_at", "data__home_city"} < columns
    assert "display_name" in target.default_schema.get_table_columns("users")
    assert not [name for name in columns if name != name.lower()]
    assert ask(target, f'select count(*) from "{STREAM}"') == [(3,)]


def test_two_attributes_that_are_one_name_are_told_apart_in_every_run(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    first, second = (run(tmp_path, config | SNAKE) for _ in range(2))
    assert first.records[STREAM] == second.records[STREAM]
    data = first.records[STREAM][0]["data"]
    (other,) = data.keys() - {"lead_score", "home_city", "phone"}
    assert data == {"lead_score": "seven", other: "7", "home_city": "Goa", "phone": DATA["phone"]}
    assert f"'leadScore' is called {other}, in every run" in first.stderr


@pytest.mark.parametrize("depth", [0, 1])
def test_what_the_tap_calls_with_a_suffix_goes_back_to_its_attribute(
    tmp_path: Path, config: dict[str, Any], account: Sandbox, depth: int
) -> None:
    flat = {"flattening_enabled": bool(depth), "flattening_max_depth": depth}
    lines = run(tmp_path, config | SNAKE | flat).lines
    rows = [each for each in lines if each.get("stream") == STREAM]
    told = write(tmp_path, settings(account, dry_run=True), rows)
    assert told.code == 0, told.stderr
    assert told.outcomes == {"unchanged": 3}


def test_keys_and_bookmarks_are_those_of_the_columns_and_the_state_stays(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    own = run(tmp_path, config)
    snake = run(tmp_path, config | SNAKE, state=own.states[-1])
    said = schema_of(snake)
    assert said["key_properties"] == ["id"]
    assert said["bookmark_properties"] == ["updated_at"]
    assert schema_of(own)["bookmark_properties"] == ["updatedAt"]
    assert snake.code == 0, snake.stderr
    assert snake.states[-1]["bookmarks"].keys() == own.states[-1]["bookmarks"].keys()
    assert snake.states[-1]["bookmarks"][STREAM]["replication_key"] == "updatedAt"
    back = run(tmp_path, config, state=snake.states[-1])
    assert back.code == 0, back.stderr


@pytest.mark.parametrize(("written", "read"), [({}, SNAKE), (SNAKE, {}), (SNAKE, SNAKE)])
def test_what_a_catalog_leaves_out_stays_out_in_either_spelling(
    tmp_path: Path, config: dict[str, Any], written: dict[str, Any], read: dict[str, Any]
) -> None:
    catalog = catalog_of(tmp_path, config | written, STREAM)
    (stream,) = [each for each in catalog["streams"] if each["tap_stream_id"] == STREAM]
    gone = {"assignedTo", "assigned_to", "homeCity", "home_city"}
    marked = [
        each
        for each in stream["metadata"]
        if each["breadcrumb"][-1:] and each["breadcrumb"][-1] in gone
    ]
    assert len(marked) == 2
    for each in marked:
        each["metadata"]["selected"] = False
    output = run(tmp_path, config | read, catalog=catalog)
    assert output.code == 0, output.stderr
    assert len(output.records[STREAM]) == 3
    (schema,) = output.of_type("SCHEMA", STREAM)
    inner = schema["schema"]["properties"]["data"]["properties"]
    assert gone.isdisjoint({*schema["schema"]["properties"], *inner})
    assert "Goa" not in json.dumps(output.records[STREAM])
    assert "replication key" not in output.stderr


def test_a_mask_names_chakras_own_names_and_is_never_lost(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    mask = {"process_lead.homeCity": "keep-first", "process_lead.phone": "drop"}
    output = run(tmp_path, config | SNAKE | {"mask": mask})
    assert output.code == 0, output.stderr
    for row in output.records[STREAM]:
        assert row["data"]["home_city"].startswith("G")
        assert "phone" not in row["data"]
    assert "Goa" not in json.dumps(output.records)
    wrong = run(tmp_path, config | SNAKE | {"mask": {"process_lead.home_city": "drop"}})
    assert wrong.code == ExitCode.SETTINGS
    assert "homeCity" in wrong.stderr


def test_a_second_process_and_files_of_json_have_these_names_too(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    here = run(tmp_path, config | SNAKE | {"second_process_from": 0})
    there = run(tmp_path, config | SNAKE | {"second_process_from": 1})
    assert "home_city" in here.records[STREAM][0]["data"]
    assert there.records[STREAM] == here.records[STREAM]
    files = {
        "encoding": {"format": "jsonl"},
        "storage": {"root": (tmp_path / "lines").as_uri()},
    }
    assert run(tmp_path, config | SNAKE | {"batch_config": files}).code == 0
    (path,) = (tmp_path / "lines").glob(f"*{STREAM}*")
    assert list(map(json.loads, path.read_text().splitlines())) == here.records[STREAM]


def test_files_and_maps_have_these_names_too(tmp_path: Path, config: dict[str, Any]) -> None:
    files = {
        "encoding": {"format": "parquet"},
        "storage": {"root": (tmp_path / "files").as_uri()},
    }
    output = run(tmp_path, config | SNAKE | {"batch_config": files})
    assert output.code == 0, output.stderr
    (path,) = (tmp_path / "files").glob(f"*{STREAM}*")
    table = pq.read_table(path)
    assert {"assigned_to_username", "data"} < {*table.column_names}
    assert {"home_city", "lead_score"} < {field.name for field in table.schema.field("data").type}
    maps = {
        STREAM: {
            "id": "id",
            "place": "data['home_city']",
            "updated_at": "updated_at",
            "__else__": None,
        }
    }
    mapped = run(tmp_path, config | SNAKE | {"stream_maps": maps})
    assert [row["place"] for row in mapped.records[STREAM]] == ["Goa"] * 3


def test_a_spelling_that_does_not_exist_is_refused(tmp_path: Path, config: dict[str, Any]) -> None:
    output = run(tmp_path, config | {"column_names": "snakecase"})
    assert output.code == ExitCode.SETTINGS
    assert "column_names" in output.stderr
    assert "snake_case" in output.stderr
