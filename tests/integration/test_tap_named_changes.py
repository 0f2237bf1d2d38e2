"""What change webhooks name is fetched by the next run, whatever its scan brings.

The runs read new leads alone (`change_detection: created`), so what changes of an older one is
brought by its webhook or not at all.
"""

from __future__ import annotations

import copy
import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from chakra_api.clock import SystemClock
from chakra_sandbox.launch import Sandbox, start_sandbox
from tap_chakra.webhooks.event_store import EventStore
from tap_chakra.webhooks.inbound import change_event
from tests.support import tap_process as tap
from tests.support.listening import SECRET, listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Catalogs = Callable[..., dict[str, Any]]

LEADS, TICKETS = "process_lead", "process_ticket"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "150", "--tickets", "30"]) as server:
        yield server


@pytest.fixture(scope="module")
def catalogs(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Catalogs:
    """Catalogs with these streams selected, of one discovery."""
    folder = tmp_path_factory.mktemp("catalog")
    found = tap.catalog_of(folder, settings_of(shared_sandbox, folder, emit_scan_ids=True))

    def catalog(*selected: str, method: str = "INCREMENTAL") -> dict[str, Any]:
        chosen = copy.deepcopy(found)
        for stream in chosen["streams"]:
            if stream["tap_stream_id"].startswith("process_"):
                stream["replication_method"] = method
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = stream["tap_stream_id"] in selected
        return chosen

    return catalog


def settings_of(server: Sandbox, folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "api_key": server.api_key,
        "api_url": server.url,
        "change_detection": "created",
        "lookback_seconds": 0,
        "webhook_store": str(folder / "events.db"),
        "webhook_fetch_changed": True,
        **more,
    }


@pytest.fixture
def config(server: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return settings_of(server, tmp_path)


def changed(server: Sandbox, folder: Path, count: int, procedure: str = "lead") -> list[str]:
    """Processes that were changed, and of which ChakraHQ has called the listener."""
    ids = server.mutate(procedure, update=count)["updated"]
    called(folder, *({"procedure": procedure, "id": each} for each in ids))
    return ids


def called(folder: Path, *values: dict[str, Any]) -> None:
    """What the listener keeps of these calls."""
    with closing(EventStore(str(folder / "events.db"), SystemClock(), makes=True)) as store:
        for value in values:
            store.add(1, [change_event(json.dumps(value).encode(), time.time_ns())])


def mark(state: dict[str, Any], stream: str = LEADS) -> int:
    held = state["bookmarks"][stream].get("change_webhooks", {"sequence": 0})
    return int(held["sequence"])


def bookmark(state: dict[str, Any]) -> dict[str, Any]:
    """What the state of the leads says of scans, without when the last one began."""
    held = {k: v for k, v in state["bookmarks"][LEADS].items() if k != "change_webhooks"}
    held.get("last_narrow_scan", {}).pop("began", None)
    return held


def test_what_a_webhook_names_comes_with_the_next_run_once_and_as_a_scan_has_it(
    server: Sandbox, config: dict[str, Any], catalogs: Catalogs, tmp_path: Path
) -> None:
    catalog = catalogs(LEADS, TICKETS)
    called(tmp_path, {"procedure": "lead", "id": NOBODY})
    first = tap.run(tmp_path, config, catalog=catalog)
    assert first.code == 0, first.stderr
    ids = server.mutate("lead", update=3)["updated"]
    with listening(tmp_path) as running:
        for each in (*ids, ids[0].upper()):
            assert running.send("/changes", {"procedure": "lead", "id": each}) == 200
    without = tap.run(
        tmp_path,
        {**config, "webhook_fetch_changed": False},
        catalog=catalog,
        state=first.states[-1],
    )
    assert not set(ids).intersection(without.ids(LEADS))
    assert mark(without.states[-1]) == mark(first.states[-1])
    second = tap.run(tmp_path, config, catalog=catalog, state=first.states[-1])
    assert second.code == 0, second.stderr
    found = second.ids(LEADS)
    assert sorted(each for each in found if each in ids) == sorted(ids)
    assert second.states[-1]["bookmarks"][LEADS].keys() == {
        *without.states[-1]["bookmarks"][LEADS].keys(),
    }
    assert bookmark(second.states[-1]) == bookmark(without.states[-1])
    assert mark(second.states[-1]) == mark(first.states[-1]) + 4
    whole = tap.run(tmp_path, config, catalog=catalog)
    scanned = {row["id"]: row for row in whole.records[LEADS]}
    assert [row for row in second.records[LEADS] if row["id"] in ids] == [
        scanned[each] for each in found if each in ids
    ]
    third = tap.run(tmp_path, config, catalog=catalog, state=second.states[-1])
    assert not set(ids).intersection(third.ids(LEADS))
    assert mark(third.states[-1]) == mark(second.states[-1])


def test_dlt_loads_them_and_a_load_that_fails_fetches_them_again(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    import dlt  # noqa: PLC0415 - takes long to import

    from tap_chakra.dlt_source import chakra_source  # noqa: PLC0415 - the same

    def pipeline(name: str) -> dlt.Pipeline:
        return dlt.pipeline(
            "changes",
            destination=dlt.destinations.duckdb(str(tmp_path / "w.duckdb")),
            dataset_name="raw",
            pipelines_dir=str(tmp_path / name),
        )

    def cities() -> dict[str, Any]:
        with duckdb.connect(str(tmp_path / "w.duckdb")) as warehouse:
            question = f'SELECT id, updated_at FROM raw."{LEADS}"'
            return dict(warehouse.execute(question).fetchall())

    # One source for all runs: what it has read of the store must not stay.
    source = chakra_source(**config).with_resources(LEADS)
    pipeline("kept").run(source)
    before = cities()
    ids = server.mutate("lead", update=2)["updated"]
    with listening(tmp_path) as running:
        sends = {"form": "change", "count": 1}
        assert server.call(f"http://127.0.0.1:{running.port}/changes", SECRET, **sends)
        for each in ids:
            assert running.send("/changes", {"procedureId": "lead", "processId": each}) == 200
    extracted = pipeline("lost")
    extracted.sync_destination()
    extracted.extract(chakra_source(**config).with_resources(LEADS))  # and is never loaded
    assert cities() == before
    pipeline("kept").run(source)
    after = cities()
    assert all(after[each] > before[each] for each in ids)
    (again,) = server.mutate("lead", update=1)["updated"]
    called(tmp_path, {"procedure": "lead", "id": again})
    pipeline("kept").run(source)
    assert cities()[again] > before[again]
