"""What stands between a tree and a release: `make release`.

The version stands in pyproject.toml. The changelog is signed off once: what is under *Unreleased*
gets the version and the day. Then wheel, source and SBOM are built and checked, and it is said
what to upload; nothing is uploaded.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parent.parent
CHANGELOG = ROOT / "CHANGELOG.md"
CITATION = ROOT / "CITATION.cff"
UNRELEASED = "## Unreleased\n"
PACKAGES = {
    *("chakra_api", "chakra_plugin", "chakra_sandbox", "chakra_spark"),
    *("tap_chakra", "target_chakra"),
}


class NotReady(Exception):
    """Why there is no release yet; what to do stands in it."""


def version_of(project: str) -> str:
    """The version that a pyproject.toml names."""
    (version,) = re.findall(r'^version = "([^"]+)"', project, re.MULTILINE)
    return str(version)


def signed_off(changelog: str, version: str, day: str) -> str:
    """The changelog with what was unreleased under a version and a day; itself if that is done.

    Args:
        changelog: As it is.
        version: The one to release.
        day: ISO 8601.

    Raises:
        NotReady: There is nothing to release under that version.
    """
    heading = f"## {version} ({day})\n"
    _, _, waiting = changelog.partition(UNRELEASED)
    waiting = re.split(r"^## ", waiting, maxsplit=1, flags=re.MULTILINE)[0].strip()
    known = re.findall(r"^## ([0-9]\S*)", changelog, re.MULTILINE)
    if not waiting:
        if known[:1] != [version]:
            raise NotReady(
                f"CHANGELOG.md says nothing of {version}: write what a user will notice under"
                " Unreleased"
            )
        return changelog
    if version in known:
        raise NotReady(
            f"{version} is in CHANGELOG.md already, and more is under Unreleased: name the next"
            " version in pyproject.toml"
        )
    return changelog.replace(UNRELEASED, heading, 1)


def cited(citation: str, version: str, day: str) -> str:
    """A CITATION.cff that names a version and its day."""
    named = re.sub(r"^version: .*", f"version: {version}", citation, flags=re.MULTILINE)
    return re.sub(r"^date-released: .*", f'date-released: "{day}"', named, flags=re.MULTILINE)


def checked_wheel(names: list[str], version: str) -> None:
    """See that a wheel holds our packages and nothing else.

    Args:
        names: Of the files in it.
        version: The one to release.

    Raises:
        NotReady: It holds more, or less.
    """
    found = {name.partition("/")[0] for name in names}
    expected = PACKAGES | {f"chakra_connectors-{version}.dist-info"}
    if found != expected:
        raise NotReady(f"The wheel holds {sorted(found)} in place of {sorted(expected)}")


def sign_off() -> None:
    """Sign the changelog off, or see that it is.

    Raises:
        NotReady: The tree is not what would be released.
    """
    version = version_of((ROOT / "pyproject.toml").read_text())
    before = CHANGELOG.read_text()
    day = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    after = signed_off(before, version, day)
    if after != before:
        CHANGELOG.write_text(after)
        CITATION.write_text(cited(CITATION.read_text(), version, day))
        raise NotReady(
            f"CHANGELOG.md and CITATION.cff are signed off for {version}: read them, commit them,"
            " and say make release again"
        )
    changed = subprocess.run(
        ["git", "status", "--porcelain"],  # noqa: S607 - whichever git is there
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if changed:
        raise NotReady(f"The tree has changes that no commit holds:\n{changed}Commit them first")


def upload() -> None:
    """Say what to upload.

    Raises:
        NotReady: A file is missing, or holds what it should not.
    """
    version = version_of((ROOT / "pyproject.toml").read_text())
    stem = f"chakra_connectors-{version}"
    names = (f"{stem}-py3-none-any.whl", f"{stem}.tar.gz", "chakra-connectors.cdx.json")
    files = [ROOT / "dist" / name for name in names]
    if missing := [path.name for path in files if not path.exists()]:
        raise NotReady(f"dist/ lacks {', '.join(missing)}: make release-files")
    with ZipFile(files[0]) as wheel:
        checked_wheel(wheel.namelist(), version)
    print(f"{version} is ready. Nothing is uploaded yet:")
    for path in files:
        print(f"  {sha256(path.read_bytes()).hexdigest()}  dist/{path.name}")
    print(f"1. git tag -s v{version} -m {version} && git push origin v{version}")
    print(f"2. uv publish dist/{stem}*")
    print(
        f"3. A release of v{version} on the project's page: its part of CHANGELOG.md, these files"
    )


def main(command: str) -> int:
    """Carry out a command; the exit code."""
    try:
        {"sign-off": sign_off, "upload": upload}[command]()
    except NotReady as why:
        print(why, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
