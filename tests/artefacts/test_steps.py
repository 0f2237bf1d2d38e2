"""The steps of docs/deploying.md: what they name is what the examples hold."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from tests.artefacts.dockerfile import ROOT
from tests.outside import documents

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ROOT / "examples"
PAGE = "docs/deploying.md"


def typed(*begin: str) -> list[str]:
    """The commands of the page that begin so, in its order."""
    return [line for line in documents.typed()[PAGE] if line.startswith(begin)]


def cron_job() -> dict[str, Any]:
    """The CronJob, without what it mounts."""
    _, job = yaml.safe_load_all((EXAMPLES / "kubernetes" / "cronjob.yml").read_text())
    assert isinstance(job, dict)
    return job


def test_what_is_copied_for_github_is_a_whole_project(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(EXAMPLES)
    lines = [line for line in typed("mkdir ", "cp ") if "pipeline" in line]
    done = subprocess.run(
        ["bash", "-ec", "\n".join(lines)], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (workflow,) = (tmp_path / "pipeline" / ".github" / "workflows").iterdir()
    steps = yaml.safe_load(workflow.read_text())["jobs"]["load"]["steps"]
    runs = " ".join(each["run"] for each in steps if "run" in each)
    named = re.findall(r"\b[\w/]+\.(?:py|txt)\b", runs)
    assert sorted(named) == ["chakra_pipeline.py", "requirements.txt"]
    assert [name for name in named if not (tmp_path / "pipeline" / name).exists()] == []
    assert (tmp_path / "pipeline" / ".dlt" / "config.toml").exists()


def test_github_is_given_the_secrets_that_the_workflow_asks_for() -> None:
    text = (EXAMPLES / "github-actions" / "chakra.yml").read_text()
    given = {line.split()[-1] for line in typed("gh secret set ")}
    assert given == set(re.findall(r"secrets\.(\w+)", text))
    (started,) = typed("gh workflow run ")
    assert (EXAMPLES / "github-actions" / started.split()[-1]).exists()


def test_kubernetes_is_given_what_the_cron_job_names() -> None:
    job = cron_job()
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    asked = [each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each]
    (secret,) = typed("kubectl create secret generic ")
    name = shlex.split(secret)[4]
    keys = set(re.findall(r"--from-literal=([\w-]+)=", secret))
    assert {(each["name"], each["key"]) for each in asked} == {(name, key) for key in keys}
    assert [line for line in typed("docker ") if line.split()[-1].startswith("registry.")] == [
        f"docker push {container['image']}"
    ]
    assert f"docker build -t {container['image']} ." in typed("docker build ")
    (first,) = typed("kubectl create job ")
    assert f"--from=cronjob/{job['metadata']['name']} " in first
    made = first.split()[-1]
    assert all(line.endswith(f"job/{made}") for line in typed("kubectl wait ", "kubectl logs "))
    (applied,) = typed("kubectl apply ")
    assert (ROOT / applied.split()[-1]).samefile(EXAMPLES / "kubernetes" / "cronjob.yml")


def test_the_lines_for_airflow_and_dagster_name_what_their_files_define() -> None:
    dag = (EXAMPLES / "airflow" / "chakra_dag.py").read_text()
    (tested,) = typed("airflow dags test ")
    assert f'dag_id="{tested.split()[-1]}"' in dag
    assets = (EXAMPLES / "dagster" / "chakra_assets.py").read_text()
    (executed,) = typed("dagster job execute ")
    assert f'define_asset_job("{executed.split()[-1]}"' in assets
    assert all(" chakra_assets.py" in line for line in typed("dagster "))


def test_cron_gets_the_file_under_a_name_that_it_reads_and_runs_what_was_tried() -> None:
    crontab = (EXAMPLES / "cron" / "chakra.cron").read_text()
    (placed,) = [line for line in typed("sudo install ") if "cron.d" in line]
    *_, source, place = placed.split()
    assert (ROOT / source).read_text() == crontab
    assert re.fullmatch(r"/etc/cron\.d/[\w-]+", place)  # cron skips a name that has a dot
    (tried,) = typed("sudo -u chakra bash -c ")
    for part in shlex.split(tried)[-1].split(" && "):
        assert part in crontab
