"""Warehouses that hold an account as each way of loading leaves it, and dbt over them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import dlt
import duckdb
import psycopg
import pytest

from chakra_sandbox.launch import start_sandbox
from tap_chakra.dlt_source import chakra_source
from tests.support.tap_process import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.launch import Sandbox

ROOT: Final = Path(__file__).parent.parent.parent
DBT: Final = ROOT / ".venv-dbt" / "bin" / "dbt"
LOADER: Final = ROOT / ".meltano" / "loaders" / "target-duckdb" / "venv" / "bin" / "target-duckdb"
SCHEMA: Final = "chakra"
ROWS: Final = 300
SETTINGS: Final = {"emit_scan_ids": True, "change_detection": "scan"}
SINGER: Final = {"flattening_enabled": True, "flattening_max_depth": 1}
WAYS: Final = ("singer", "singer in snake case", "dlt", "dlt in PostgreSQL")


@dataclass(frozen=True)
class Warehouse:
    """Tables of an account.

    Attributes:
        folder: Where its files lie.
        address: URI of a PostgreSQL; empty for the DuckDB in the folder.
    """

    folder: Path
    address: str = ""

    @property
    def path(self) -> Path:
        """The DuckDB file."""
        return self.folder / "warehouse.duckdb"

    @property
    def profile(self) -> dict[str, Any]:
        """As dbt connects to it."""
        if not self.address:
            return {"type": "duckdb", "path": str(self.path), "schema": "models", "threads": 1}
        given = psycopg.conninfo.conninfo_to_dict(self.address)
        return {
            "type": "postgres",
            "host": given["host"],
            "port": int(given.get("port") or 5432),
            "user": given["user"],
            "password": given.get("password") or "none",
            "dbname": given["dbname"],
            "schema": "models",
            "threads": 1,
        }

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """The rows that a question brings."""
        if self.address:
            with psycopg.connect(self.address) as connection:
                return connection.execute(question.encode()).fetchall()
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(question).fetchall()

    def dbt(self, *args: str) -> str:
        """What a command of dbt over the package printed."""
        profiles = {"chakra": {"target": "test", "outputs": {"test": self.profile}}}
        (self.folder / "profiles.yml").write_text(json.dumps(profiles))
        places = ("--project-dir", str(ROOT / "dbt"), "--profiles-dir", str(self.folder))
        made = (
            "--target-path",
            str(self.folder / "target"),
            "--log-path",
            str(self.folder / "log"),
        )
        done = subprocess.run(
            [str(DBT), "--no-use-colors", "--no-version-check", *args, *places, *made],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    """The account that is loaded; rows of it are deleted between two loads."""
    with start_sandbox(["--rows", str(ROWS)]) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def warehouses(
    account: Sandbox, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Warehouse]:
    """A warehouse for each way, loaded, and loaded again after rows were deleted."""
    found = {}
    for way in WAYS:
        address = postgres if "PostgreSQL" in way else ""
        found[way] = Warehouse(tmp_path_factory.mktemp("warehouse"), address)
    for deleted in (0, 20):
        if deleted:
            assert len(account.mutate(delete=deleted, seed=5)["deleted"]) == deleted
        for way, warehouse in found.items():
            (_with_dlt if way.startswith("dlt") else _with_singer)(account, warehouse, way)
    return found


def _with_singer(account: Sandbox, warehouse: Warehouse, way: str) -> None:
    spelling = "snake_case" if "snake" in way else "chakra"
    tap = {"api_key": account.api_key, "api_url": account.url, "column_names": spelling}
    # Without its own columns the loader loses the first row of tables that are all texts.
    target = {
        "path": str(warehouse.path),
        "default_target_schema": SCHEMA,
        "add_metadata_columns": True,
    }
    configs = []
    for name, config in (("tap", tap | SETTINGS | SINGER), ("target", target)):
        path = warehouse.folder / f"{name}.json"
        path.write_text(json.dumps(config))
        configs.append(str(path))
    with subprocess.Popen(
        [*COMMAND, "--config", configs[0]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as reads:
        done = subprocess.run(
            [str(LOADER), "--config", configs[1]],
            stdin=reads.stdout,
            capture_output=True,
            check=False,
        )
        _, said = reads.communicate()
    assert reads.returncode == 0, said
    assert done.returncode == 0, done.stderr


def _with_dlt(account: Sandbox, warehouse: Warehouse, way: str) -> None:
    # dlt wants a host in the address; the one in the query, a socket's folder, is what counts.
    address = warehouse.address.replace("@/", "@localhost/")
    destination: Any = dlt.destinations.duckdb(str(warehouse.path))
    if address:
        destination = dlt.destinations.postgres(address)
    pipeline = dlt.pipeline(
        f"package_{way.replace(' ', '_').lower()}",
        destination=destination,
        dataset_name=SCHEMA,
        pipelines_dir=str(warehouse.folder / "pipelines"),
    )
    made = chakra_source(account.api_key, api_url=account.url, nested="columns", **SETTINGS)
    pipeline.run(made)
