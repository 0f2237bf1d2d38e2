"""Runs that follow one another: what comes again, what does not, and what STATE says."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.writes.changes import Mutation
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_tap, world_of, written
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.support.in_process import Told


def bookmark(state: dict[str, Any]) -> datetime:
    text = state["bookmarks"]["process_lead"]["replication_key_value"]
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def records_of(told: Told) -> list[dict[str, Any]]:
    lines = (line for line in told.lines if line["type"] == "RECORD")
    return [line["record"] for line in lines if line["stream"] == "process_lead"]


def state_of(told: Told) -> dict[str, Any]:
    states: list[dict[str, Any]] = [x["value"] for x in told.lines if x["type"] == "STATE"]
    return states[-1]


def test_only_what_changed_comes_again(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead")
    first = run(tmp_path, config, catalog=catalog)
    assert first.code == 0, first.stderr
    assert len(first.records["process_lead"]) == 1500
    done = sandbox.mutate(procedure="lead", update=40, insert=10, delete=0, seed=3)
    second = run(tmp_path, config, catalog=catalog, state=first.states[-1])
    assert second.code == 0, second.stderr
    assert set(second.ids("process_lead")) == {*done["inserted"], *done["updated"]}
    assert len(second.ids("process_lead")) >= 40
    # The server's clock has whole seconds, and both runs may fall into one.
    assert bookmark(second.states[-1]) >= bookmark(first.states[-1])
    seen = second.states[-1]["bookmarks"]["process_lead"]["last_complete_scan"]["rows"]
    assert seen == 1500 + len(done["inserted"])


def test_no_state_but_the_last_holds_a_bookmark(tmp_path: Path, config: dict[str, Any]) -> None:
    output = run(tmp_path, config, catalog=catalog_of(tmp_path, config, "process_lead"))
    types = [line["type"] for line in output.lines]
    last_record = len(types) - 1 - types[::-1].index("RECORD")
    for line in output.lines[:last_record]:
        if line["type"] == "STATE":
            assert "replication_key_value" not in str(line)
    assert "replication_key_value" in str(output.states[-1])


def test_an_incremental_run_never_speaks_of_deletes(tmp_path: Path, config: dict[str, Any]) -> None:
    output = run(tmp_path, config, catalog=catalog_of(tmp_path, config, "process_lead"))
    assert not output.of_type("ACTIVATE_VERSION", "process_lead")
    assert not any("version" in line for line in output.of_type("RECORD", "process_lead"))


def test_a_full_table_run_activates_its_version_after_the_last_record(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead", "users", method="FULL_TABLE")
    output = run(tmp_path, config, catalog=catalog)
    assert output.code == 0, output.stderr
    for stream in ("process_lead", "users"):
        (activation,) = output.of_type("ACTIVATE_VERSION", stream)
        records = output.of_type("RECORD", stream)
        assert {record["version"] for record in records} == {activation["version"]}
        assert output.lines.index(activation) > output.lines.index(records[-1])


@pytest.mark.parametrize("batch", [False, True], ids=["records", "files"])
def test_an_incremental_run_goes_on_where_a_full_table_run_ended(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], *, batch: bool
) -> None:
    """And one after a full table run that was not complete where the last complete one ended."""
    full = catalog_of(tmp_path, config, "process_lead", method="FULL_TABLE")
    usual = catalog_of(tmp_path, config, "process_lead")
    files = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": (tmp_path / "files").as_uri()},
    }
    first = run(tmp_path, config | ({"batch_config": files} if batch else {}), catalog=full)
    assert first.code == 0, first.stderr
    done = sandbox.mutate(procedure="lead", update=40, insert=10, delete=0, seed=3)
    changed = {*done["inserted"], *done["updated"]}
    second = run(tmp_path, config, catalog=usual, state=first.states[-1])
    assert second.code == 0, second.stderr
    assert set(second.ids("process_lead")) == changed
    assert not second.of_type("ACTIVATE_VERSION", "process_lead")
    sandbox.knobs(
        created_at_filter="ignored", id_filter="ignored", list_order="shuffled_per_request"
    )
    broken = run(tmp_path, config, catalog=full, state=first.states[-1])
    assert broken.code == ExitCode.INCOMPLETE, broken.stderr
    assert bookmark(broken.states[-1]) == bookmark(first.states[-1])
    sandbox.knobs(created_at_filter="works", id_filter="works", list_order="created_asc")
    third = run(tmp_path, config, catalog=usual, state=broken.states[-1])
    assert third.code == 0, third.stderr
    assert set(third.ids("process_lead")) == changed


def test_a_full_table_run_reads_and_emits_everything_whatever_its_state(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    full = catalog_of(tmp_path, config, "process_lead", method="FULL_TABLE")
    first = run(tmp_path, config, catalog=catalog_of(tmp_path, config, "process_lead"))
    for state in (first.states[-1], run(tmp_path, config, catalog=full).states[-1]):
        again = run(tmp_path, config, catalog=full, state=state)
        assert again.code == 0, again.stderr
        assert len(again.ids("process_lead")) == 1500
        assert len(again.of_type("ACTIVATE_VERSION", "process_lead")) == 1


@pytest.mark.parametrize("name", ["start_date", "created_after"])
def test_a_narrowed_run_says_nothing_about_what_it_leaves_out(
    tmp_path: Path, config: dict[str, Any], name: str
) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead", method="FULL_TABLE")
    output = run(tmp_path, config | {name: "2020-01-01T00:00:00Z"}, catalog=catalog)
    assert output.code == 0, output.stderr
    assert output.records["process_lead"]
    assert not output.of_type("ACTIVATE_VERSION", "process_lead")


def test_far_fewer_rows_than_the_last_time_say_nothing_about_deletes(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead", method="FULL_TABLE")
    first = run(tmp_path, config, catalog=catalog)
    sandbox.mutate(procedure="lead", update=0, insert=0, delete=400, seed=1)
    second = run(tmp_path, config, catalog=catalog, state=first.states[-1])
    assert second.code == 0, second.stderr
    assert not second.of_type("ACTIVATE_VERSION", "process_lead")
    assert "min_scan_share" in second.stderr
    confirmed = run(
        tmp_path, config | {"min_scan_share": 0}, catalog=catalog, state=second.states[-1]
    )
    assert confirmed.of_type("ACTIVATE_VERSION", "process_lead")


def test_a_scan_that_is_not_complete_says_so_and_keeps_its_bookmark(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead")
    first = run(tmp_path, config, catalog=catalog)
    sandbox.knobs(
        created_at_filter="ignored", id_filter="ignored", list_order="shuffled_per_request"
    )
    second = run(tmp_path, config, catalog=catalog, state=first.states[-1])
    assert second.code == ExitCode.INCOMPLETE, second.stderr
    assert "Traceback" not in second.stderr
    assert bookmark(second.states[-1]) == bookmark(first.states[-1])


def test_streams_that_are_not_selected_make_no_requests(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    catalog = catalog_of(tmp_path, config, "users")
    before = len(sandbox.requests())
    output = run(tmp_path, config, catalog=catalog)
    paths = {request["path"] for request in sandbox.requests()[before:]}
    assert output.records["users"]
    assert paths == {"/v1/ext/config", "/v1/ext/users", "/v2/ext/users"}


@pytest.mark.parametrize(
    "name", ["replication_key_value", "last_narrow_scan", "scan", "last_complete_scan"]
)
def test_a_bookmark_in_the_future_is_not_followed(tmp_path: Path, name: str) -> None:
    """Every row that changed since the last scan comes, whatever the state says of the future."""
    world = world_of(150, updated_at_filter="honoured")
    ids = name == "last_complete_scan"  # its instant dates scans, and what they saw
    config = {
        "api_key": KEY,
        "api_url": "https://x.test",
        "procedures": ["lead"],
        "emit_scan_ids": ids,
    }
    settings = written(tmp_path, "config.json", config)
    first = run_tap(world, ["--config", settings])
    state = state_of(first)
    lead = state["bookmarks"]["process_lead"]
    future = "2031-01-01T00:00:00.000Z"
    lead |= {
        "replication_key_value": {"replication_key_value": future},
        "last_narrow_scan": {"last_narrow_scan": {"began": future}},
        "last_complete_scan": {"last_complete_scan": {"began": future, "rows": 150}},
        "scan": {
            "scan": {
                "began": future,
                "rows": 150,
                "lead": 0,
                "emits_since": None,
                "created_after": None,
                "versioned": False,
                "done": [[None, 1_900_000_000_000, 150]],
                "walked": [],
            }
        },
    }[name]
    clock = FakeClock(FakeClock().now() + 3600)
    world.advance(int(clock.now() * 1000))
    changed = set(world.mutate("lead", Mutation(update=12, insert=3), 5)["updated"])
    second = run_tap(
        world,
        ["--config", settings, "--state", written(tmp_path, "state.json", state)],
        clock=clock,
    )
    assert second.code == 0, second.stderr
    assert "process_lead: its STATE says 2031-01-01T00:00:00.000Z" in second.stderr
    came = [(x["stream"], x["record"]) for x in second.lines if x["type"] == "RECORD"]
    assert changed <= {record["id"] for stream, record in came if stream == "process_lead"}
    assert ids is any(stream == "scanned_ids" for stream, _ in came)
    assert ids is ("scanned_ids" in second.stderr)
    assert "2031" not in json.dumps([state_of(second), [r for s, r in came if s == "scanned_ids"]])


def test_a_start_date_that_moves_back_is_told_once_a_run(tmp_path: Path) -> None:
    """Rows that changed before the first one were never loaded; a silence would hide it."""
    world = world_of(150)
    config = {"api_key": KEY, "api_url": "https://x.test", "procedures": ["lead"]}
    back = written(tmp_path, "back.json", config)
    everything = records_of(run_tap(world, ["--config", back]))
    date = sorted(record["updatedAt"] for record in everything)[75]
    since = written(tmp_path, "config.json", config | {"start_date": date})
    first = run_tap(world, ["--config", since])
    assert len(records_of(first)) == 75
    state = written(tmp_path, "state.json", state_of(first))
    again = run_tap(world, ["--config", since, "--state", state])
    assert "new state" not in again.stderr
    for _ in range(2):
        second = run_tap(world, ["--config", back, "--state", state])
        assert second.code == 0, second.stderr
        assert second.stderr.count(f"runs with start_date {date}, and now no start_date") == 1
        state = written(tmp_path, "state.json", state_of(second))
