"""What the outside tests stand on: a new environment, made from nothing, and how to type there.

All of it lies in a folder outside of the checkout, and is made of the wheel, the plugin files and
what the documents say; nothing is taken from the development environment but Meltano itself.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.turns_in_meltano import alone_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).parent.parent.parent
MELTANO: Final = ROOT / ".venv-meltano" / "bin" / "meltano"
EXTRAS: Final = "sandbox,postgres,dlt,duckdb"
READERS: Final = ("pandas",)
"""What a reader of the documents has beside it."""
OURS: Final = ("tap-chakra", "target-chakra")
SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended.

    Attributes:
        code: Its exit code.
        out: What it wrote to standard output.
        err: What it wrote to standard error.
    """

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that it wrote."""
        return f"{self.out}\n{self.err}"

    def well(self) -> Ended:
        """Itself, where it ended with 0 and showed no traceback."""
        assert self.code == 0, self.said
        assert "Traceback" not in self.said, self.said
        return self


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are.

    Attributes:
        folder: Of all of it.
    """

    folder: Path

    @property
    def bin(self) -> Path:
        """Commands of the environment that holds the wheel."""
        return self.folder / "env" / "bin"

    @property
    def project(self) -> Path:
        """The Meltano project."""
        return self.folder / "project"

    @property
    def wheel(self) -> Path:
        """The wheel."""
        (wheel,) = (self.folder / "dist").glob("*.whl")
        return wheel

    @property
    def sdist(self) -> Path:
        """The source distribution."""
        (sdist,) = (self.folder / "dist").glob("*.tar.gz")
        return sdist

    def shell(
        self, line: str, folder: Path, more: Mapping[str, str] | None = None, text: str = ""
    ) -> Ended:
        """Type a line into a shell that stands in a folder and finds the commands.

        Args:
            line: As a document has it.
            folder: Where.
            more: Further variables of the environment.
            text: What comes on standard input.
        """
        path = f"{self.bin}:{MELTANO.parent}:{os.environ['PATH']}"
        turn = alone_in(folder) if folder == self.project else nullcontext()
        with turn:
            done = subprocess.run(
                ["bash", "-c", f"set -o pipefail; {line}"],
                cwd=folder,
                env={**clean_environment(), "PATH": path, **(more or {})},
                input=text,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        return Ended(done.returncode, done.stdout, done.stderr)


def clean_environment() -> dict[str, str]:
    """The environment, without what would lead back to the checkout or to somebody's account."""
    ours = re.compile(r"(TAP|TARGET|MELTANO|PYTHON|VIRTUAL|PYTEST|COV)_?")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "200"}


def make(folder: Path) -> Iterator[str]:
    """Make wheel and environment; a line for each step, before it begins."""
    places = Places(folder)
    yield "building wheel and source distribution"
    run([sys.executable, "-m", "hatchling", "build", "-d", str(folder / "dist")], ROOT)
    yield "installing the wheel into a new environment"
    uv = [sys.executable, "-m", "uv"]
    run([*uv, "venv", "-q", "--python", sys.executable, str(folder / "env")], folder)
    python = str(places.bin / "python")
    what = [f"{places.wheel}[{EXTRAS}]", "dlt[duckdb,postgres]", *READERS]
    run([*uv, "pip", "install", "-q", "--python", python, *what], folder)


def run(command: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS * 2,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


def remove(folder: Path) -> None:
    """Remove what was made."""
    shutil.rmtree(folder, ignore_errors=True)
