"""Resolves the locked requirements anew, for every Python and platform that we support.

The files name no package index: pip's own settings say where packages come from.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMON = (
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
    "--python-version=3.10",
    "--quiet",
)
EXTRAS = ("sandbox", "webhooks", "postgres", "dlt", "duckdb")
"""All but `spark`, whose 450 MB have an environment of their own."""
PROJECT = ("pyproject.toml", *(f"--extra={name}" for name in EXTRAS), "--group=dev")
SPARK = ("pyproject.toml", "--extra=sandbox", "--extra=spark", "--group=spark")
IMAGE = (
    *("pyproject.toml", "requirements/image.in", "--no-strip-extras"),
    *(f"--extra={name}" for name in EXTRAS),
)
LOCKS = {
    "dev.txt": PROJECT,
    "lowest.txt": (*PROJECT, "--resolution=lowest-direct"),
    "release.txt": ("pyproject.toml", "--all-extras", "--constraints=requirements/dev.txt"),
    "spark.txt": (*SPARK, "--constraints=requirements/dev.txt"),
    "audit.txt": ("requirements/audit.in",),
    "docs.txt": ("requirements/docs.in",),
    "meltano.txt": ("requirements/meltano.in",),
    "peers.txt": ("requirements/peers.in",),
    "image.txt": (*IMAGE, "--constraints=requirements/dev.txt"),
    "artefacts.txt": ("requirements/artefacts.in",),
    "airflow.txt": ("requirements/airflow.in",),
    "dagster.txt": (
        *("pyproject.toml", "requirements/dagster.in", "--extra=dlt"),
        "--constraints=requirements/dev.txt",
    ),
    "dbt.txt": ("requirements/dbt.in", "--no-strip-extras"),
    "mutants.txt": ("requirements/mutants.in",),
}


def main() -> None:
    """Write all lock files."""
    for name, arguments in LOCKS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", *arguments, *COMMON]
        target = ROOT / "requirements" / name
        subprocess.run([*command, "--output-file", str(target)], cwd=ROOT, check=True)  # noqa: S603 - fixed words
        print(f"wrote {target.relative_to(ROOT)}")  # noqa: T201 - a script that reports


if __name__ == "__main__":
    main()
