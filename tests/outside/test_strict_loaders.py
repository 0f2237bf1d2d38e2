"""Features of the tap through the loaders that people use: strict ones."""

from __future__ import annotations

import json
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
        line = f"meltano run tap-chakra {loader}"
        return self._outside.shell(line, self._outside.project, self._variables | more).well()

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.duckdb)) as warehouse:
            return warehouse.execute(question).fetchall()

    def lines(self, stream: str) -> list[dict[str, Any]]:
        """What target-jsonl wrote of a stream, into a file for each run."""
        paths = self.folder.glob(f"{stream}-*.jsonl")
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


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
