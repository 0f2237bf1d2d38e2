"""The stream of message templates, from the real tap and the dlt source, behind a real sandbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from chakra_sandbox.whatsapp.made_templates import WABA_ID, made_templates
from tap_chakra.dlt_source import chakra_source
from tests.support import tap_process as tap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

STREAM = "whatsapp_templates"


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "20"]) as server:
        yield server


@pytest.fixture
def config(server: Sandbox) -> dict[str, Any]:
    return {"api_key": server.api_key, "api_url": server.url, "whatsapp": {"waba_id": WABA_ID}}


def read(folder: Path, config: dict[str, Any], *more: str) -> tap.Output:
    catalog = tap.catalog_of(folder, config, STREAM, *more)
    return tap.run(folder, config, catalog=catalog)


@pytest.mark.parametrize("paging", ["next_url", "cursors"])
@pytest.mark.parametrize("size", [1, 3, 9, 100])
def test_each_template_and_language_is_a_row_however_they_are_paged(
    server: Sandbox, config: dict[str, Any], tmp_path: Path, size: int, paging: str
) -> None:
    answers = "wrapped" if size == 3 else "meta"
    server.knobs(template_answers=answers, template_page_size=size, template_paging=paging)
    found = read(tmp_path, config)
    assert found.code == 0, found.stderr
    rows = found.records[STREAM]
    made = made_templates()
    assert {row["id"]: (row["name"], row["language"], row["status"]) for row in rows} == {
        each["id"]: (each["name"], each["language"], each["status"]) for each in made
    }
    assert len(rows) == len(made)
    for row, each in zip(rows, made, strict=True):
        assert json.loads(row["components"]) == each["components"]
        assert row["_extra_data"] is None
    (version,) = found.of_type("ACTIVATE_VERSION", STREAM)
    assert version["version"] == found.of_type("RECORD", STREAM)[0]["version"]


def test_a_list_whose_end_is_not_known_deletes_nothing(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    faults = [{"kind": "errors_in_200", "match": "GET .*message_templates", "at": [*range(2, 20)]}]
    server.knobs(template_paging="cursors", template_page_size=3, faults=faults)
    found = read(tmp_path, config)
    assert found.code == ExitCode.INCOMPLETE
    assert len(found.records[STREAM]) == 3
    assert not found.of_type("ACTIVATE_VERSION", STREAM)
    assert "what is behind the cursor of the list was refused" in found.stderr


def test_without_the_setting_there_is_no_such_stream(
    config: dict[str, Any], tmp_path: Path
) -> None:
    del config["whatsapp"]
    catalog = tap.catalog_of(tmp_path, config)
    assert STREAM not in {each["tap_stream_id"] for each in catalog["streams"]}


def test_a_refusal_of_metas_fails_this_stream_alone(config: dict[str, Any], tmp_path: Path) -> None:
    config["whatsapp"] = {"waba_id": "42"}
    found = read(tmp_path, config, "process_lead", "users")
    assert found.code == ExitCode.SETTINGS
    assert len(found.records["process_lead"]) > 0
    assert len(found.records["users"]) > 0
    assert not found.records[STREAM]
    assert not found.of_type("ACTIVATE_VERSION", STREAM)
    assert f"{STREAM} failed: WhatsApp" in found.stderr
    assert f"1 of 3 streams failed: {STREAM}" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"api_version": "v20.0"}, "whatsapp does not name waba_id"),
        ({"waba_id": "1", "sender": "2"}, "whatsapp has no sender"),
        ({"waba_id": "1/../2"}, "In the setting whatsapp waba_id is"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    config: dict[str, Any], tmp_path: Path, setting: dict[str, str], said: str
) -> None:
    found = tap.run(tmp_path, {**config, "whatsapp": setting})
    assert (found.code, found.lines) == (ExitCode.SETTINGS, [])
    assert said in found.stderr


def test_a_mask_counts_in_what_templates_say(config: dict[str, Any], tmp_path: Path) -> None:
    config |= {
        "mask": {f"{STREAM}.text": "drop", f"{STREAM}.name": "hash"},
        "mask_salt": "0123456789abcdef",
    }
    found = tap.run(tmp_path, config)
    assert found.code == ExitCode.SETTINGS  # text is no column: it stands within components
    assert f"'{STREAM}.text'" in found.stderr
    config["mask"] = {f"{STREAM}.components": "drop", f"{STREAM}.name": "hash"}
    rows = read(tmp_path, config).records[STREAM]
    assert len(rows) == len(made_templates())
    assert all("components" not in row and len(row["name"]) == 64 for row in rows)


def test_dlt_replaces_their_table(server: Sandbox, tmp_path: Path) -> None:
    server.knobs(template_page_size=2)
    pipeline = dlt.pipeline(
        "templates", pipelines_dir=str(tmp_path), destination="duckdb", dataset_name="crm"
    )
    source = chakra_source(server.api_key, api_url=server.url, whatsapp={"waba_id": WABA_ID})
    for _ in range(2):
        pipeline.run(source.with_resources(STREAM)).raise_on_failed_jobs()
    with pipeline.sql_client() as client:
        rows = client.execute_sql(f"SELECT id, components FROM {STREAM} ORDER BY id")
    assert [(row[0], json.loads(row[1])) for row in rows or ()] == [
        (each["id"], each["components"]) for each in made_templates()
    ]
