"""Reads a Dockerfile, and does on this machine what a builder would do in a container."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent


@dataclass
class Stage:
    """One FROM of a Dockerfile, with what follows it."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def said(self, instruction: str) -> list[str]:
        """What it says with an instruction, in order."""
        return [text for name, text in self.steps if name == instruction]


def stages() -> list[Stage]:
    """The stages of our Dockerfile."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    found: list[Stage] = []
    for instruction in re.sub(r"\\\n\s*", "", text).splitlines():
        name, _, rest = instruction.strip().partition(" ")
        if name == "FROM":
            base, _, called = rest.partition(" AS ")
            found.append(Stage(base, called))
        elif name and found:
            found[-1].steps.append((name, rest))
    return found


def build(folder: Path) -> Path:
    """Carry out the first stage under a folder: where its /opt/chakra is.

    COPY sees what .dockerignore lets through, and nothing else.
    """
    build_stage, final = stages()
    context, place = folder / "context", folder / "src"
    _let_through(context)
    place.mkdir()
    for name, text in build_stage.steps:
        if name == "COPY":
            *sources, to = text.split()
            for source in sources:
                _copy(context / source, place / to, into=to.endswith("/"))
        elif name == "RUN":
            command = text.replace("/opt/chakra", f"{folder}/opt/chakra")
            command = re.sub(r"^python ", f"{_python()} ", command)
            subprocess.run(["sh", "-c", command], cwd=place, check=True, capture_output=True)
    assert final.said("COPY") == ["--from=build /opt/chakra /opt/chakra"]
    return folder / "opt" / "chakra"


def _python() -> str:
    """A Python that anybody may run; else that of the tests, which may lie in somebody's home."""
    for path in ("/usr/local/bin/python3", "/usr/bin/python3"):
        asks = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))"
        if Path(path).exists() and not subprocess.run([path, "-c", asks], check=False).returncode:
            return path
    return sys.executable


def entrypoint() -> list[str]:
    """The command that runs what it is given."""
    (said,) = stages()[-1].said("ENTRYPOINT")
    command: list[str] = json.loads(said)
    return command


def _let_through(context: Path) -> None:
    """What a builder is given: .dockerignore leaves out all but some names."""
    everything, *allowed = (ROOT / ".dockerignore").read_text().split()
    assert everything == "*"
    for line in allowed:
        if line.startswith("!"):
            _copy(ROOT / line[1:], context / line[1:], into=False)


def _copy(source: Path, to: Path, *, into: bool) -> None:
    to = to / source.name if into or (to.is_dir() and source.is_file()) else to
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(
            source, to, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
        )
    else:
        shutil.copy(source, to)
