"""Deleted rows leave a warehouse by four lines of SQL, and only those that a whole scan missed."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.writes.changes import Mutation
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, Refuses, run_tap, world_of, written
from tests.support.tap_process import Output, catalog_of, run

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox

PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "deleted-rows.md"
ROWS = 400
KEYS = {
    "process_lead": ("id",),
    "scanned_ids": ("procedure", "id"),
    "complete_scans": ("procedure", "scan_started_at"),
}


def four_lines() -> str:
    """The SQL of the page on deleted rows."""
    (sql,) = re.findall(r"```sql\n(DELETE FROM process_lead .*?)```", PAGE.read_text(), re.DOTALL)
    return str(sql)


class Warehouse:
    """Takes a run's records in by key, as a loader does."""

    def __init__(self, created: str = "createdAt") -> None:
        self._created = created
        self._duck = duckdb.connect()
        for name, keys in KEYS.items():
            columns = ", ".join(f"{key} VARCHAR" for key in keys)
            columns += {
                "process_lead": f', "{created}" VARCHAR',
                "scanned_ids": ", scan_started_at VARCHAR",
            }.get(name, "")
            self._duck.execute(f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({', '.join(keys)}))")

    def load(self, output: Output) -> None:
        for name in KEYS:
            columns = [row[0] for row in self._duck.execute(f"DESCRIBE {name}").fetchall()]
            rows = [[record[c] for c in columns] for record in output.records[name]]
            marks = ", ".join("?" * len(columns))
            if rows:
                self._duck.executemany(f"INSERT OR REPLACE INTO {name} VALUES ({marks})", rows)

    def clean(self) -> None:
        asked = four_lines()
        if self._created != "createdAt":
            assert f"`a.{self._created}`" in PAGE.read_text()
            asked = asked.replace('a."createdAt"', f"a.{self._created}")
        self._duck.execute(asked)

    @property
    def ids(self) -> set[str]:
        return {row[0] for row in self._duck.execute("SELECT id FROM process_lead").fetchall()}


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse()


class Pipeline:
    """Runs of the tap into one warehouse, each cleaned up by the SQL."""

    def __init__(self, folder: Path, config: dict[str, Any], warehouse: Warehouse) -> None:
        self._folder, self._warehouse = folder, warehouse
        self._config = config | {"emit_scan_ids": True}
        self._catalog = catalog_of(folder, self._config, *KEYS)
        self._state: Any = None

    def run(self, **more: Any) -> Output:
        # The server's clock has whole seconds: two scans of one second are the same to it.
        time.sleep(1.1)
        files = {} if self._state is None else {"state": self._state}
        output = run(self._folder, self._config | more, catalog=self._catalog, **files)
        self._state = output.states[-1]
        self._warehouse.load(output)
        self._warehouse.clean()
        return output


@pytest.mark.parametrize(
    "sandbox", [["--rows", "60", "--tickets", "0", "--orders", "0"]], indirect=True
)
def test_tables_in_snake_case_need_the_name_that_the_page_gives(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    warehouse = Warehouse("created_at")
    pipeline = Pipeline(tmp_path, {**config, "column_names": "snake_case"}, warehouse)
    pipeline.run()
    sandbox.mutate(procedure="lead", update=0, insert=0, delete=20)
    pipeline.run(min_scan_share=0)
    living = {row.id for row in sandbox.oracle("lead") if row.died_ms is None}
    assert len(living) == 40
    assert warehouse.ids == living


@pytest.mark.parametrize(
    "sandbox", [["--rows", str(ROWS), "--tickets", "0", "--orders", "0"]], indirect=True
)
def test_only_rows_that_a_complete_scan_did_not_see_leave(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], warehouse: Warehouse
) -> None:
    pipeline = Pipeline(tmp_path, config, warehouse)
    assert pipeline.run().code == 0
    everyone = {row.id for row in sandbox.oracle("lead")}
    assert warehouse.ids == everyone

    gone = set(sandbox.mutate(procedure="lead", update=0, insert=0, delete=20)["deleted"])
    second = pipeline.run()
    assert len(second.ids("process_lead")) < 10, "it is an incremental run"
    assert warehouse.ids == everyone - gone

    # A scan that is not complete deletes nothing, whatever it did not see.
    more = set(sandbox.mutate(procedure="lead", update=0, insert=0, delete=15)["deleted"])
    odd = {"created_at_filter": "ignored", "id_filter": "ignored"}
    sandbox.knobs(**odd, list_order="shuffled_per_request")
    incomplete = pipeline.run()
    assert incomplete.code == ExitCode.INCOMPLETE
    assert not incomplete.records["complete_scans"]
    assert warehouse.ids == everyone - gone

    # One that sees far fewer rows than the last complete one says nothing either, until confirmed.
    sandbox.knobs(created_at_filter="works", id_filter="works", list_order="created_asc")
    more |= set(sandbox.mutate(procedure="lead", update=0, insert=0, delete=60)["deleted"])
    fewer = pipeline.run()
    assert fewer.code == 0, fewer.stderr
    assert "min_scan_share" in fewer.stderr
    assert not fewer.records["complete_scans"]
    assert warehouse.ids == everyone - gone
    confirmed = pipeline.run(min_scan_share=0)
    assert confirmed.code == 0
    assert warehouse.ids == everyone - gone - more

    # A run that reads less than everything sees some ids, and says nothing of the others.
    new = set(sandbox.mutate(procedure="lead", update=0, insert=7, delete=0)["inserted"])
    narrow = pipeline.run(change_detection="created", lookback_seconds=1)
    assert not narrow.records["complete_scans"]
    assert new <= set(narrow.ids("process_lead"))
    assert warehouse.ids == (everyone - gone - more) | new


