"""A resource that fails: the run fails and says so, or the others are loaded and it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from chakra_api.exit_codes import ExitCode
from chakra_api.values.timestamps import iso_ms
from chakra_sandbox.launch import Sandbox, start_sandbox
from tap_chakra.dlt_source import StreamsFailed, chakra_source, failed_streams, raise_on_failures
from tests.support.dlt_runs import ask, loaded, pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    import dlt

NAMES = ("process_lead", "process_ticket", "users")


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "600"]) as running:
        yield running


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Sandbox) -> Iterator[None]:
    """No settings but the test's own, no telemetry, and an account that answers again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    yield
    account.knobs(faults=[])


def source(account: Sandbox, **settings: Any) -> Any:
    given = {"api_key": account.api_key, "api_url": account.url, **settings}
    return chakra_source(**given).with_resources(*NAMES)


def count(target: dlt.Pipeline, table: str) -> int:
    return int(ask(target, f"select count(*) from {table}")[0][0])


def bookmarks(target: dlt.Pipeline) -> dict[str, Any]:
    states: dict[str, Any] = target.state["sources"]["chakra"]["resources"]
    return {name: state.get("replication_key_value") for name, state in states.items()}


def test_by_default_the_run_fails_names_the_resource_and_the_way_out(
    tmp_path: Path, account: Sandbox
) -> None:
    target = pipeline(tmp_path)
    with pytest.raises(PipelineStepFailed, match=r"process_ticket: .*403.*on_stream_error"):
        target.run(source(account, api_key="sandbox-lead-only-key"))
    assert "chakra" not in target.state.get("sources", {})


def test_with_continue_the_others_are_loaded_and_the_failure_is_told(
    tmp_path: Path, account: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    target = pipeline(tmp_path)
    target.run(source(account))
    before = bookmarks(target)
    tables = {name: count(target, name) for name in NAMES}
    account.mutate("lead", insert=30)
    account.knobs(
        faults=[
            {"kind": "errors_in_200", "probability": 1.0, "match": "/users"},
            {"kind": "errors_in_200", "probability": 1.0, "match": "procedure/ticket"},
        ]
    )
    target.run(source(account, on_stream_error="continue", allow_incomplete=True))
    failed = failed_streams(target)
    assert set(failed) == {"process_ticket", "users"}
    assert "users" in failed["users"]
    assert count(target, "process_lead") == tables["process_lead"] + 30
    assert count(target, "process_ticket") == tables["process_ticket"]
    assert count(target, "users") == tables["users"], "what is replaced is not emptied"
    assert bookmarks(target)["process_ticket"] == before["process_ticket"]
    assert "process_ticket failed" in caplog.text
    with pytest.raises(StreamsFailed, match=r"process_ticket failed.*users failed") as raised:
        raise_on_failures(target)
    assert raised.value.exit_code == ExitCode.UNREACHABLE
    account.knobs(faults=[])
    target.run(source(account, on_stream_error="continue"))
    assert failed_streams(target) == {}
    raise_on_failures(target)
    assert bookmarks(target)["process_lead"] > before["process_lead"]


def test_what_concerns_all_fails_the_run_in_any_case(tmp_path: Path, account: Sandbox) -> None:
    target = pipeline(tmp_path)
    made = source(account, on_stream_error="continue").with_resources("process_lead")
    account.knobs(faults=[{"kind": "reset_before", "probability": 1.0}])
    with pytest.raises(PipelineStepFailed):
        target.run(made)


def test_ranges_that_meet_load_every_row_once(tmp_path: Path, account: Sandbox) -> None:
    """Two pipelines, each with a state of its own, into one dataset; one of them goes on alone."""
    alive = {row.id: row for row in account.oracle("lead") if row.died_ms is None}
    cut = iso_ms(sorted(row.born_ms for row in alive.values())[len(alive) // 2])
    rows = 0
    for name, bounds in (("old", {"created_before": cut}), ("new", {"created_after": cut})):
        target = pipeline(tmp_path, name=name)
        target.run(source(account, **bounds).with_resources("process_lead"))
        rows += loaded(target)["process_lead"]
        assert set(bookmarks(target)) == {"process_lead"}
    assert rows == len(alive)
    assert {row[0] for row in ask(target, "select id from process_lead")} == set(alive)
    target = pipeline(tmp_path, name="old")
    target.run(source(account).with_resources("process_lead"))
    assert loaded(target)["process_lead"] == len(alive), "a range does not speak of the others"
    target.run(source(account).with_resources("process_lead"))
    assert loaded(target).get("process_lead", 0) < len(alive)
    deleted = account.mutate("lead", delete=3)["deleted"]
    target = pipeline(tmp_path, name="all")
    target.run(source(account, full_scan=True, emit_scan_ids=True).with_resources("process_lead"))
    seen = {row[0] for row in ask(target, "select id from scanned_ids")}
    assert seen == set(alive) - set(deleted)
