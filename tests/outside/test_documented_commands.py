"""Every command that a document or a plugin file names, typed by a stranger."""

from __future__ import annotations

import csv
import gzip
import json
import signal
import subprocess
from typing import TYPE_CHECKING, Final

import duckdb
import psycopg
import pytest
import sqlalchemy as sa

from tests.outside import documents
from tests.outside.dataset import LEADS
from tests.outside.places import ROOT, clean_environment
from tests.outside.reader import PLANNED, ROWS
from tests.outside.test_documented_alone import ALONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.outside.places import Places

OF_CI: Final = ("make ", ".venv-meltano/bin/meltano ")
"""Commands of a checkout: what begins so is run by `.ci/run` itself, or beside it."""
OF_THE_PLACES: Final = ("pip install ", "meltano add ")
"""Commands by which `places.py` made what these tests stand in."""
SERVERS: Final = ("python -m chakra_sandbox ",)
OF_THE_TUTORIAL: Final = (
    "export SOURCES__",
    "python load.py",
    "python ask.py",
    "python load_team.py",
)
"""Commands that test_tutorial.py types."""
OF_OTHERS: Final = (
    *("node_exporter ", "docker ", "kubectl ", "gh ", "airflow ", "dagster ", "sudo "),
    *("cp ", "mkdir "),
)
"""Commands of programs that a document names, and that are not ours. What Docker would do is done
by tests/artefacts, where Airflow and Dagster are run, and what these lines name is looked up."""
ARGUMENTS: Final = {
    "tap-chakra:audit": "--warehouse duckdb:///{folder}/warehouse.duckdb"
    " --table process_lead=chakra.process_lead --ignore data.city",  # its loader: "" is null
    "tap-chakra:report": "--html {folder}/tap.html",
    "tap-chakra:listen": "--unsigned-path",
    "target-chakra:copy-calls": "{folder}/old.db",
    "target-chakra:report": "--html {folder}/target.html",
    "target-chakra:plan": "{folder}/plan.parquet",
    "target-chakra:apply": "{folder}/plan.parquet --yes",
    "target-chakra:audit": "--run 1",
    "target-chakra:undo": "1 --yes",
    "target-chakra:sync": "--source duckdb:///{folder}/warehouse.duckdb --stream lead_scores"
    " --sql \"SELECT data__lead_id AS lead_id, 990 AS score, 'asha.k' AS owner, 'TRIED' AS stage"
    " FROM chakra.process_lead WHERE data__lead_id = 'L-00003'\"",
    "target-chakra:init": "--procedure lead --source duckdb:///{folder}/warehouse.duckdb"
    " --table chakra.process_lead",
}
"""What a reader gives a command of the plugin files that takes no step without it."""
SAID: Final = {
    "tap-chakra:audit": f"{LEADS} rows in ChakraHQ, {LEADS} in chakra.process_lead",
    "tap-chakra:listen": "/changes/",
    "target-chakra:runs": "1 updated",
    "target-chakra:copy-calls": "0 messages, tasks and public files copied",
    "target-chakra:plan": "78",
    "target-chakra:apply": "1 updated",
    "target-chakra:undo": "1 updated",
    "target-chakra:sync": "1 updated",
}
"""What is said of it."""
SCORES: Final = """
    create schema if not exists marts;
    create table marts.lead_scores as
    select "data__lead_id" as lead_id, 990 as score, 'asha.k' as owner, 'TRIED' as stage
    from chakra.process_lead order by 1 limit 50;
    alter table marts.lead_scores add primary key (lead_id);
"""


def _walked(page: str, *begin: str) -> list[str]:
    """The commands of a page that begin so, in its order."""
    return [line for line in documents.typed().get(page, []) if line.startswith(begin)]


def test_every_command_has_a_test_here() -> None:
    walked = (*OF_CI, *OF_THE_PLACES, *OF_THE_TUTORIAL, *OF_OTHERS, *SERVERS, *MELTANO, *ALONE)
    left = [
        (page, line)
        for page, lines in documents.typed().items()
        for line in lines
        if not line.startswith(walked)
    ]
    assert left == []