class Played:
    """The same in this process: runs an hour apart, of an account that changes in between."""

    def __init__(self, folder: Path, warehouse: Warehouse, **knobs: Any) -> None:
        self._folder, self._warehouse = folder, warehouse
        self._world = world_of(ROWS, **knobs)
        self._config: dict[str, Any] = {"api_key": KEY, "api_url": "https://x.test"}
        self._catalogs = {on: self._catalog(ids=on) for on in (True, False)}
        self._state: Any = None
        self._runs = 0

    def _catalog(self, *, ids: bool) -> Any:
        settings = written(self._folder, "config.json", self._config | {"emit_scan_ids": ids})
        catalog = json.loads(run_tap(self._world, ["--config", settings, "--discover"]).stdout)
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = stream["tap_stream_id"] in KEYS
        return catalog

    @property
    def everyone(self) -> set[str]:
        lines = map(json.loads, self._world.oracle("lead"))
        return {line["row"]["id"] for line in lines if line["died_ms"] is None}

    def change(self, **counts: int) -> dict[str, list[str]]:
        self._runs += 1
        self._world.advance(self._now - 60_000)
        return self._world.mutate("lead", Mutation(**counts), self._runs)

    @property
    def _now(self) -> int:
        return int(FakeClock().now() * 1000) + self._runs * 3_600_000

    def run(self, *, ids: bool = True, spoil: Any = None, **more: Any) -> Output:
        self._runs += 1
        config = self._config | {"emit_scan_ids": ids} | more
        files = {"config": config, "catalog": self._catalogs[ids], "state": self._state or {}}
        args = [
            f"--{name}={written(self._folder, f'{name}.json', each)}"
            for name, each in files.items()
        ]
        self._world.advance(self._now)
        told = run_tap(self._world, args, spoil, clock=FakeClock(self._now / 1000))
        output = Output(told.code, told.lines, told.stderr)
        self._state = output.states[-1]
        self._warehouse.load(output)
        self._warehouse.clean()
        return output


def test_rows_that_vanished_before_the_setting_was_on_leave_and_younger_ones_stay(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    played = Played(tmp_path, warehouse, updated_at_filter="honoured")
    played.run(ids=False)
    gone = set(played.change(delete=12)["deleted"])
    played.change(insert=6)
    played.run(ids=False)
    assert warehouse.ids == played.everyone | gone

    # The first run with ids reads only what changed: nothing is known of the others yet.
    played.change(update=9, insert=3)
    narrow = played.run()
    assert 0 < len(narrow.records["scanned_ids"]) < ROWS / 2
    assert not narrow.records["complete_scans"]
    assert warehouse.ids == played.everyone | gone

    # A whole scan says who is gone, of whom no scan ever told.
    assert len(played.run(full_scan_every=0).records["complete_scans"]) == 1
    assert warehouse.ids == played.everyone

    # Rows created since, loaded by a run that reads only changes, with ids or without: they stay.
    for ids in (True, False, True):
        assert len(played.change(update=4, insert=5)["inserted"]) == 5
        assert not played.run(ids=ids).records["complete_scans"]
        assert warehouse.ids == played.everyone

    # And the next whole scan takes out what went in between.
    gone = set(played.change(delete=8)["deleted"])
    played.run()
    assert warehouse.ids == played.everyone | gone
    played.run(full_scan_every=0)
    assert warehouse.ids == played.everyone


def test_a_scan_that_was_cut_off_without_ids_is_begun_anew_with_them(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    played = Played(tmp_path, warehouse)
    cut_off = played.run(ids=False, spoil=Refuses(8), concurrency=1)
    assert cut_off.code == ExitCode.NO_ACCESS, cut_off.stderr
    assert 0 < len(warehouse.ids) < ROWS
    resumed = played.run()
    assert resumed.code == 0, resumed.stderr
    assert len(resumed.records["scanned_ids"]) == ROWS
    assert warehouse.ids == played.everyone


def test_ids_that_no_catalog_selects_are_told(tmp_path: Path, config: dict[str, Any]) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead")
    output = run(tmp_path, config | {"emit_scan_ids": True}, catalog=catalog)
    assert output.code == 0, output.stderr
    assert "not selected: scanned_ids, complete_scans" in output.stderr


def test_without_the_setting_there_are_no_such_streams(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    streams = {s["tap_stream_id"] for s in catalog_of(tmp_path, config)["streams"]}
    assert "process_lead" in streams
    assert not streams & {"scanned_ids", "complete_scans"}
