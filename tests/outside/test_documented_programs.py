"""The Python programs that the documents show, run as they stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from tests.outside import documents
from tests.outside.dataset import LEADS, TICKETS
from tests.outside.places import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.outside.places import Places


def test_each_program_of_the_documents_runs_in_its_order(
    outside: Places, account: Sandbox, tmp_path: Path
) -> None:
    variables = {
        "SOURCES__CHAKRA__API_KEY": account.api_key,
        "SOURCES__CHAKRA__API_URL": account.url,
        "DESTINATION__CHAKRA__API_KEY": account.api_key,
        "DESTINATION__CHAKRA__API_URL": account.url,
        "DLT_DATA_DIR": str(tmp_path / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    programs = [
        program
        for page in ("README.md", "docs/dlt.md")
        for program in documents.blocks(ROOT / page, "python")
        if "chakra_spark" not in program  # run where there is a Spark: tests/spark
    ]
    assert len(programs) >= 4
    for number, program in enumerate(programs):
        script = tmp_path / f"program_{number}.py"
        script.write_text(program)
        said = outside.shell(f"python {script.name}", tmp_path, variables).well().said
        assert account.api_key not in said
        assert "did not receive any data" not in said, said
    with duckdb.connect(str(tmp_path / "crm.duckdb")) as warehouse:
        count = "select count(*), count(distinct id) from chakra."
        assert warehouse.execute(f"{count}process_lead").fetchone() == (LEADS, LEADS)
        assert warehouse.execute(f"{count}process_ticket").fetchone() == (TICKETS, TICKETS)
    scored = [row for row in account.oracle("lead") if row.data.get("score") == 50]
    assert len(scored) >= 100
