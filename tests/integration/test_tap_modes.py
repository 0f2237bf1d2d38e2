"""Each way to find changes: what comes, what is missed, and when that comes after all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_api.values.timestamps import iso_ms
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.support.tap_process import Output

ROWS = 700
SMALL = [["--rows", str(ROWS), "--tickets", "0", "--orders", "0"]]
HONOURED = [[*SMALL[0], "--set", "updated_at_filter=honoured"]]


class Runs:
    """Runs that follow one another, each from the last one's STATE."""

    def __init__(self, folder: Path, config: dict[str, Any], mode: str) -> None:
        self._folder = folder
        self._config = config | {"change_detection": mode, "lookback_seconds": 0}
        self._catalog = catalog_of(folder, config, "process_lead")
        self.state: dict[str, Any] | None = None

    def next(self, **more: Any) -> Output:
        files = {} if self.state is None else {"state": self.state}
        output = run(self._folder, self._config | more, catalog=self._catalog, **files)
        assert output.code == 0, output.stderr
        self.state = output.states[-1]
        return output


def first(folder: Path, config: dict[str, Any], mode: str) -> Runs:
    """Runs of which the first, that reads everything, was made."""
    runs = Runs(folder, config, mode)
    output = runs.next()
    assert len(set(output.ids("process_lead"))) == len(output.ids("process_lead")) == ROWS
    return runs


def list_requests(sandbox: Sandbox) -> int:
    return sum(r["path"].endswith("/process/list") for r in sandbox.requests())


@pytest.mark.parametrize("sandbox", HONOURED, indirect=True)
@pytest.mark.parametrize("mode", ["auto", "server"])
def test_where_the_server_filters_only_what_changed_is_read(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], mode: str
) -> None:
    runs = first(tmp_path, config, mode)
    done = sandbox.mutate(procedure="lead", update=25, insert=5, delete=3, seed=3)
    sandbox.forget_requests()
    second = runs.next()
    alive = {*done["inserted"], *done["updated"]} - set(done["deleted"])
    assert alive <= set(second.ids("process_lead"))
    assert len(second.ids("process_lead")) < 60
    assert "rows that changed are read" in second.stderr
    assert list_requests(sandbox) <= 12
    due = runs.next(full_scan_every=0)
    assert "a full scan is due" in due.stderr


