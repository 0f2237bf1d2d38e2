"""Deleted rows leave a warehouse by four lines of SQL, and only those that a whole scan missed."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox
    from tests.support.tap_process import Output

README = Path(__file__).parent.parent.parent / "README.md"
ROWS = 400
HONOURED = ["--set", "updated_at_filter=honoured"]
KEYS = {
    "process_lead": ("id",),
    "scanned_ids": ("procedure", "id"),
    "complete_scans": ("procedure", "scan_started_at"),
}


def four_lines() -> str:
    """The SQL of the README."""
    (sql,) = re.findall(r"```sql\n(DELETE FROM process_lead .*?)```", README.read_text(), re.DOTALL)
    return str(sql)


class Warehouse:
    """Takes a run's records in by key, as a loader does."""

    def __init__(self) -> None:
        self._duck = duckdb.connect()
        for name, keys in KEYS.items():
            columns = ", ".join(f"{key} VARCHAR" for key in keys)
            columns += {
                "process_lead": ', "createdAt" VARCHAR',
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
        self._duck.execute(four_lines())

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
        self._config = config
        self._catalogs = {
            on: catalog_of(folder, config | {"emit_scan_ids": on}, *KEYS) for on in (True, False)
        }
        self._state: Any = None

    def run(self, *, ids: bool = True, **more: Any) -> Output:
        # The server's clock has whole seconds: two scans of one second are the same to it.
        time.sleep(1.1)
        files = {} if self._state is None else {"state": self._state}
        config = self._config | {"emit_scan_ids": ids} | more
        output = run(self._folder, config, catalog=self._catalogs[ids], **files)
        self._state = output.states[-1]
        self._warehouse.load(output)
        self._warehouse.clean()
        return output


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


@pytest.mark.parametrize(
    "sandbox",
    [
        [*["--rows", str(ROWS), "--tickets", "0", "--orders", "0"], *HONOURED],
    ],
    indirect=True,
)
def test_rows_that_vanished_before_the_setting_was_on_leave_and_younger_ones_stay(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], warehouse: Warehouse
) -> None:
    pipeline = Pipeline(tmp_path, config, warehouse)
    everyone = {row.id for row in sandbox.oracle("lead")}
    pipeline.run(ids=False)
    gone = set(sandbox.mutate(procedure="lead", update=0, insert=0, delete=12)["deleted"])
    new = set(sandbox.mutate(procedure="lead", update=0, insert=6, delete=0)["inserted"])
    pipeline.run(ids=False)
    assert warehouse.ids == everyone | new

    # The first run with ids reads only what changed: nothing is known of the others yet.
    changed = sandbox.mutate(procedure="lead", update=9, insert=3, delete=0)
    new |= set(changed["inserted"])
    narrow = pipeline.run()
    assert 0 < len(narrow.records["scanned_ids"]) < ROWS / 2
    assert warehouse.ids == everyone | new

    # A whole scan says who is gone, of whom no scan ever told.
    full = pipeline.run(full_scan_every=0)
    assert len(full.records["complete_scans"]) == 1
    assert warehouse.ids == (everyone | new) - gone

    # Rows created since, loaded by a run that reads only changes, with ids or without: they stay.
    for ids in (True, False, True):
        new |= set(sandbox.mutate(procedure="lead", update=4, insert=5, delete=0)["inserted"])
        assert not pipeline.run(ids=ids).records["complete_scans"]
        assert warehouse.ids == (everyone | new) - gone

    # And the next whole scan takes out what went in between.
    more = set(sandbox.mutate(procedure="lead", update=0, insert=0, delete=8)["deleted"])
    pipeline.run()
    assert warehouse.ids == (everyone | new) - gone
    pipeline.run(full_scan_every=0)
    assert warehouse.ids == (everyone | new) - gone - more


@pytest.mark.parametrize(
    "sandbox", [["--rows", str(ROWS), "--tickets", "0", "--orders", "0"]], indirect=True
)
def test_a_scan_that_was_cut_off_without_ids_is_begun_anew_with_them(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], warehouse: Warehouse
) -> None:
    pipeline = Pipeline(tmp_path, config | {"concurrency": 1}, warehouse)
    later = {"kind": "errors_in_200", "at": list(range(8, 60)), "match": "list"}
    sandbox.knobs(faults=[later])
    cut_off = pipeline.run(ids=False)
    assert cut_off.code not in (0, ExitCode.BUG), cut_off.stderr
    assert 0 < len(warehouse.ids) < ROWS
    sandbox.knobs(faults=[])
    resumed = pipeline.run()
    assert resumed.code == 0, resumed.stderr
    assert len(resumed.records["scanned_ids"]) == ROWS
    assert warehouse.ids == {row.id for row in sandbox.oracle("lead")}


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
