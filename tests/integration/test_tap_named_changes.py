"""The whole way: ChakraHQ calls, the listener keeps, and the next run fetches what the call names.

The runs read new leads alone (`change_detection: created`), so what changes of an older one is
brought by its webhook or not at all. The rest: `tests/unit/tap_chakra/by_id`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support import tap_process as tap
from tests.support.listening import SECRET, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEADS = "process_lead"


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "150"]) as server:
        yield server


@pytest.fixture
def config(server: Sandbox, tmp_path: Path) -> dict[str, Any]:
    return {
        "api_key": server.api_key,
        "api_url": server.url,
        "change_detection": "created",
        "lookback_seconds": 0,
        "webhook_store": str(tmp_path / "events.db"),
        "webhook_fetch_changed": True,
        "second_process_from": 1,
    }


def called(folder: Path, *ids: str) -> None:
    """A listener that runs for as long as ChakraHQ calls it of each of these leads."""
    with listening(folder) as running:
        for each in ids:
            assert running.send("/changes", {"procedure": "lead", "id": each}) == 200


def mark(output: tap.Output) -> int:
    return int(output.states[-1]["bookmarks"][LEADS]["change_webhooks"]["sequence"])


def test_the_next_run_has_what_a_webhook_names_as_a_scan_would(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    catalog = tap.catalog_of(tmp_path, config, LEADS)
    first = tap.run(tmp_path, {**config, "webhook_fetch_changed": False}, catalog=catalog)
    ids = server.mutate("lead", update=3)["updated"]
    called(tmp_path, *ids, ids[0].upper())
    second = tap.run(tmp_path, config, catalog=catalog, state=first.states[-1])
    assert second.code == 0, second.stderr
    named = [row for row in second.records[LEADS] if row["id"] in ids]
    assert sorted(row["id"] for row in named) == sorted(ids)
    assert mark(second) == 4
    whole = tap.run(tmp_path, config, catalog=catalog)
    scanned = {row["id"]: row for row in whole.records[LEADS]}
    assert named == [scanned[row["id"]] for row in named]
    third = tap.run(tmp_path, config, catalog=catalog, state=second.states[-1])
    assert (third.code, mark(third)) == (0, 4)
    assert not set(ids).intersection(third.ids(LEADS))


def test_an_equal_call_behind_the_one_that_was_heeded_has_it_fetched_again(
    server: Sandbox, config: dict[str, Any], tmp_path: Path
) -> None:
    """It may tell of another change, so it is not known as the same."""
    catalog = tap.catalog_of(tmp_path, config, LEADS)
    state = tap.run(tmp_path, config, catalog=catalog).states[-1]
    (changed,) = server.mutate("lead", update=1)["updated"]
    for number in (1, 2):
        called(tmp_path, changed)
        output = tap.run(tmp_path, config, catalog=catalog, state=state)
        assert (output.code, mark(output)) == (0, number)
        assert changed in output.ids(LEADS)
        state = output.states[-1]


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

    def updated() -> dict[str, Any]:
        with duckdb.connect(str(tmp_path / "w.duckdb")) as warehouse:
            question = f'SELECT id, updated_at FROM raw."{LEADS}"'
            return dict(warehouse.execute(question).fetchall())

    # One source for all runs: what it has read of the store must not stay.
    source = chakra_source(**config).with_resources(LEADS)
    pipeline("kept").run(source)
    before = updated()
    ids = server.mutate("lead", update=2)["updated"]
    with listening(tmp_path) as running:
        sends = {"form": "change", "count": 1}
        assert server.call(f"http://127.0.0.1:{running.port}/changes", SECRET, **sends)
        for each in ids:
            assert running.send("/changes", {"procedureId": "lead", "processId": each}) == 200
    extracted = pipeline("lost")
    extracted.sync_destination()
    extracted.extract(chakra_source(**config).with_resources(LEADS))  # and is never loaded
    assert updated() == before
    pipeline("kept").run(source)
    after = updated()
    assert all(after[each] > before[each] for each in ids)
    (again,) = server.mutate("lead", update=1)["updated"]
    called(tmp_path, again)
    pipeline("kept").run(source)
    assert updated()[again] > before[again]
