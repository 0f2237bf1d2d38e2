"""Builds the site, and checks what was built: `make docs`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Final

from website.links import faults
from website.stage import ROOT, StageError, stage, version

PLACE: Final = ROOT / ".site"
BUILDER: Final = ROOT / ".venv-docs" / "bin" / "zensical"


def main() -> int:
    """Build and check; the exit code."""
    shutil.rmtree(PLACE, ignore_errors=True)
    try:
        names = list(stage(PLACE / "docs"))
    except StageError as error:
        print(error, file=sys.stderr)
        return 1
    settings = (ROOT / "website" / "mkdocs.yml").read_text()
    told = version((ROOT / "CHANGELOG.md").read_text())
    (PLACE / "mkdocs.yml").write_text(settings.replace("VERSION", told))
    command = [str(BUILDER), "build", "--strict", "--clean"]
    done = subprocess.run(command, cwd=PLACE, check=False)
    if done.returncode:
        return done.returncode
    found = list(faults(PLACE / "html"))
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    built = len(list((PLACE / "html").rglob("*.html")))
    documents = sum(name.endswith(".md") for name in names)
    place = PLACE / "html" / "index.html"
    print(f"{documents} documents, {built} pages, {len(found)} faults: {place}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
