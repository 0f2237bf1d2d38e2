"""Deleted rows leave a warehouse by three lines of SQL, and only those that a whole scan missed."""

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
KEYS = {
    "process_lead": ("id",),
    "scanned_ids": ("procedure", "id"),
    "complete_scans": ("procedure", "scan_started_at"),
}


def three_lines() -> str:
    """The SQL of the README."""
    (sql,) = re.findall(r"```sql\n(DELETE FROM process_lead .*?)```", README.read_text(), re.DOTALL)
    return str(sql)


class Warehouse:
    """Takes a run's records in by key, as a loader does."""

    def __init__(self) -> None:
        self._duck = duckdb.connect()
        for name, keys in KEYS.items():
            columns = ", ".join(f"{key} VARCHAR" for key in keys)
            if name == "scanned_ids":
                columns += ", scan_started_at VARCHAR"
            self._duck.execute(f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({', '.join(keys)}))")

    def load(self, output: Output) -> None:
        for name in KEYS:
            columns = [row[0] for row in self._duck.execute(f"DESCRIBE {name}").fetchall()]
            rows = [[record[c] for c in columns] for record in output.records[name]]
            marks = ", ".join("?" * len(columns))
            if rows:
                self._duck.executemany(f"INSERT OR REPLACE INTO {name} VALUES ({marks})", rows)

    def clean(self) -> None:
        self._duck.execute(three_lines())

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


def test_without_the_setting_there_are_no_such_streams(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    streams = {s["tap_stream_id"] for s in catalog_of(tmp_path, config)["streams"]}
    assert "process_lead" in streams
    assert not streams & {"scanned_ids", "complete_scans"}
