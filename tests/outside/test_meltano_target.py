"""The repository's own Meltano project, both ways: a warehouse's scores go back to ChakraHQ."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa

from chakra_sandbox.launch import start_sandbox
from tests.outside.places import MELTANO, ROOT
from tests.support.target_process import living, writes
from tests.support.turns_in_meltano import alone_in

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.timeout(900)  # they take turns in one project
SCORES = """
    create schema if not exists marts;
    drop table if exists marts.lead_scores;
    create table marts.lead_scores as
    select "data__lead_id" as lead_id, 42 as score, 'from the warehouse' as remarks
    from chakra.process_lead where "data__lead_id" is not null
    order by 1 limit 400;
    alter table marts.lead_scores add primary key (lead_id);
"""


def url_of(uri: str) -> str:
    """The URI in the form that tap-postgres insists on: with a host and a password."""
    url = sa.make_url(uri).set(host="localhost", password="unused")  # noqa: S106 - a socket needs none
    return url.render_as_string(hide_password=False)


class Project:
    """The repository's project with a state of its own."""

    def __init__(self, folder: Path, sandbox: Sandbox, uri: str) -> None:
        self._environment = {
            **os.environ,
            "TAP_CHAKRA_API_KEY": sandbox.api_key,
            "TAP_CHAKRA_API_URL": sandbox.url,
            "TARGET_CHAKRA_API_KEY": sandbox.api_key,
            "TARGET_CHAKRA_API_URL": sandbox.url,
            "TARGET_POSTGRES_SQLALCHEMY_URL": uri,
            "TAP_POSTGRES_SQLALCHEMY_URL": url_of(uri),
            # The journal beside the warehouse: for runners that have no disk of their own.
            "TARGET_CHAKRA_JOURNAL": uri,
            "MELTANO_DATABASE_URI": f"sqlite:///{folder / 'meltano.db'}",
            "NO_COLOR": "1",
        }

    def __call__(self, *args: str) -> str:
        with alone_in(ROOT):
            done = subprocess.run(
                [str(MELTANO), *args],
                cwd=ROOT,
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said


def outcomes(log: str) -> dict[str, int]:
    (line,) = [x for x in log.splitlines() if '{"run":' in x]
    receipt = json.JSONDecoder().raw_decode(line[line.index('{"run":') :])[0]
    return {name: count for name, count in receipt["outcomes"].items() if count}


def test_scores_of_a_postgres_warehouse_go_back_and_a_rerun_sends_nothing(
    tmp_path: Path, postgres: str
) -> None:
    with start_sandbox(["--rows", "600"]) as sandbox:
        meltano = Project(tmp_path, sandbox, postgres)
        meltano("run", "tap-chakra", "target-postgres")
        with psycopg.connect(postgres, autocommit=True) as database:
            database.execute(SCORES)
        first = meltano("run", "--full-refresh", "tap-postgres", "target-chakra")
        assert outcomes(first) == {"updated": 400}
        rows = list(living(sandbox).values())
        scored = [row for row in rows if row["data"].get("remarks") == "from the warehouse"]
        assert len(scored) == 400
        assert {row["data"]["score"] for row in scored} == {42}
        sandbox.forget_requests()
        again = meltano("run", "--full-refresh", "tap-postgres", "target-chakra")
        assert outcomes(again) == {"unchanged": 400}
        assert writes(sandbox) == 0
        assert "400 updated" in meltano("invoke", "target-chakra:runs")
        assert "No open rejects" in meltano("invoke", "target-chakra:rejects")