@pytest.mark.parametrize("sandbox", HONOURED, indirect=True)
def test_where_no_row_says_when_it_changed_no_filter_is_proven_and_all_come(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    runs = first(tmp_path, config, "auto")
    sandbox.knobs(updated_at="null")
    second = runs.next()
    assert "everything is read" in second.stderr
    assert len(second.ids("process_lead")) == ROWS


@pytest.mark.parametrize("sandbox", SMALL, indirect=True)
def test_a_server_that_ignores_the_filter_is_not_trusted(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    runs = first(tmp_path, config, "auto")
    changed = sandbox.mutate(procedure="lead", update=20, insert=0, delete=0, seed=3)["updated"]
    second = runs.next()
    assert "everything is read" in second.stderr
    assert set(changed) <= set(second.ids("process_lead"))
    catalog = catalog_of(tmp_path, config, "process_lead")
    forced = config | {"change_detection": "server"}
    refused = run(tmp_path, forced, catalog=catalog, state=runs.state)
    assert refused.code == ExitCode.SETTINGS
    assert "change_detection" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("sandbox", SMALL, indirect=True)
def test_created_reads_new_rows_and_misses_changes_to_older_ones(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    runs = first(tmp_path, config, "created")
    done = sandbox.mutate(procedure="lead", update=30, insert=12, delete=0, seed=4)
    sandbox.forget_requests()
    second = runs.next(full_scan_every=0)
    ids = set(second.ids("process_lead"))
    assert set(done["inserted"]) <= ids
    assert not ids & (set(done["updated"]) - set(done["inserted"]))
    assert list_requests(sandbox) <= 4
    full = run(
        tmp_path,
        config | {"change_detection": "scan"},
        catalog=catalog_of(tmp_path, config, "process_lead"),
        state=runs.state,
    )
    assert set(done["updated"]) <= set(full.ids("process_lead")), "a scan finds what was missed"


@pytest.mark.parametrize("sandbox", SMALL, indirect=True)
def test_open_misses_rows_that_were_closed_until_the_next_full_scan(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    runs = first(tmp_path, config, "open")
    before = {row.id: row.row["status"] for row in sandbox.oracle("lead")}
    done = sandbox.mutate(procedure="lead", update=60, insert=9, delete=0, seed=6)
    still_open = {i for i in done["updated"] if before.get(i, "OPEN") == "OPEN"}
    closed = set(done["updated"]) - still_open - set(done["inserted"])
    assert closed
    assert still_open
    second = runs.next()
    ids = second.ids("process_lead")
    assert len(ids) == len(set(ids))
    assert still_open | set(done["inserted"]) <= set(ids)
    assert not closed & set(ids)
    state = json.dumps(runs.state)
    assert "last_narrow_scan" in state
    full = runs.next(full_scan_every=0)
    assert closed <= set(full.ids("process_lead"))
    assert "last_narrow_scan" not in json.dumps(runs.state)


@pytest.mark.parametrize("sandbox", SMALL, indirect=True)
def test_an_incomplete_scan_may_be_no_failure_and_moves_no_bookmark_all_the_same(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    runs = first(tmp_path, config, "scan")
    before = runs.state
    sandbox.knobs(
        created_at_filter="ignored", id_filter="ignored", list_order="shuffled_per_request"
    )
    second = runs.next(allow_incomplete=True)
    assert "allow_incomplete" in second.stderr
    assert runs.state == before


@pytest.mark.parametrize("sandbox", HONOURED, indirect=True)
def test_a_full_scan_sees_deleted_rows_now_and_ranges_hold_every_row_once(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    config |= {"procedures": ["lead"], "emit_scan_ids": True, "lookback_seconds": 0}
    first = run(tmp_path, config)
    done = sandbox.mutate(procedure="lead", update=5, insert=0, delete=4, seed=3)
    second = run(tmp_path, config, state=first.states[-1])
    assert not second.records["complete_scans"], "an incremental run sees no deleted rows"
    third = run(tmp_path, config | {"full_scan": True}, state=second.states[-1])
    assert "a full scan is asked for: everything is read" in third.stderr
    assert len(third.records["complete_scans"]) == 1
    seen = {record["id"] for record in third.records["scanned_ids"]}
    alive = {row.id: row.born_ms for row in sandbox.oracle("lead") if row.died_ms is None}
    assert seen == set(alive)
    assert not seen & set(done["deleted"])
    assert len(third.ids("process_lead")) < 20, "what did not change is not emitted again"
    cut = iso_ms(sorted(alive.values())[300])
    old = run(tmp_path, config | {"created_before": cut})
    new = run(tmp_path, config | {"created_after": cut})
    assert sorted([*old.ids("process_lead"), *new.ids("process_lead")]) == sorted(alive)
    assert len(old.ids("process_lead")) == 300
    assert not old.records["complete_scans"]
    assert f'"created_before": "{cut}"' in json.dumps(old.states[-1])
    on = run(tmp_path, config, state=old.states[-1])
    assert sorted(on.ids("process_lead")) == sorted(alive), "no row is taken for loaded"
    assert f"speaks of rows created before {cut} only" in on.stderr
    assert on.stderr.count("every row is emitted once more") == 1
    assert "created_before" not in json.dumps(on.states[-1])
    assert len(on.records["complete_scans"]) == 1
    refused = run(tmp_path, config | {"created_before": cut, "created_after": cut})
    assert refused.code == ExitCode.SETTINGS
    assert "created_before" in refused.stderr
