"""Each example, read with the tool that it is for, or with what that tool publishes of its form."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import duckdb
import pytest
import yaml
from packaging.requirements import Requirement

from chakra_sandbox.launch import start_sandbox
from tests.artefacts.dockerfile import ROOT
from tests.outside import documents

TOOLS = ROOT / ".venv-artefacts" / "bin"
CHECK = TOOLS / "check-jsonschema"
KUBERNETES = TOOLS / "kubernetes-validate"
PYTHON = TOOLS / "python"
EXAMPLES = ROOT / "examples"
CRON_JOB = EXAMPLES / "kubernetes" / "cronjob.yml"


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("vendor.compose-spec", "compose.yml"),
        ("vendor.github-workflows", "examples/github-actions/chakra.yml"),
        ("vendor.citation-file-format", "CITATION.cff"),
        ("vendor.meltano", "meltano.yml"),
        ("vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/fault.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/wish.yml"),
    ],
)
def test_a_file_has_the_form_that_its_tool_publishes(schema: str, name: str) -> None:
    done = subprocess.run(
        [str(CHECK), "--builtin-schema", schema, str(ROOT / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_compose_starts_is_there() -> None:
    services = yaml.safe_load((ROOT / "compose.yml").read_text())["services"]
    load = services["load"]
    assert {*load["depends_on"]} == {*services} - {"load"}
    folder = load["volumes"][0].partition(":")[0]
    assert (ROOT / folder / load["command"][1].rpartition("/")[2]).exists()
    for service in services.values():
        image = service["image"]
        assert re.search(r":\d+\.\d+", image), image
    ours = [each for each in services.values() if each["image"].startswith("chakra-connectors")]
    assert all(each["read_only"] and each["tmpfs"] == ["/tmp"] for each in ours)  # noqa: S108


def test_the_template_loads_an_account(tmp_path: Any) -> None:
    project = tmp_path / "project"
    shutil.copytree(EXAMPLES / "dlt-template", project)
    with start_sandbox(["--rows", "200"]) as sandbox:
        secrets = (project / ".dlt" / "example.secrets.toml").read_text()
        key = "the access token of an Admin"
        assert key in secrets
        (project / ".dlt" / "secrets.toml").write_text(secrets.replace(key, sandbox.api_key))
        config = project / ".dlt" / "config.toml"
        config.write_text(config.read_text().replace("https://api.chakrahq.com", sandbox.url))
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "chakra_pipeline.py"],
                cwd=project,
                capture_output=True,
                text=True,
                check=False,
                env={"PATH": "/usr/bin:/bin", "DLT_DATA_DIR": str(tmp_path / "dlt")},
            )
            assert done.returncode == 0, done.stderr
    with duckdb.connect(str(project / "chakra_pipeline.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute("select count(*) from chakra.process_lead").fetchall() == [(200,)]
    ignored = (project / ".gitignore").read_text().split()
    assert ".dlt/secrets.toml" in ignored


def test_the_template_asks_for_packages_that_are_ours_and_dlts() -> None:
    lines = (EXAMPLES / "dlt-template" / "requirements.txt").read_text().split()
    assert {Requirement(line).name for line in lines} == {"chakra-connectors", "dlt"}


@pytest.mark.parametrize("release", ["1.27.0", "1.37.0"])
def test_kubernetes_takes_each_object_of_the_cron_job(release: str) -> None:
    """By the schema of its API, in which a name that it does not know is an error.

    1.27 is the first in which `timeZone` counts.
    """
    done = subprocess.run(
        [str(KUBERNETES), "--strict", "--kubernetes-version", release, str(CRON_JOB)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("passed for resource") == 2


def test_what_the_cron_job_names_is_there() -> None:
    config, job = yaml.safe_load_all(CRON_JOB.read_text())
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] in {"Never", "OnFailure"}  # of a Job, Always is refused
    (container,) = pod["containers"]
    assert {each["name"] for each in container["volumeMounts"]} == {
        each["name"] for each in pod["volumes"]
    }
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["volumes"][0]["configMap"]["name"] == config["metadata"]["name"]
    (program,) = config["data"]
    assert container["args"][1] == f"{container['volumeMounts'][0]['mountPath']}/{program}"
    compile(config["data"][program], program, "exec")


def test_the_image_of_the_cron_job_is_the_one_that_its_head_builds_and_pushes() -> None:
    text = CRON_JOB.read_text()
    head = text.partition("apiVersion:")[0]
    _, job = yaml.safe_load_all(text)
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert f"docker build -t {container['image']} ." in head
    assert f"docker push {container['image']}" in head
    assert container["image"].endswith(f"/chakra-connectors:{version('chakra-connectors')}")
    keys = {
        each["valueFrom"]["secretKeyRef"]["key"] for each in container["env"] if "valueFrom" in each
    }
    assert keys == set(re.findall(r"--from-literal=([a-z-]+)=", head))


CRONTAB = (EXAMPLES / "cron" / "chakra.cron").read_text()
TIMES_OF_A_DAY = """
import datetime, sys
from cronsim import CronSim
start = datetime.datetime(2026, 11, 29, 23, 59)
for when in CronSim(sys.argv[1], start):
    if when.date() > datetime.date(2026, 11, 30):
        break
    print(f"{when:%H:%M}")
"""
EACH_HOUR = [f"{hour:02}:07" for hour in range(24)]


def jobs(crontab: str) -> list[list[str]]:
    """The lines of a crontab that start something: five fields of a time, and what follows."""
    lines = [line for line in crontab.splitlines() if line and line[0] in "0123456789*"]
    return [line.split(maxsplit=6) for line in lines]


def times_of_a_day(expression: str) -> list[str]:
    """When a schedule starts what it starts, on a day, by a reader of crontabs."""
    done = subprocess.run(
        [str(PYTHON), "-c", TIMES_OF_A_DAY, expression], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_lines_of_the_crontab_start_one_run_an_hour() -> None:
    started = [when for line in jobs(CRONTAB) for when in times_of_a_day(" ".join(line[:5]))]
    assert sorted(started) == EACH_HOUR
    (full,) = [line for line in jobs(CRONTAB) if "FULL_TABLE" in line[6]]
    assert times_of_a_day(" ".join(full[:5])) == ["06:07"]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("airflow/chakra_dag.py", r'schedule="([^"]+)"'),
        ("dagster/chakra_assets.py", r'cron_schedule="([^"]+)"'),
        ("github-actions/chakra.yml", r'cron: "([^"]+)"'),
        ("kubernetes/cronjob.yml", r'schedule: "([^"]+)"'),
    ],
)
def test_each_other_schedule_is_of_every_hour_too(name: str, pattern: str) -> None:
    (expression,) = re.findall(pattern, (EXAMPLES / name).read_text())
    assert times_of_a_day(expression) == EACH_HOUR


def test_the_line_of_the_page_on_monitoring_starts_each_quarter_of_an_hour() -> None:
    (block,) = documents.blocks(ROOT / "docs" / "monitoring.md", "cron")
    (line,) = jobs(block)
    assert len(times_of_a_day(" ".join(line[:5]))) == 96


def test_what_a_line_of_the_crontab_runs_is_a_command_of_a_shell() -> None:
    lines = CRONTAB.splitlines()
    others = [line for line in lines if line and line[0] not in "0123456789*#"]
    assert all(re.fullmatch(r"[A-Z]+=.+", line) for line in others)
    for *_, user, command in jobs(CRONTAB):
        assert user == "chakra"
        assert "%" not in command  # cron makes a new line of it
        done = subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
