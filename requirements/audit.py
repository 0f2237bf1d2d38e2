"""Looks up known faults of the locked packages: `make audit-deps`.

pip-audit asks the index's data about each locked version. A version that it could not look up was
not found to be without fault, and is told: pip-audit itself ends with 0 where it found nothing to
ask.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements/dev.txt", "requirements/spark.txt")
"""What is installed to work on this project; what users install (release.txt) is a part of it."""
NOTHING_KNOWN, FOUND, NOT_LOOKED_UP = 0, 1, 2
SERVICES = ("pypi", "osv")
"""Where the data is, in the order in which they are asked."""


def asked(service: str) -> list[dict[str, Any]] | None:
    """What pip-audit found, by package; None where it did not get an answer."""
    command = [
        *(sys.executable, "-m", "pip_audit"),
        *(part for lock in LOCKS for part in ("--requirement", lock)),
        *("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"),
        f"--vulnerability-service={service}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    return found


def verdict(found: list[dict[str, Any]] | None) -> tuple[int, list[str]]:
    """The exit code, and the lines to say.

    Args:
        found: What pip-audit found; None where it did not get an answer.
    """
    if not found:
        return NOT_LOOKED_UP, ["Nothing was looked up: the data on known faults is not reached"]
    skipped = [each["name"] for each in found if "skip_reason" in each]
    lines = [
        f"{each['name']} {each['version']}: {fault['id']}, mended in"
        f" {', '.join(fault.get('fix_versions') or ['no version yet'])}"
        for each in found
        for fault in each.get("vulns", ())
    ]
    if len(skipped) == len(found):
        return NOT_LOOKED_UP, [
            f"Nothing was looked up: the index has no data on any of the {len(found)} packages"
        ]
    told = f"{len(found) - len(skipped)} of {len(found)} packages were looked up"
    if skipped:
        told += f"; not {', '.join(skipped)}"
    lines.append(f"{told}; {len(lines) or 'no'} known faults")
    return (FOUND if len(lines) > 1 else NOT_LOOKED_UP if skipped else NOTHING_KNOWN), lines


def main() -> int:
    """Ask each service until one answers; returns the exit code."""
    verdicts = (verdict(asked(service)) for service in SERVICES)
    first = next(verdicts)
    code, lines = first
    if code == NOT_LOOKED_UP:
        code, lines = next((each for each in verdicts if each[0] != NOT_LOOKED_UP), first)
    print("\n".join(lines))  # noqa: T201 - a script that reports
    return code


if __name__ == "__main__":
    sys.exit(main())
