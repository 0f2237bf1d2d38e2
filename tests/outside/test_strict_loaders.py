"""Features of the tap through the loaders that people use: strict ones."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg

from tests.outside import documents
from tests.outside.dataset import LEADS
from tests.outside.places import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.outside.places import Ended, Places


class Project:
    """The Meltano project, with the warehouses of one test."""

    def __init__(self, outside: Places, account: Sandbox, folder: Path, **more: str) -> None:
        self._outside = outside
        self.folder = folder
        self.duckdb = folder / "warehouse.duckdb"
        self._variables = {
            "TAP_CHAKRA_API_KEY": account.api_key,
            "TAP_CHAKRA_API_URL": account.url,
            "TARGET_DUCKDB_PATH": str(self.duckdb),
            "TARGET_DUCKDB_DEFAULT_TARGET_SCHEMA": "main",
            "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "chakra",
            "TARGET_JSONL_DESTINATION_PATH": str(folder),
            "MELTANO_DATABASE_URI": f"sqlite:///{folder / 'meltano.db'}",
            **more,
        }

    def run(self, loader: str, **more: str) -> Ended:
        return self._typed(f"meltano run tap-chakra {loader}", **more)

    def emitted(self) -> dict[str, int]:
        """How many records the tap emits, by stream; no state is kept."""
        printed = self._typed("meltano invoke tap-chakra").out
        messages = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        return Counter(each["stream"] for each in messages if each["type"] == "RECORD")

    def load(self, messages: list[dict[str, Any]], **more: str) -> Ended:
        """Give messages of another tap to the DuckDB loader."""
        text = "".join(f"{json.dumps(message)}\n" for message in messages)
        return self._typed("meltano invoke target-duckdb", text, **more)

    def held(self) -> dict[str, int]:
        """How many rows there are in DuckDB, by table."""
        tables = self.ask("select table_name from information_schema.tables")
        return {name: self.ask(f"select count(*) from {name}")[0][0] for (name,) in tables}

    def _typed(self, line: str, text: str = "", **more: str) -> Ended:
        variables = self._variables | more
        return self._outside.shell(line, self._outside.project, variables, text).well()

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.duckdb)) as warehouse:
            return warehouse.execute(question).fetchall()

    def lines(self, stream: str) -> list[dict[str, Any]]:
        """What target-jsonl wrote of a stream, into a file for each run."""
        paths = self.folder.glob(f"{stream}-*.jsonl")
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def test_duckdb_holds_as_many_rows_of_each_stream_as_the_tap_emitted(
    outside: Places, account: Sandbox, tmp_path: Path
) -> None:
    project = Project(outside, account, tmp_path)
    emitted = project.emitted()
    project.run("target-duckdb")
    assert {"team", "states", "users", "process_lead", "process_ticket"} <= emitted.keys()
    held = project.held()
    assert {name: held[name] for name in emitted} == dict(emitted)


def _texts(table: str, columns: int, rows: int) -> list[dict[str, Any]]:
    """A table of nothing but texts, as another tap sends it."""
    names = [f"c{number}" for number in range(columns)]
    schema = {
        "type": "SCHEMA",
        "stream": table,
        "schema": {"properties": {name: {"type": ["string", "null"]} for name in names}},
        "key_properties": names[:1],
    }
    records = [
        {name: f"{table} {number}" if name == "c0" else "Ada" for name in names}
        for number in range(rows)
    ]
    return [schema, *({"type": "RECORD", "stream": table, "record": each} for each in records)]


def test_duckdb_keeps_every_row_of_tables_that_are_all_texts(
    outside: Places, account: Sandbox, tmp_path: Path
) -> None:
    """Tables of users' own, of any size, in one batch and in several."""
    tables = {"one": (2, 1), "key_alone": (1, 7), "many": (3, 40), "broad": (12, 11)}
    project = Project(outside, account, tmp_path)
    for count in ("10", "20000"):
        messages = [
            message
            for name, (columns, rows) in tables.items()
            for message in _texts(f"{name}_{count}", columns, rows)
        ]
        project.load(messages, TARGET_DUCKDB_BATCH_SIZE_ROWS=count)
    expected = {
        f"{name}_{count}": rows for name, (_, rows) in tables.items() for count in (10, 20000)
    }
    assert project.held() == expected


def test_scan_ids_load_and_take_out_what_is_gone(
    outside: Places, account: Sandbox, postgres: str, tmp_path: Path
) -> None:
    """Rows that went before the ids were switched on among them."""
    project = Project(outside, account, tmp_path, TARGET_POSTGRES_SQLALCHEMY_URL=postgres)
    project.run("target-duckdb")
    account.mutate(delete=20, seed=1)
    for loader in ("target-duckdb", "target-postgres", "target-jsonl"):
        project.run(loader, TAP_CHAKRA_EMIT_SCAN_IDS="true")
    account.mutate(delete=20, insert=10, seed=2)
    project.run("target-duckdb", TAP_CHAKRA_EMIT_SCAN_IDS="true")
    (sql,) = documents.blocks(ROOT / "docs" / "how-to" / "deleted-rows.md", "sql")
    project.ask(sql)
    held = {row[0] for row in project.ask("select id from process_lead")}
    assert held == {row.id for row in account.oracle("lead") if row.died_ms is None}
    with psycopg.connect(postgres) as database:
        seen = database.execute("select count(*) from chakra.scanned_ids").fetchone()
    assert seen is not None
    assert seen[0] >= LEADS - 20
    assert len(project.lines("scanned_ids")) >= LEADS - 20
    assert {line["procedure"] for line in project.lines("complete_scans")} == {"lead", "ticket"}


def test_batch_files_load_with_flattening_and_without_what_a_map_takes_out(
    outside: Places, account: Sandbox, postgres: str, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    batch = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{files}"},
    }
    project = Project(
        outside,
        account,
        tmp_path,
        TARGET_POSTGRES_SQLALCHEMY_URL=postgres,
        TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA="batches",
        TAP_CHAKRA_BATCH_CONFIG=json.dumps(batch),
        TAP_CHAKRA_STREAM_MAPS=json.dumps({"users": {"email": None}}),
    )
    project.run("target-postgres")
    with psycopg.connect(postgres) as database:
        rows = database.execute("select id, data__city from batches.process_lead").fetchall()
        users = database.execute("select * from batches.users limit 1")
        columns = {column.name for column in users.description or ()}
    assert dict(rows) == {row.id: row.data.get("city") for row in account.oracle("lead")}
    assert "id" in columns
    assert "email" not in columns


def test_masked_values_are_in_no_warehouse(
    outside: Places, account: Sandbox, tmp_path: Path
) -> None:
    project = Project(
        outside,
        account,
        tmp_path,
        TAP_CHAKRA_MASK=json.dumps({"*.email": "hash", "*.phone": "drop", "*.name": "keep-first"}),
        TAP_CHAKRA_MASK_SALT="pepper-and-salt-of-the-test",
    )
    project.run("target-duckdb")
    said = project.run("target-jsonl").said
    text = json.dumps(project.lines("process_lead")) + said
    for row in account.oracle("lead"):
        assert row.data["email"] not in text
        assert row.data["phone"] not in text
    assert project.ask("select count(distinct data__email) from process_lead") == [(LEADS,)]
    held = columns_of(project)
    assert "data__phone" not in held


def columns_of(project: Project) -> set[str]:
    return {row[0] for row in project.ask("select column_name from (describe process_lead)")}
