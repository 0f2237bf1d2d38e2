"""The repository's own Meltano project, from the sandbox into real warehouses, rows counted."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pytest
import yaml

from chakra_sandbox.launch import start_sandbox
from tests.outside.places import MELTANO, ROOT
from tests.support import tap_process
from tests.support.turns_in_meltano import alone_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.timeout(900)  # they take turns in one project
ROWS = 3000
SCHEMA = "chakra"


class Pipeline:
    """`meltano run` with a state of its own."""

    def __init__(self, folder: Path, sandbox: Sandbox, **settings: str) -> None:
        self.folder = folder
        self._environment = {
            **os.environ,
            "TAP_CHAKRA_API_KEY": sandbox.api_key,
            "TAP_CHAKRA_API_URL": sandbox.url,
            "MELTANO_DATABASE_URI": f"sqlite:///{folder / 'meltano.db'}",
            "NO_COLOR": "1",
            **settings,
        }

    def run(self, loader: str, **more: str) -> str:
        """Run tap and loader; what they logged."""
        with alone_in(ROOT):
            done = subprocess.run(
                [str(MELTANO), "run", "tap-chakra", loader],
                cwd=ROOT,
                env=self._environment | more,
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
        self.code = done.returncode
        return done.stdout + done.stderr

    def load(self, loader: str, **more: str) -> str:
        log = self.run(loader, **more)
        assert self.code == 0, log
        return log


@contextmanager
def account(*arguments: str) -> Iterator[Sandbox]:
    with start_sandbox(["--rows", str(ROWS), *arguments]) as sandbox:
        yield sandbox


def duck(path: Path, question: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(question).fetchall()


def expected_extra(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """By id: the attributes of leads that no configuration names."""
    config = sandbox.get_json("/v1/ext/config")["_data"]
    (lead,) = [p for p in config["procedures"] if p["shortId"] == "lead"]
    named = {a["shortId"] for a in config["attributes"] if a["id"] in lead["attributes"]}
    return {
        row.id: unnamed
        for row in sandbox.oracle("lead")
        if row.died_ms is None
        and (unnamed := {k: v for k, v in row.data.items() if k not in named})
    }


def test_duckdb_holds_every_row_and_value(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with account() as sandbox:
        Pipeline(tmp_path, sandbox, TARGET_DUCKDB_PATH=str(path)).load("target-duckdb")
        living = {row.id: row for row in sandbox.oracle("lead") if row.died_ms is None}
        extra = expected_extra(sandbox)
        config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
        emitted = tap_process.run(tmp_path, config).records
    held = duck(
        path, f"select id, data__lead_id, data__city, _extra_data from {SCHEMA}.process_lead"
    )
    assert {row[0] for row in held} == living.keys()
    assert len(held) == len(living)
    for row_id, lead_id, city, _ in held:
        assert lead_id == living[row_id].data.get("lead_id")
        assert city == living[row_id].data.get("city")
    stored = {row_id: json.loads(text)["data"] for row_id, _, _, text in held if text}
    assert extra, "the sandbox made no attribute that the configuration does not name"
    for row_id, unnamed in extra.items():
        assert unnamed.items() <= stored[row_id].items()
    of_texts_alone = {"team", "states"}
    assert of_texts_alone < emitted.keys()
    assert len(emitted["users"]) == 12
    for stream, records in emitted.items():
        assert duck(path, f"select count(*) from {SCHEMA}.{stream}") == [(len(records),)], stream


def test_duckdb_keeps_its_rows_when_the_tap_fails_half_way(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with account() as sandbox:
        pipeline = Pipeline(tmp_path, sandbox, TARGET_DUCKDB_PATH=str(path))
        pipeline.load("target-duckdb")
        before = duck(path, f"select count(*), count(distinct id) from {SCHEMA}.process_lead")
        fault = {"kind": "500", "match": "process/list", "probability": 1.0}
        sandbox.knobs(faults=[fault])
        log = pipeline.run("target-duckdb", TAP_CHAKRA_PROCEDURES='["lead"]')
        assert pipeline.code != 0
        # Meltano shows a traceback of its own; the tap must show none.
        assert "/tap_chakra/" not in log
        assert "500" in log
        assert (
            duck(path, f"select count(*), count(distinct id) from {SCHEMA}.process_lead") == before
        )
        sandbox.knobs(faults=[])
        pipeline.load("target-duckdb")
        assert (
            duck(path, f"select count(*), count(distinct id) from {SCHEMA}.process_lead") == before
        )


def test_postgres_holds_every_row_and_forgets_deleted_ones(tmp_path: Path, postgres: str) -> None:
    full = {"TAP_CHAKRA__METADATA": json.dumps({"process_*": {"replication-method": "FULL_TABLE"}})}
    with account() as sandbox, psycopg.connect(postgres, autocommit=True) as database:
        pipeline = Pipeline(tmp_path, sandbox, TARGET_POSTGRES_SQLALCHEMY_URL=postgres, **full)
        pipeline.load("target-postgres")
        extra = expected_extra(sandbox)
        question = (
            f'select id, "_extra_data", "data__lead_id", "updatedAt" from {SCHEMA}.process_lead'
        )
        first = {row[0]: row for row in database.execute(question).fetchall()}
        living = {row.id: row for row in sandbox.oracle("lead") if row.died_ms is None}
        assert first.keys() == living.keys()
        assert all(first[i][2] == row.data.get("lead_id") for i, row in living.items())
        assert all(round(first[i][3].timestamp() * 1000) == r.updated_ms for i, r in living.items())
        assert extra
        for row_id, unnamed in extra.items():
            assert unnamed.items() <= json.loads(first[row_id][1])["data"].items()
        gone = set(sandbox.mutate(delete=60, seed=5)["deleted"])
        pipeline.load("target-postgres")
        active = f'select id from {SCHEMA}.process_lead where "_sdc_deleted_at" is null'
        left = {row[0] for row in database.execute(active).fetchall()}
    assert gone
    assert left == living.keys() - gone


def lines_of_the_crontab() -> list[dict[str, str]]:
    """The settings that each line of the example gives its run, the hourly line first."""
    text = (ROOT / "examples" / "cron" / "chakra.cron").read_text()
    lines = re.findall(r"chakra\.env && (.*?)flock -n run\.lock meltano run tap-chakra", text)
    found = [dict(word.split("=", 1) for word in shlex.split(line)) for line in lines]
    assert len(found) == 2
    return found


def test_the_crontab_marks_deleted_rows_each_morning(tmp_path: Path, postgres: str) -> None:
    """And what changes after that comes with the next hour, without a mark of a living row."""
    hourly, morning = lines_of_the_crontab()
    loader = {
        "TARGET_POSTGRES_SQLALCHEMY_URL": postgres,
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "crontab",
        "TAP_CHAKRA_PROCEDURES": '["lead"]',
    }

    def marked() -> dict[str, bool]:
        question = 'select id, "_sdc_deleted_at" is not null from crontab.process_lead'
        return dict(database.execute(question).fetchall())

    with (
        start_sandbox(["--rows", "300"]) as sandbox,
        psycopg.connect(postgres, autocommit=True) as database,
    ):
        pipeline = Pipeline(tmp_path, sandbox, **loader)
        pipeline.load("target-postgres", **hourly)
        assert not any(marked().values())
        gone = set(sandbox.mutate(delete=6, seed=3)["deleted"])
        pipeline.load("target-postgres", **morning)
        assert {row_id for row_id, mark in marked().items() if mark} == gone
        sandbox.mutate(update=20, insert=5, seed=4)
        pipeline.load("target-postgres", **hourly)
        living = {row.id: row for row in sandbox.oracle("lead") if row.died_ms is None}
        assert {row_id for row_id, mark in marked().items() if not mark} == living.keys()
        question = (
            'select id, "updatedAt" from crontab.process_lead where "_sdc_deleted_at" is null'
        )
        times = {i: round(at.timestamp() * 1000) for i, at in database.execute(question).fetchall()}
    assert gone
    assert times == {row_id: row.updated_ms for row_id, row in living.items()}


def test_doctor_is_a_command_of_the_plugin_and_keeps_its_look_by_environment(
    tmp_path: Path,
) -> None:
    """A project of its own, whose plugin is this tap as it is installed here."""
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]
    (tap,) = [each for each in plugins["extractors"] if each["name"] == "tap-chakra"]
    del tap["pip_url"]
    tap["executable"] = str(Path(sys.executable).parent / "tap-chakra")
    project = {
        "version": 1,
        "project_id": "3f6c2a58-7a94-4a3e-9c1b-000000000000",
        "send_anonymous_usage_stats": False,
        "default_environment": "dev",
        "environments": [{"name": "dev"}, {"name": "prod"}],
        "plugins": {"extractors": [tap]},
    }
    (tmp_path / "meltano.yml").write_text(yaml.safe_dump(project))
    with account() as sandbox:
        environment = {
            **os.environ,
            "TAP_CHAKRA_API_KEY": sandbox.api_key,
            "TAP_CHAKRA_API_URL": sandbox.url,
            "NO_COLOR": "1",
        }
        for name in ("dev", "prod"):
            done = subprocess.run(
                [str(MELTANO), "--environment", name, "invoke", "tap-chakra:doctor"],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert "3 of 3 can be read: lead, ticket, order" in done.stdout
            assert (tmp_path / ".tap-chakra" / name / "doctor.json").exists()
