"""The example for Dagster: Dagster loads its file, and runs the job that its schedule starts."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import psycopg

from chakra_sandbox.launch import start_sandbox
from tests.artefacts.dockerfile import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DAGSTER = ROOT / ".venv-dagster" / "bin" / "dagster"
EXAMPLE = ROOT / "examples" / "dagster" / "chakra_assets.py"


def test_dagster_runs_the_job_twice(postgres: str, tmp_path: Path) -> None:
    copied = shutil.copy(EXAMPLE, tmp_path)  # Python writes what it compiled beside it
    with start_sandbox(["--rows", "200"]) as sandbox:
        variables = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "DAGSTER_HOME": str(tmp_path),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "DLT_DATA_DIR": str(tmp_path / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "SOURCES__CHAKRA__API_KEY": sandbox.api_key,
            "SOURCES__CHAKRA__API_URL": sandbox.url,
            # dlt wants a host in the address; the one in the query, a socket's folder, counts.
            "DESTINATION__POSTGRES__CREDENTIALS": postgres.replace("@/", "@localhost/"),
        }
        for _ in range(2):
            done = subprocess.run(
                [str(DAGSTER), "job", "execute", "--python-file", copied, "--job", "chakra"],
                cwd=tmp_path,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert "Materialized value chakra_tables" in done.stderr
    with psycopg.connect(postgres) as warehouse:
        loaded = warehouse.execute("select count(*) from chakra.process_lead").fetchall()
    assert loaded == [(200,)]
