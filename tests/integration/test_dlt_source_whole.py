"""The dlt source with every setting that adds a table: all that it declares is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from chakra_sandbox.whatsapp.made_templates import WABA_ID, made_templates
from tap_chakra.dlt_source import failed_streams
from tests.support import dlt_runs
from tests.support.client_of import client_of
from tests.support.listening import listening, message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS, TICKETS, ORDERS = 30, 60, 8
OF_SETTINGS = {
    "whatsapp_templates": len(made_templates()),
    "background_jobs": 1,
    "background_job_entries": 1,
    "whatsapp_events": 1,
    "chakra_changes": 1,
}
OF_ROWS = {"process_lead": ROWS, "process_ticket": TICKETS, "process_order": ORDERS}
BESIDE = {"scanned_ids": ROWS + TICKETS + ORDERS, "complete_scans": 3}
MASK = {"*.city": "hash", "photos.path": "hash", "whatsapp_templates.name": "drop"}


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    rows = ["--rows", str(ROWS), "--tickets", str(TICKETS), "--orders", str(ORDERS)]
    with start_sandbox([*rows, "--set", "job_duration_ms=0"]) as server:
        yield server


@pytest.fixture(scope="module")
def everything(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings that ask for all that there is; a job was sent, and an event of each form came."""
    folder = tmp_path_factory.mktemp("everything")
    lead = shared_sandbox.oracle()[0].id
    client = client_of(shared_sandbox)
    job = client.bulk_update("lead", [{"id": lead, "data": {"city": "Pune"}}]).job_id
    client.close()
    (folder / "jobs").write_text(f"{job}\n")
    with listening(folder) as running:
        assert running.send("/whatsapp", message("m1")) == 200
        assert running.send("/changes", {"procedure": "lead", "id": lead}) == 200
    return {
        "whatsapp": {"waba_id": WABA_ID},
        "photos": {"to": str(folder / "photos")},
        "background_jobs": str(folder / "jobs"),
        "webhook_store": str(folder / "events.db"),
        "webhook_fetch_changed": True,
        "emit_scan_ids": True,
    }


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but the test's own."""
    monkeypatch.chdir(tmp_path)


def named_photos(server: Sandbox) -> int:
    """How many photos tickets name, by the sandbox itself."""
    data = [ticket.row["data"] for ticket in server.oracle("ticket")]
    return sum(bool(each.get("front_photo")) + len(each.get("photos") or []) for each in data)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"nested": "columns", "column_names": "snake_case", "on_stream_error": "continue"},
        {"mask": MASK, "mask_salt": "a salt of 16 and more", "nested": "json"},
    ],
    ids=["plain", "snake_case", "masked"],
)
def test_each_table_is_loaded_with_every_setting_on(
    server: Sandbox, everything: dict[str, Any], tmp_path: Path, more: dict[str, Any]
) -> None:
    source = dlt_runs.source(server, **everything, **more)
    declared = list(source.resources)
    target = dlt_runs.pipeline(tmp_path)
    target.run(source.with_resources(*declared))
    assert {*declared} >= {*OF_SETTINGS, *OF_ROWS, "users", "team"}
    expected = {**OF_SETTINGS, **OF_ROWS, **BESIDE, "photos": named_photos(server)}
    held = {name: dlt_runs.ask(target, f"SELECT count(*) FROM {name}")[0][0] for name in expected}
    assert held == expected
    assert failed_streams(target) == {}


def test_named_processes_come_with_their_photos(
    server: Sandbox, everything: dict[str, Any], tmp_path: Path
) -> None:
    """They are read alone: no list, and no event."""
    named = server.oracle("ticket")[0].id
    source = dlt_runs.source(
        server, "process_ticket", **everything, process_ids={"ticket": [named]}
    )
    target = dlt_runs.pipeline(tmp_path)
    target.run(source)
    assert dlt_runs.ask(target, "SELECT DISTINCT process FROM photos") == [(named,)]