def test_every_make_verb_of_a_document_is_there() -> None:
    lines = [line for each in documents.typed().values() for line in each]
    verbs = {line.split()[1] for line in lines if line.startswith("make ")}
    assert verbs
    for verb in verbs:
        done = subprocess.run(["make", "-n", verb], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, verb


# In a Meltano project

MELTANO: Final = ("meltano invoke ", "meltano run ", "export T", "TAP_CHAKRA_")
OF_MELTANO: Final = (
    *("README.md", "docs/how-to/meltano.md", "docs/how-to/backfill.md", "docs/how-to/mirror.md"),
)
"""Pages whose lines are typed in the project, in this order; what is there twice, once."""


@pytest.fixture
def meltano(
    outside: Places, account: Sandbox, postgres: str, tmp_path: Path
) -> Callable[[str], str]:
    """Types a line in the Meltano project; what it said, where it went well."""
    host = sa.make_url(postgres).set(host="localhost", password="unused")  # noqa: S106 - a socket needs none
    variables = {
        "TAP_CHAKRA_API_KEY": account.api_key,
        "TAP_CHAKRA_API_URL": account.url,
        "TARGET_CHAKRA_API_KEY": account.api_key,
        "TARGET_CHAKRA_API_URL": account.url,
        "TARGET_CHAKRA_STREAMS": json.dumps(documents.mapping_of_the_documents()),
        "TARGET_DUCKDB_PATH": str(tmp_path / "warehouse.duckdb"),
        "TARGET_DUCKDB_DEFAULT_TARGET_SCHEMA": "chakra",
        "TARGET_POSTGRES_SQLALCHEMY_URL": postgres,
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "chakra",
        "TARGET_POSTGRES_ACTIVATE_VERSION": "true",
        "TAP_POSTGRES_SQLALCHEMY_URL": host.render_as_string(hide_password=False),
        "TAP_POSTGRES_FILTER_SCHEMAS": '["marts"]',
        "TARGET_JSONL_DESTINATION_PATH": str(tmp_path),
        "MELTANO_DATABASE_URI": f"sqlite:///{tmp_path / 'meltano.db'}",
    }

    def typed(line: str) -> str:
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            variables[name] = account.api_key if "…" in value else value.strip("'")
            return ""
        return outside.shell(line, outside.project, variables).well().said

    return typed


def test_what_the_readme_says_for_meltano_needs_nothing_that_it_does_not_say(
    outside: Places, account: Sandbox, tmp_path: Path
) -> None:
    """But an account to read, and a state of this test's own."""
    variables = {
        "TAP_CHAKRA_API_KEY": account.api_key,
        "TAP_CHAKRA_API_URL": account.url,
        "MELTANO_DATABASE_URI": f"sqlite:///{tmp_path / 'meltano.db'}",
    }
    path = outside.project / "output" / "warehouse.duckdb"
    path.unlink(missing_ok=True)
    lines = _walked("README.md", "meltano invoke ", "meltano run ")
    assert len(lines) == 2
    for line in lines:
        outside.shell(line, outside.project, variables).well()
    with duckdb.connect(str(path), read_only=True) as warehouse:
        rows = warehouse.execute("select count(*) from chakra.process_lead").fetchall()
    assert rows == [(LEADS,)]


def test_meltano_as_the_documents_have_it(
    meltano: Callable[[str], str], account: Sandbox, postgres: str, tmp_path: Path
) -> None:
    living = {row.id: row.data for row in account.oracle("lead")}
    lines = list(dict.fromkeys(line for page in OF_MELTANO for line in _walked(page, *MELTANO)))
    assert len(lines) >= 10
    for line in lines:
        if "tap-postgres" in line and not _has_scores(postgres):
            with psycopg.connect(postgres, autocommit=True) as database:
                database.execute(SCORES)
        if "mirror-commit" in line:
            _mirror(meltano, postgres)
        said = meltano(line)
        if "mirror-commit" in line:
            assert "5 deleted" in said, said
        if "target-duckdb" in line:
            with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as warehouse:
                rows = warehouse.execute(
                    "select id, data__lead_id, data__score from chakra.process_lead"
                ).fetchall()
            assert {row[0]: row[1:] for row in rows} == {
                row_id: (data["lead_id"], data.get("score")) for row_id, data in living.items()
            }
        if line.endswith("target-chakra"):
            assert "50 updated" in said
    rows = [row for row in account.oracle("lead") if row.data.get("score") == 991]
    assert len([row for row in rows if row.died_ms is None]) == 45
    assert len([row for row in account.oracle("lead") if row.died_ms is not None]) == 5
    meltano("meltano run tap-chakra target-jsonl")
    (path,) = tmp_path.glob("process_lead*.jsonl")
    assert len(path.read_text().splitlines()) == LEADS - 5


def _mirror(meltano: Callable[[str], str], postgres: str) -> None:
    """The scores are mirrored from now on, and five of them go."""
    (mapping,) = documents.mapping_of_the_documents()
    mirror = json.dumps([{**mapping, "mode": "mirror"}])
    meltano(f"export TARGET_CHAKRA_STREAMS={mirror}")
    with psycopg.connect(postgres, autocommit=True) as database:
        database.execute("update marts.lead_scores set score = 991")
        meltano("meltano run tap-postgres target-chakra")
        database.execute(
            "delete from marts.lead_scores where lead_id in"
            " (select lead_id from marts.lead_scores order by 1 limit 5)"
        )


def _has_scores(postgres: str) -> bool:
    with psycopg.connect(postgres) as database:
        found = database.execute("select to_regclass('marts.lead_scores')").fetchone()
    return found is not None and found[0] is not None


def test_each_command_of_the_plugin_files(
    meltano: Callable[[str], str], account: Sandbox, tmp_path: Path
) -> None:
    """Behind a run of the target, a plan, and a run of the tap into DuckDB."""
    (tmp_path / "rows.singer").write_text(ROWS)
    (tmp_path / "planned.singer").write_text(PLANNED)
    (tmp_path / "old.db").touch(0o600)
    meltano(f"export TAP_CHAKRA_REPORT_PATH={tmp_path / 'tap-report.json'}")
    meltano(f"export TAP_CHAKRA_WEBHOOK_STORE={tmp_path / 'events.db'}")
    meltano("export TAP_CHAKRA_WEBHOOK_SECRETS=the-hmac-secret")
    meltano(f"export TARGET_CHAKRA_JOURNAL=sqlite:///{tmp_path / 'journal.db'}")
    meltano(f"meltano invoke target-chakra < {tmp_path / 'rows.singer'}")
    plan = f"TARGET_CHAKRA_PLAN_PATH={tmp_path / 'plan.parquet'}"
    meltano(f"{plan} meltano invoke target-chakra < {tmp_path / 'planned.singer'}")
    meltano("meltano run tap-chakra target-duckdb")
    for line in documents.of_meltano():
        if "mirror-commit" in line:
            continue  # after a mirror: in the line of its page
        _, _, command = line.partition("invoke ")
        arguments = ARGUMENTS.get(command, "").format(folder=tmp_path)
        said = meltano(f"{line} {arguments}".strip())
        assert account.api_key not in said
        assert "validation failed" not in said, line
        assert "Parsing" not in said, line
        assert SAID.get(command, "") in said, (line, said)
    pages = [(tmp_path / f"{name}.html").read_text() for name in ("tap", "target")]
    assert all(page.startswith("<!doctype html>") for page in pages)
    scores = {row.data["lead_id"]: row.data.get("score") for row in account.oracle("lead")}
    assert [scores[f"L-{number:05}"] for number in range(1, 4)] == [1, 78, 990]


# Servers


@pytest.mark.parametrize("line", _walked("chakra_sandbox/README.md", *SERVERS))
def test_the_sandbox_as_its_page_has_it(outside: Places, tmp_path: Path, line: str) -> None:
    with gzip.open(tmp_path / "contacts.csv.gz", "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "name"])
        writer.writerows([[f"p{number}@example.org", "Ada"] for number in range(20)])
    python = str(outside.bin / "python")
    words = [python if word == "python" else word for word in line.split()]
    if "--port" in words:
        words[words.index("--port") + 1] = "0"  # that one may be taken
    child = subprocess.Popen(
        words, cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        ready = json.loads(child.stdout.readline())
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=30)
    assert {"url", "api_key", "control", "keys"} <= ready.keys()
