"""The example for Airflow: Airflow loads its file, and runs its DAG's commands in their order."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from target_chakra.cli.command import COMMANDS
from tests.artefacts.dockerfile import ROOT

if TYPE_CHECKING:
    from pathlib import Path

AIRFLOW = ROOT / ".venv-airflow" / "bin" / "airflow"
EXAMPLE = ROOT / "examples" / "airflow" / "chakra_dag.py"
PLACE = "/srv/chakra"
NOTES_HOW_IT_WAS_CALLED = """#!/bin/sh
echo "${0##*/} $*" >> calls
"""


def test_airflow_runs_the_dag(tmp_path: Path) -> None:
    project, commands, dags = (tmp_path / name for name in ("project", "commands", "dags"))
    for folder in (project, commands, dags):
        folder.mkdir()
    text = EXAMPLE.read_text()
    assert PLACE in text
    (dags / EXAMPLE.name).write_text(text.replace(PLACE, str(project)))
    for name in ("meltano", "dbt", "target-chakra"):
        (commands / name).write_text(NOTES_HOW_IT_WAS_CALLED)
        (commands / name).chmod(0o755)
    variables = {
        "PATH": f"{commands}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "WAREHOUSE_URL": "postgresql://warehouse/crm",
    }
    for words in (("db", "migrate"), ("dags", "test", "chakra")):
        done = subprocess.run(
            [str(AIRFLOW), *words], env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    load, model, write_back = (project / "calls").read_text().splitlines()
    assert load == "meltano run tap-chakra target-postgres"
    assert model == "dbt build --select chakra"
    command, _, _, verb, *given = write_back.split()
    assert command == "target-chakra"
    assert verb in COMMANDS
    assert "postgresql://warehouse/crm" in given
