"""The dlt source over the sandbox, into real warehouses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import pyarrow.parquet as pq
import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tap_chakra.dlt_source import incomplete_scans, unfinished_scans
from tests.support.dlt_runs import DATASET, ask, loaded, pipeline, source

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "dlt.md"
ROWS = 3000


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    """An account that nobody changes."""
    with start_sandbox(["--rows", str(ROWS)]) as running:
        yield running


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but the test's own, and no telemetry."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def living(sandbox: Sandbox) -> dict[str, Any]:
    return {row.id: row for row in sandbox.oracle("lead") if row.died_ms is None}


def ids(target: dlt.Pipeline) -> list[str]:
    return [row[0] for row in ask(target, "select id from process_lead")]


def test_duckdb_holds_every_row_and_value(tmp_path: Path, account: Sandbox) -> None:
    target = pipeline(tmp_path, progress="log")
    everything = source(account, nested="columns")
    everything = source(account, *everything.resources, "process_lead", nested="columns")
    target.run(everything)
    alive = living(account)
    held = ask(
        target,
        "select id, data__lead_id, data__city, _extra_data, epoch_ms(updated_at) from process_lead",
    )
    assert len(held) == len(alive)
    for row_id, lead_id, city, extra, updated in held:
        row = alive.pop(row_id)
        assert (lead_id, city) == (row.data.get("lead_id"), row.data.get("city"))
        assert updated == row.updated_ms
        kept = json.loads(extra)["data"] if extra and "data" in json.loads(extra) else {}
        assert all(row.data[name] == value for name, value in kept.items())
    assert loaded(target)["users"] == 12
    assert loaded(target)["states"] == ask(target, "select count(*) from states")[0][0]
    types = dict(
        ask(
            target,
            "select column_name, data_type from information_schema.columns"
            f" where table_schema = '{DATASET}' and table_name = 'process_lead'",
        )
    )
    assert types["data__score"] == "BIGINT"
    assert types["data__birth_date"] == "DATE"
    assert types["data__tags"] == "JSON"
    assert types["created_at"] == "TIMESTAMP WITH TIME ZONE"
    hints = target.default_schema.tables["process_lead"]["columns"]
    assert hints["updated_at"]["dedup_sort"] == "desc"


def test_a_second_run_brings_what_changed_and_the_bookmark_is_the_taps(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    target = pipeline(tmp_path)
    target.run(source(sandbox, lookback_seconds=0))
    done = sandbox.mutate(update=40, insert=5, seed=3)
    target.run(source(sandbox, lookback_seconds=0))
    assert loaded(target)["process_lead"] == len({*done["updated"], *done["inserted"]})
    assert set(ids(target)) == living(sandbox).keys()
    state = target.state["sources"]["chakra"]["resources"]["process_lead"]
    assert state["replication_key"] == "updatedAt"
    assert state["last_complete_scan"]["rows"] == len(living(sandbox))


def test_rows_that_are_gone_follow_from_two_tables_and_the_documented_sql(
    tmp_path: Path, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    target = pipeline(tmp_path)
    target.run(source(sandbox, "process_lead", "process_ticket"))
    gone = set(sandbox.mutate(delete=25, seed=4)["deleted"])  # before the setting is on
    target.run(source(sandbox, "process_lead", "process_ticket", emit_scan_ids=True))
    gone |= set(sandbox.mutate(delete=35, seed=5)["deleted"])
    target.run(source(sandbox, "process_lead", "process_ticket", emit_scan_ids=True))
    assert gone <= set(ids(target))
    assert "did not receive any data" not in capfd.readouterr().err
    (documented,) = re.findall(
        r"^```sql\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL
    )
    ask(target, documented)
    assert set(ids(target)) == living(sandbox).keys()
    tickets = sandbox.stats()["rows"]["ticket"]
    assert ask(target, "select count(*) from process_ticket") == [(tickets,)]


def test_a_long_scan_is_split_into_runs_that_each_commit(tmp_path: Path, account: Sandbox) -> None:
    target = pipeline(tmp_path)
    runs = []
    while not runs or unfinished_scans(target):
        target.run(source(account, max_rows_per_run=800, concurrency=2))
        runs.append(loaded(target)["process_lead"])
        assert len(runs) < 10, runs
    assert len(runs) >= 3
    assert max(runs) <= 1300
    assert set(ids(target)) == living(account).keys()
    assert len(ids(target)) == len(living(account))


def test_a_limit_leaves_a_scan_that_the_next_run_goes_on_with(
    tmp_path: Path, account: Sandbox
) -> None:
    target = pipeline(tmp_path)
    target.run(source(account, max_rows_per_run=500, concurrency=2).add_limit(1))
    first = loaded(target)["process_lead"]
    assert 0 < first < ROWS
    target.run(source(account))
    assert set(ids(target)) == living(account).keys()


def test_resources_in_parallel_bring_the_same(tmp_path: Path, account: Sandbox) -> None:
    target = pipeline(tmp_path)
    names = ("process_lead", "process_ticket", "process_order", "users")
    target.run(source(account, *names).parallelize())
    assert set(ids(target)) == living(account).keys()
    rows = account.stats()["rows"]
    assert loaded(target) == {f"process_{name}": count for name, count in rows.items()} | {
        "users": 12
    }


def test_a_replaced_table_is_read_anew(tmp_path: Path, sandbox: Sandbox) -> None:
    target = pipeline(tmp_path)
    target.run(source(sandbox))
    sandbox.mutate(delete=50, seed=5)
    target.run(source(sandbox), write_disposition="replace")
    assert set(ids(target)) == living(sandbox).keys()
    assert len(ids(target)) == len(living(sandbox))


@pytest.mark.parametrize("nested", ["structs", "json", "columns"])
def test_parquet_files_hold_what_the_layout_says(
    tmp_path: Path, account: Sandbox, nested: str
) -> None:
    files = dlt.destinations.filesystem(str(tmp_path / "lake"))
    target = pipeline(tmp_path, files)
    target.run(source(account, nested=nested), loader_file_format="parquet")
    table = pq.read_table(tmp_path / "lake" / DATASET / "process_lead")
    assert set(table["id"].to_pylist()) == living(account).keys()
    cities = {row.data.get("city") for row in living(account).values()}
    if nested == "columns":
        found = set(table["data__city"].to_pylist())
    elif nested == "json":
        found = {json.loads(text).get("city") for text in table["data"].to_pylist()}
    else:
        found = {row["city"] for row in table["data"].to_pylist()}
    assert found == cities


@pytest.mark.parametrize("nested", ["structs", "columns"])
def test_postgres_holds_every_row(
    tmp_path: Path, account: Sandbox, postgres: str, nested: str
) -> None:
    # dlt wants a host in the address; the one in the query, a socket's folder, is what counts.
    address = postgres.replace("@/", "@localhost/")
    target = pipeline(tmp_path, dlt.destinations.postgres(address), name=f"pg_{nested}")
    target.run(source(account, nested=nested, emit_scan_ids=True))
    city = "data__city" if nested == "columns" else "data ->> 'city'"
    held = dict(ask(target, f"select id, {city} from process_lead"))
    assert held == {row.id: row.data.get("city") for row in living(account).values()}
    assert ask(target, "select count(*) from scanned_ids")[0][0] == ROWS


SHUFFLED = {
    "created_at_filter": "ignored",
    "id_filter": "ignored",
    "list_order": "shuffled_per_request",
}


def test_an_incomplete_scan_fails_and_nothing_of_it_is_kept(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    target = pipeline(tmp_path)
    target.run(source(sandbox))
    before = target.state["sources"]
    sandbox.knobs(**SHUFFLED)
    with pytest.raises(Exception, match=r"not every row can be vouched for .* run it again"):
        target.run(source(sandbox))
    assert target.state["sources"] == before
    assert not target.has_pending_data


def test_an_incomplete_scan_that_is_allowed_is_loaded_and_named(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    target = pipeline(tmp_path)
    target.run(source(sandbox))
    before = dict(target.state["sources"]["chakra"]["resources"]["process_lead"])
    sandbox.knobs(**SHUFFLED)
    inserted = set(sandbox.mutate(insert=5, seed=3)["inserted"])
    target.run(source(sandbox, allow_incomplete=True))
    assert set(incomplete_scans(target)) == {"process_lead"}
    assert inserted & set(ids(target))
    after = dict(target.state["sources"]["chakra"]["resources"]["process_lead"])
    after.pop("incomplete")
    assert after == before
    sandbox.knobs(created_at_filter="works", id_filter="works", list_order="created_asc")
    target.run(source(sandbox))
    assert incomplete_scans(target) == {}


def test_an_account_without_rows_still_has_its_tables(tmp_path: Path) -> None:
    with start_sandbox(["--rows", "0"]) as empty:
        target = pipeline(tmp_path)
        target.run(source(empty, emit_scan_ids=True))
        assert ids(target) == []
        assert ask(target, "select procedure, rows from complete_scans") == [("lead", 0)]
