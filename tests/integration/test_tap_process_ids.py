"""Processes that are named are read alone, by the real tap and the dlt source; STATE stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from tap_chakra.dlt_source import chakra_source
from tests.support import tap_process as tap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

LEADS, TICKETS = "process_lead", "process_ticket"
NOBODY = "00000000-0000-4000-8000-00000000000a"


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "1200"]) as server:
        yield server


@pytest.fixture
def config(server: Sandbox) -> dict[str, Any]:
    return {"api_key": server.api_key, "api_url": server.url}


def alive(server: Sandbox, procedure: str = "lead") -> list[str]:
    return [row.id for row in server.oracle(procedure) if row.died_ms is None]


def told(folder: Path, config: dict[str, Any], lines: list[str], **files: Any) -> tap.Output:
    (folder / "ids.txt").write_text("\n".join(lines))
    return tap.run(folder, config, "--only-ids", str(folder / "ids.txt"), **files)


def test_named_processes_go_out_as_a_scan_emits_them(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    catalog = tap.catalog_of(tmp_path, config, LEADS)
    whole = {row["id"]: row for row in tap.run(tmp_path, config, catalog=catalog).records[LEADS]}
    ids = alive(server)[:40]
    again = [each.upper() for each in ids[:5]]
    found = told(tmp_path, config, [f"lead\t{each}" for each in (*ids, *again)], catalog=catalog)
    assert found.code == 0, found.stderr
    assert sorted(found.ids(LEADS)) == sorted(ids)
    assert all(row == whole[row["id"]] for row in found.records[LEADS])
    assert found.states == []
    assert not found.of_type("ACTIVATE_VERSION", LEADS)


def test_a_thousand_are_read_a_hundred_at_a_time_and_the_state_stays(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    catalog = tap.catalog_of(tmp_path, config, LEADS, TICKETS, "users")
    state = tap.run(tmp_path, config, catalog=catalog).states[-1]
    server.mutate("lead", update=30)
    ids = alive(server)[:1000]
    server.forget_requests()
    found = told(
        tmp_path,
        config | {"start_date": "2026-11-01T00:00:00Z"},
        [json.dumps({"procedure": "lead", "id": each}) for each in ids],
        catalog=catalog,
        state=state,
    )
    assert found.code == 0, found.stderr
    assert sorted(found.ids(LEADS)) == sorted(ids)
    state["bookmarks"].pop("users")  # it is empty, which says nothing
    assert found.states == [state]
    assert not found.records[TICKETS]
    assert not found.records["users"]
    lists = [each for each in server.requests() if each["path"].endswith("/lead/process/list")]
    assert len(lists) == 11
    # What changed before is still to come.
    later = tap.run(tmp_path, config, catalog=catalog, state=found.states[-1])
    assert len(set(later.ids(LEADS))) >= 30


@pytest.mark.parametrize("method", ["INCREMENTAL", "FULL_TABLE"])
def test_the_state_of_a_scan_that_was_cut_off_stays_to_the_letter(
    server: Sandbox, config: dict[str, Any], tmp_path: Path, method: str
) -> None:
    catalog = tap.catalog_of(tmp_path, config, LEADS, method=method)
    state = {
        "bookmarks": {
            LEADS: {
                "scan": {
                    "began": "2026-01-05T11:15:00.000Z",
                    "rows": 1,
                    "lead": 0,
                    "emits_since": None,
                    "created_after": None,
                    "versioned": False,
                    "done": [[None, 1764547200123, 1]],
                    "walked": [],
                }
            },
            "of_somebody_else": {"x": 1},
        }
    }
    lines = [f"lead\t{alive(server)[0]}", f"lead\t{NOBODY}"]
    found = told(tmp_path, config, lines, catalog=catalog, state=state)
    assert found.code == ExitCode.INCOMPLETE
    assert found.states == [state]
    (record,) = found.of_type("RECORD", LEADS)
    assert "version" not in record


@pytest.mark.parametrize(
    "knobs",
    [
        {"array_filter": "ignored"},
        {"array_filter": "cut_short"},
        {"array_filter": "find_nothing"},
        {"id_filter": "ignored"},
        {"id_filter": "no_rows"},
        {"id_filter": "error"},
        {"has_more": "absent"},
        {"has_more": "always_true_until_empty"},
        {"timestamp_format": "s"},
        {"list_order": "shuffled_per_request"},
    ],
)
def test_no_mood_of_the_server_costs_a_row(
    server: Sandbox, config: dict[str, Any], tmp_path: Path, knobs: dict[str, Any]
) -> None:
    server.knobs(**knobs)
    ids = alive(server)[-150:]
    lines = [*ids, NOBODY]
    found = told(tmp_path, config | {"procedures": ["lead"]}, lines)
    assert found.code == ExitCode.INCOMPLETE
    assert sorted(found.ids(LEADS)) == sorted(ids)
    assert f"1 of 151 named processes: {NOBODY} (not there)" in found.stderr
    assert "leave them out, or look for them in ChakraHQ" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("mode", ["soft_hidden", "soft_listed", "hard"])
def test_what_is_deleted_goes_out_as_deleted_or_is_told(
    server: Sandbox, config: dict[str, Any], tmp_path: Path, mode: str
) -> None:
    server.knobs(delete_mode=mode)
    gone = server.mutate("lead", delete=3)["deleted"]
    there = alive(server)[:2]
    found = told(tmp_path, config, [f"lead\t{each}" for each in (*gone, *there)])
    rows = {row["id"]: row["isDeleted"] for row in found.records[LEADS]}
    expected = dict.fromkeys(there, False)
    if mode == "hard":
        assert found.code == ExitCode.INCOMPLETE
        assert all(f"{each} (not there)" in found.stderr for each in gone)
    else:
        assert found.code == 0, found.stderr
        expected |= dict.fromkeys(gone, True)
    assert rows == expected


def test_a_process_of_another_procedure_is_not_there(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    ticket, lead = alive(server, "ticket")[0], alive(server)[0]
    found = told(tmp_path, config, [f"lead\t{ticket}", f"lead\t{lead}", f"ticket\t{ticket}"])
    assert found.code == ExitCode.INCOMPLETE
    assert (found.ids(LEADS), found.ids(TICKETS)) == ([lead], [ticket])
    assert f"{LEADS}: 1 of 2 named processes: {ticket} (not there)" in found.stderr


def test_masks_maps_and_selections_count(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    catalog = tap.catalog_of(tmp_path, config, LEADS)
    config |= {
        "mask": {f"{LEADS}.phone_number": "drop"},
        "stream_maps": {LEADS: {"marked": "'yes'", "__key_properties__": ["id"]}},
        "process_ids": {"lead": alive(server)[:3]},
    }
    bookmark = {"replication_key": "updatedAt", "replication_key_value": "2026-01-05T09:15:00.000Z"}
    state = {"bookmarks": {LEADS: bookmark}}
    found = tap.run(tmp_path, config, catalog=catalog, state=state)
    assert found.code == 0, found.stderr
    assert [row["marked"] for row in found.records[LEADS]] == ["yes"] * 3
    assert all("phone_number" not in (row["data"] or {}) for row in found.records[LEADS])


def test_files_of_a_batch_hold_them(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    config["batch_config"] = {
        "encoding": {"format": "jsonl", "compression": "none"},
        "storage": {"root": tmp_path.as_uri(), "prefix": "rows-"},
    }
    ids = alive(server)[:120]
    found = told(tmp_path, config, [f"lead\t{each}" for each in ids])
    assert found.code == 0, found.stderr
    rows = [
        json.loads(x) for path in tmp_path.glob("rows-*") for x in path.read_text().split("\n") if x
    ]
    assert sorted(row["id"] for row in rows) == sorted(ids)
    assert found.states == []


@pytest.mark.parametrize(
    ("lines", "more", "said"),
    [
        (["lead\t"], {}, "Line 1 of the file of ids"),
        ([NOBODY], {}, "does not say of which procedure it is"),
        ([f"led\t{NOBODY}"], {}, "led"),
        ([f"ticket\t{NOBODY}"], {"procedures": ["lead"]}, "leaves 'ticket' out"),
        ([f"lead\t{NOBODY}"], {"full_scan": True}, "full_scan reads everything"),
    ],
)
def test_what_names_no_process_is_refused(
    config: dict[str, Any], tmp_path: Path, lines: list[str], more: dict[str, Any], said: str
) -> None:
    found = told(tmp_path, config | more, lines)
    assert (found.code, found.lines) == (ExitCode.SETTINGS, [])
    assert said in found.stderr


def test_a_stream_that_is_not_selected_is_told(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    catalog = tap.catalog_of(tmp_path, config, TICKETS)
    found = told(tmp_path, config, [f"lead\t{alive(server)[0]}"], catalog=catalog)
    assert found.code == ExitCode.SETTINGS
    assert f"their stream {LEADS} is not selected" in found.stderr


def test_a_file_without_ids_reads_nothing(config: dict[str, Any], tmp_path: Path) -> None:
    found = told(tmp_path, config, ["", " "])
    assert (found.code, found.lines) == (0, [])
    assert "No process is named: nothing is read" in found.stderr


def test_dlt_loads_them_beside_the_rest_and_its_state_stays(
    server: Sandbox, tmp_path: Path
) -> None:
    pipeline = dlt.pipeline(
        "ids", pipelines_dir=str(tmp_path), destination="duckdb", dataset_name="crm"
    )
    whole = chakra_source(server.api_key, api_url=server.url, procedures=["lead"])
    pipeline.run(whole.with_resources(LEADS)).raise_on_failed_jobs()
    before = pipeline.state["sources"]
    ids = alive(server)[:7]
    few = chakra_source(server.api_key, api_url=server.url, process_ids={"lead": ids})
    assert list(few.resources) == [LEADS]
    pipeline.run(few).raise_on_failed_jobs()
    assert pipeline.last_trace.last_normalize_info.row_counts[LEADS] == len(ids)
    assert pipeline.state["sources"] == before
