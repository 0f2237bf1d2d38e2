"""Each example, read with the tool that it is for, or with what that tool publishes of its form."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import Any

import duckdb
import pytest
import yaml
from packaging.requirements import Requirement

from chakra_sandbox.launch import start_sandbox
from tests.artefacts.dockerfile import ROOT

CHECK = ROOT / ".venv-artefacts" / "bin" / "check-jsonschema"
EXAMPLES = ROOT / "examples"


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


def test_the_cron_job_has_what_kubernetes_requires() -> None:
    config, job = yaml.safe_load_all((EXAMPLES / "kubernetes" / "cronjob.yml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    spec = job["spec"]
    assert len(spec["schedule"].split()) == 5
    assert spec["concurrencyPolicy"] in {"Allow", "Forbid", "Replace"}
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] in {"Never", "OnFailure"}  # of a Job, Always is refused
    (container,) = pod["containers"]
    assert {"name", "image"} <= container.keys()
    assert {each["name"] for each in container["volumeMounts"]} == {
        each["name"] for each in pod["volumes"]
    }
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["volumes"][0]["configMap"]["name"] == config["metadata"]["name"]
    (program,) = config["data"]
    assert container["args"][1] == f"{container['volumeMounts'][0]['mountPath']}/{program}"
    compile(config["data"][program], program, "exec")


FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def test_each_line_of_the_crontab_is_one_that_cron_takes() -> None:
    lines = (EXAMPLES / "cron" / "chakra.cron").read_text().splitlines()
    jobs = [line for line in lines if line and line[0] in "0123456789*"]
    others = [line for line in lines if line and line[0] not in "0123456789*#"]
    assert len(jobs) == 2
    assert all(re.fullmatch(r"[A-Z]+=.+", line) for line in others)
    hours: list[int] = []
    for line in jobs:
        *times, user, command = line.split(maxsplit=6)
        assert user == "chakra"
        assert "%" not in command  # cron makes a new line of it
        done = subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        values = [_values(*each) for each in zip(times, FIELDS, strict=True)]
        hours += values[1]
    assert sorted(hours) == list(range(24))


def _values(text: str, bounds: tuple[int, int]) -> list[int]:
    """The values that a field of a crontab means."""
    least, most = bounds
    found: list[int] = []
    for part in text.split(","):
        first, _, last = (f"{least}-{most}" if part == "*" else part).partition("-")
        found += range(int(first), int(last or first) + 1)
    assert all(least <= value <= most for value in found), text
    return found
