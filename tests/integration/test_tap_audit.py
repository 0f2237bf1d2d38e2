"""`tap-chakra audit` as its user runs it: what a test lost and changed is what it finds."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from chakra_api.exit_codes import ExitCode
from chakra_api.values.timestamps import parse_timestamp
from tests.support import warm
from tests.support.in_process import KEY, run_tap, world_of, written
from tests.support.loaders import flattened, records, store
from tests.support.tap_process import COMMAND, environment

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

    Row = dict[str, Any]
    Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def loaded(
    shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Row, list[Row]]:
    """Settings of a tap, and what it emits of an account that keeps still."""
    folder = tmp_path_factory.mktemp("loaded")
    config = {
        "api_key": shared_sandbox.api_key,
        "api_url": shared_sandbox.url,
        "procedures": ["lead"],
    }
    return config, records(folder, config)


def audit(folder: Path, config: Row, *args: str, warehouse: str = "", table: str = "") -> Done:
    """Run it."""
    (folder / "config.json").write_text(json.dumps(config))
    at = warehouse or f"duckdb:///{folder / 'w.duckdb'}"
    command = [*COMMAND, "--config", str(folder / "config.json"), "audit", "--warehouse", at]
    words = [*command, "--table", table or "process_lead=raw.process_lead", *args]
    return warm.run(words, cwd=folder, env=environment())


def told(done: Done) -> Row:
    """The JSON that it printed."""
    (line,) = done.stdout.splitlines()
    found: Row = json.loads(line)
    return found


def verdicts(folder: Path) -> dict[str, set[str]]:
    """The ids in a results file, by verdict."""
    found: dict[str, set[str]] = {}
    with (folder / "r.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["verdict"], set()).add(row["id"])
    return found


def test_a_table_that_holds_what_chakra_holds_agrees(
    tmp_path: Path, loaded: tuple[Row, list[Row]]
) -> None:
    config, rows = loaded
    store(tmp_path / "w.duckdb", [flattened(row) for row in rows])
    done = audit(tmp_path, config)
    assert done.returncode == ExitCode.DONE, done.stdout + done.stderr
    assert "They agree." in done.stdout
    assert f"process_lead: {len(rows):,} rows in ChakraHQ, {len(rows):,} in raw" in done.stdout
    assert "48 columns were compared" in done.stdout
    assert "Not compared" not in done.stdout


def test_each_row_that_is_lost_stale_or_extra_is_named_and_no_other(
    tmp_path: Path, loaded: tuple[Row, list[Row]]
) -> None:
    config, rows = loaded
    kept = [flattened(row) for n, row in enumerate(rows) if n % 50]
    lost = {row["id"] for n, row in enumerate(rows) if not n % 50}
    older = kept[3] | {"updatedat": "2020-01-01T00:00:00.000Z", "data__city": "Elsewhere"}
    edited = kept[7] | {"data__score": (kept[7]["data__score"] or 0) + 1}
    emptied = kept[9] | {"data__name": None}
    ghost = kept[11] | {"id": "11111111-1111-4111-8111-111111111111"}
    kept[3], kept[7], kept[9] = older, edited, emptied
    store(tmp_path / "w.duckdb", [*kept, ghost])
    done = audit(tmp_path, config, "--results", "r.csv", "--json")
    assert done.returncode == ExitCode.DIFFERS, done.stderr
    stale = {older["id"], edited["id"], emptied["id"]}
    assert verdicts(tmp_path) == {"missing": lost, "stale": stale, "extra": {ghost["id"]}}
    page = told(done)
    assert page["counts"] == {
        "agrees": len(rows) - len(lost) - len(stale),
        "missing": len(lost),
        "extra": 1,
        "stale": 3,
        "unlisted": 0,
        "twice": 0,
        "changed meanwhile": 0,
    }
    assert page["columns_that_differ"] == {
        "updatedAt": 1,
        "data.city": 1,
        "data.score": 1,
        "data.name": 1,
    }
    assert page["stale_rows"] == {"older": 1, "same time": 2}
    days: dict[str, int] = {}
    for row in rows:
        if row["id"] in lost:
            days[row["createdAt"][:10]] = days.get(row["createdAt"][:10], 0) + 1
    shown = {each["created_day"]: each.get("missing", 0) for each in page["days"]}
    assert {day: count for day, count in shown.items() if count} == days


def test_a_table_of_ids_alone_does_not_agree(tmp_path: Path, loaded: tuple[Row, list[Row]]) -> None:
    config, rows = loaded
    store(tmp_path / "w.duckdb", [{"id": row["id"]} for row in rows])
    done = audit(tmp_path, config)
    assert done.returncode == ExitCode.DIFFERS, done.stderr
    assert "They hold the same ids; no value was compared." in done.stdout
    assert "with the same values" not in done.stdout
    assert "They agree" not in done.stdout
    page = told(audit(tmp_path, config, "--json"))
    assert (page["agrees"], page["compared"]) == (False, {})


def test_a_row_that_is_twice_in_the_table_is_named(
    tmp_path: Path, loaded: tuple[Row, list[Row]]
) -> None:
    config, rows = loaded
    table = [flattened(row) | {"_sdc_batched_at": "a"} for row in rows]
    other_load = table[8] | {"_sdc_batched_at": "b"}
    older = table[9] | {"updatedat": "2020-01-01T00:00:00Z"}
    store(tmp_path / "w.duckdb", [*table, table[3], table[3], other_load, older])
    done = audit(tmp_path, config, "--results", "r.csv")
    assert done.returncode == ExitCode.DIFFERS, done.stderr
    doubled = {table[3]["id"]}
    assert verdicts(tmp_path) == {"twice": doubled}
    with (tmp_path / "r.csv").open(newline="") as file:
        notes = {row["id"]: row["note"] for row in csv.DictReader(file)}
    assert notes[table[3]["id"]] == "3 times in the table"
    assert f"twice: {', '.join(sorted(doubled))}" in done.stdout
    assert "2 rows of the table have a newer version there, which counts" in done.stdout
    assert "They differ." in done.stdout


def test_a_deleted_row_that_is_marked_is_not_extra_and_of_versions_the_newest_counts(
    tmp_path: Path, loaded: tuple[Row, list[Row]]
) -> None:
    config, rows = loaded
    plain = [flattened(row) | {"_sdc_deleted_at": None, "_sdc_batched_at": "b"} for row in rows]
    old = {"data__city": "Elsewhere", "_sdc_batched_at": "a"}
    versions = [row | old | {"updatedat": "2020-01-01T00:00:00Z"} for row in plain[:5]]
    same_time = plain[5] | old
    gone = plain[0] | {"id": "gone", "_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    marked = plain[6] | {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    rest = plain[:6] + plain[7:]
    store(tmp_path / "w.duckdb", [*rest, *versions, same_time, gone, marked])
    done = audit(tmp_path, config, "--json", "--results", "r.csv")
    page = told(done)
    assert (page["older_versions"], page["marked_deleted"]) == (6, 1)
    assert verdicts(tmp_path) == {"missing": {marked["id"]}}
    assert done.returncode == ExitCode.DIFFERS


@pytest.mark.parametrize("layout", ["JSON", "struct"])
def test_attributes_are_found_in_one_column_of_json_or_of_structs(
    tmp_path: Path, loaded: tuple[Row, list[Row]], layout: str
) -> None:
    config, rows = loaded
    keep = json.dumps if layout == "JSON" else dict
    table = pa.Table.from_pylist(
        [
            {name.lower(): each for name, each in row.items() if not isinstance(each, dict)}
            | {"data": keep(row["data"]), "deriveddata": keep(row["derivedData"])}
            for row in rows[1:]
        ]
    )
    folder = tmp_path / "raw"
    folder.mkdir()
    pq.write_table(table.slice(0, 100), folder / "1.parquet")
    pq.write_table(table.slice(100), folder / "2.parquet")
    done = audit(
        tmp_path, config, "--json", "--results", "r.csv", warehouse=str(tmp_path), table="lead=raw"
    )
    page = told(done)
    assert page["not_compared"] == {}
    assert verdicts(tmp_path) == {"missing": {rows[0]["id"]}}


def test_a_table_of_postgresql(
    tmp_path: Path, loaded: tuple[Row, list[Row]], postgres: str
) -> None:
    config, rows = loaded
    flat = [flattened(row) for row in rows]
    names = sorted({name for row in flat for name in row})
    table = [{name: row.get(name) for name in names} for row in flat]
    table[4]["data__city"] = "Elsewhere"
    times = {name for name in table[0] if name.endswith("at")} | {"data__last_contacted"}
    engine = sa.create_engine(postgres)
    with engine.begin() as database:
        database.execute(sa.text("DROP TABLE IF EXISTS audited"))
        columns = [
            sa.Column(name, _kind_of(name, [row[name] for row in table], times))
            for name in table[0]
        ]
        made = sa.Table("audited", sa.MetaData(), *columns)
        made.create(database)
        database.execute(
            made.insert(),
            [{n: v.replace("Z", "+00:00") if v and n in times else v for n, v in row.items()}
             for row in table],
        )  # fmt: skip
    done = audit(
        tmp_path, config, "--results", "r.csv", warehouse=postgres, table="process_lead=audited"
    )
    engine.dispose()
    assert done.returncode == ExitCode.DIFFERS, done.stderr
    assert verdicts(tmp_path) == {"stale": {table[4]["id"]}}
    assert "Not compared" not in done.stdout


def _kind_of(name: str, values: list[Any], times: set[str]) -> Any:
    if name in times:
        return sa.DateTime(timezone=True)
    kinds = {type(each) for each in values} - {type(None)}
    return {int: sa.BigInteger(), float: sa.Double(), bool: sa.Boolean()}.get(
        kinds.pop() if len(kinds) == 1 else str, sa.Text()
    )


def test_types_of_another_grain_are_compared_as_finely_as_they_tell_and_said(
    tmp_path: Path, loaded: tuple[Row, list[Row]]
) -> None:
    config, rows = loaded
    casts = {
        "updatedat": "TIMESTAMP_S",
        "data__budget": "DECIMAL(18,1)",
        "data__rating": "FLOAT",
        "data__score": "HUGEINT",
        "createdby": "BLOB",
    }
    store(tmp_path / "w.duckdb", [flattened(row) for row in rows], casts)
    done = audit(tmp_path, config)
    assert done.returncode == ExitCode.DONE, done.stdout + done.stderr
    assert "Compared to the second, as the table tells no more: updatedAt" in done.stdout
    assert "Compared to 1 digits behind the point, as the table tells no more: data.budget" in (
        done.stdout
    )
    assert "Compared to seven digits, as the table tells no more: data.rating" in done.stdout
    assert "Not compared, the table holds binary, ChakraHQ text: createdBy" in done.stdout


@pytest.mark.parametrize("deleted", ["soft_hidden", "soft_listed"])
def test_what_changes_while_it_runs_is_counted_apart_and_hides_nothing(
    tmp_path: Path, sandbox: Sandbox, deleted: str
) -> None:
    config = {"api_key": sandbox.api_key, "api_url": sandbox.url, "procedures": ["lead"]}
    sandbox.knobs(delete_mode=deleted)
    rows = records(tmp_path, config)
    table = [flattened(row) for n, row in enumerate(rows) if n % 10]
    edited = table[::20]
    for row in edited:
        row["data__city"] = "Elsewhere"
    ghost = table[1] | {"id": "ghost"}
    store(tmp_path / "w.duckdb", [*table, ghost])
    gone = sandbox.mutate("lead", delete=20)["deleted"]
    sandbox.knobs(churn=3)
    done = audit(tmp_path, config, "--results", "r.csv", "--json")
    sandbox.knobs(churn=0)
    found, began = verdicts(tmp_path), parse_timestamp(told(done)["began"])
    assert began is not None
    touched = {
        each.id
        for each in sandbox.oracle("lead")
        if max((each.born_ms, each.died_ms or 0, *each.changes)) >= began
    }
    assert len(touched) > 30, "the sandbox kept still"
    missing = {row["id"] for n, row in enumerate(rows) if not n % 10} - touched
    stale = {row["id"] for row in edited} - touched - set(gone)
    extra = set(gone) - touched - {row["id"] for n, row in enumerate(rows) if not n % 10}
    wanted = {"missing": missing - set(gone), "stale": stale, "extra": extra | {"ghost"}}
    if deleted == "soft_listed":
        # A deleted row is listed, and differs by its isDeleted.
        wanted = {"missing": missing, "stale": stale | extra, "extra": {"ghost"}}
        wanted["stale"] |= {row["id"] for row in edited} & set(gone) - touched
    assert {each: ids - touched for each, ids in found.items() if each in wanted} == wanted
    alarms = set().union(*(found[each] for each in wanted))
    faults = {row["id"] for row in (*rows[::10], *edited)} | {*gone, "ghost"}
    assert alarms <= faults, "a false alarm"
    assert done.returncode == ExitCode.DIFFERS


def test_a_scan_that_is_not_complete_says_nothing_of_extra_rows(tmp_path: Path) -> None:
    settings = {"api_key": KEY, "api_url": "http://chakra.test", "procedures": ["lead"]}
    world = world_of(400, has_more="exact")
    config = written(tmp_path, "config.json", settings)
    ghost = {"id": "ghost", "createdat": "2020-01-01T00:00:00Z"}
    store(tmp_path / "w.duckdb", [ghost])

    def spoil(request: Any, response: Any) -> Any:
        """Rows of an answer come without an id."""
        if not request.path.endswith("/list"):
            return response
        body = json.loads(response.body)
        if len(body["_data"]) > 2:
            body["_data"][1]["id"] = None
        return type(response)(
            response.status, response.headers, json.dumps(body).encode(), response.redact
        )

    at = f"duckdb:///{tmp_path / 'w.duckdb'}"
    done = run_tap(
        world,
        ["--config", config, "audit", "--warehouse", at, "--table", "lead=raw.process_lead",
         "--json"],
        spoil,
    )  # fmt: skip
    page = json.loads(done.stdout)
    assert done.code == ExitCode.INCOMPLETE
    assert page["complete"] is False
    assert page["unsure"]
    assert "extra" not in page["counts"]
    assert page["counts"]["missing"] > 0
    assert "ghost" not in done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--table", "process_laed=raw.x"], "'process_laed' is no stream of processes"),
        (["--table", "process_lead"], "names no stream and table"),
        (["--table", "process_lead=raw.nothing"], "There is no table 'raw.nothing'"),
        (["--results", "r.xlsx"], "End its name in .parquet, .csv, .jsonl"),
        (["--results", "nowhere/r.csv"], "can't be written: No such file or directory"),
        (["--table", "process_lead=raw.keyless"], "The table has no column id (a)"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    tmp_path: Path, loaded: tuple[Row, list[Row]], args: list[str], said: str
) -> None:
    config, rows = loaded
    store(tmp_path / "w.duckdb", [flattened(row) for row in rows[:5]])
    with duckdb.connect(str(tmp_path / "w.duckdb")) as database:
        database.execute("CREATE TABLE raw.keyless AS SELECT 1 AS a")
    done = audit(tmp_path, config, *args)
    assert done.returncode == ExitCode.SETTINGS
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r.csv").exists()
    assert list(tmp_path.glob(".r*")) == []


@pytest.mark.parametrize("setting", ["process_ids", "only_ids"])
def test_named_processes_are_refused_before_anything_is_asked(tmp_path: Path, setting: str) -> None:
    world = world_of(3)
    lines = written(tmp_path, "ids.txt", "lead\t4b8f6a2e-0000-4000-8000-000000000000\n")
    value = {"process_ids": {"lead": ["4b8f6a2e"]}, "only_ids": lines}[setting]
    config = written(tmp_path, "config.json", {"api_key": KEY, setting: value})
    at = f"duckdb:///{tmp_path / 'w.duckdb'}"
    store(tmp_path / "w.duckdb", [{"id": "4b8f6a2e"}])
    done = run_tap(
        world, ["--config", config, "audit", "--warehouse", at, "--table", "lead=raw.process_lead"]
    )
    assert done.code == ExitCode.SETTINGS
    assert "audit compares all of a table, and process_ids or only_ids names" in done.stderr
    assert not list(world.log.lines())


def test_a_signal_ends_it_in_order_and_leaves_no_results(tmp_path: Path, sandbox: Sandbox) -> None:
    config = {"api_key": sandbox.api_key, "api_url": sandbox.url, "procedures": ["lead"]}
    store(tmp_path / "w.duckdb", [flattened(row) for row in records(tmp_path, config)[:5]])
    sandbox.knobs(latency_ms=2_000)
    (tmp_path / "config.json").write_text(json.dumps(config))
    at = f"duckdb:///{tmp_path / 'w.duckdb'}"
    child = subprocess.Popen(
        [*COMMAND, "--config", "config.json", "audit", "--warehouse", at, "--table",
         "lead=raw.process_lead", "--results", "r.csv"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )  # fmt: skip
    sandbox.forget_requests()
    while not any(each["path"].endswith("/list") for each in sandbox.requests()):
        assert child.poll() is None
    child.send_signal(signal.SIGTERM)
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == ExitCode.STOPPED, stderr
    assert "Stopped by signal 15" in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    assert list(tmp_path.glob("*r.csv*")) == []
