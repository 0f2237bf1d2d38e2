"""Finds a Chromium to test pages in, or has Debian's own installed where that is possible.

    python -m tests.browser.chromium

prints its path, or what is missing in one line; then it ends with 2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE: Final = "CHROMIUM"
"""Names another one."""
INSTALL: Final = "apt-get install -y -qq --no-install-recommends chromium"


def found() -> str | None:
    """The path of a Chromium; None if there is none."""
    named = os.environ.get(VARIABLE)
    paths = [shutil.which(each) for each in ((named,) if named else NAMES)]
    return next((path for path in paths if path is not None), None)


def may_install() -> bool:
    """Whether this is a Debian, or one of its kind, and its root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def had() -> str | None:
    """The path of a Chromium, installed first where there is none and that may be; else None."""
    path = found()
    if path is None and may_install() and not os.environ.get(VARIABLE):
        sys.stderr.write(f"There is no Chromium: {INSTALL} ...\n")
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get update -qq", INSTALL):
            done = subprocess.run(
                command.split(), env=quiet, capture_output=True, text=True, check=False
            )
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["no reason told"])[-1]
                sys.stderr.write(f"{command}: {last}\n")
                return None
        path = found()
    return path


if __name__ == "__main__":
    chromium = had()
    if chromium is None:
        sys.stderr.write(
            "Chromium is missing: install it (on Debian and Ubuntu: apt-get install chromium), or"
            f" name one in {VARIABLE}\n"
        )
        sys.exit(2)
    sys.stdout.write(f"{chromium}\n")
